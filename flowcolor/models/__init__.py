"""Models made of layers, and the builders of their named sizes."""

from flowcolor.models.base import Colorizer, InvertibleColorizer
from flowcolor.models.blocks import conditional_coupling_block, coupling_block
from flowcolor.models.cinn import CINN
from flowcolor.models.cinn_flow import ConditionNet, cinn_flow
from flowcolor.models.cinn_large import large_cinn_flow
from flowcolor.models.cinn_large_condition import LargeConditionNet
from flowcolor.models.density import ConditionalDensity, Density
from flowcolor.models.glow import Glow
from flowcolor.models.glow_flow import glow_flow
from flowcolor.models.glow_net import GlowNet
from flowcolor.models.hints import Hints
from flowcolor.models.likelihood import bits_per_dim, dequantize, log_normal
from flowcolor.models.patch_critic import PatchCritic
from flowcolor.models.residual_net import ResidualNet
from flowcolor.models.revgan import RevGAN
from flowcolor.models.sizes import flowcolor_base, flowcolor_small, flowcolor_tiny
from flowcolor.models.sketch_color import SketchColorFlow
from flowcolor.models.tint import Tint
from flowcolor.models.unchanged import Unchanged

__all__ = [
    "CINN",
    "Colorizer",
    "ConditionNet",
    "ConditionalDensity",
    "Density",
    "Glow",
    "GlowNet",
    "Hints",
    "InvertibleColorizer",
    "LargeConditionNet",
    "PatchCritic",
    "ResidualNet",
    "RevGAN",
    "SketchColorFlow",
    "Tint",
    "Unchanged",
    "bits_per_dim",
    "cinn_flow",
    "conditional_coupling_block",
    "coupling_block",
    "dequantize",
    "flowcolor_base",
    "flowcolor_small",
    "flowcolor_tiny",
    "glow_flow",
    "large_cinn_flow",
    "log_normal",
]
