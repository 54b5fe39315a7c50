"""Models made of layers, and the builders of their named sizes."""

from flowcolor.models.base import Colorizer, InvertibleColorizer
from flowcolor.models.blocks import conditional_coupling_block, coupling_block
from flowcolor.models.hints import Hints
from flowcolor.models.patch_critic import PatchCritic
from flowcolor.models.residual_net import ResidualNet
from flowcolor.models.sizes import flowcolor_base, flowcolor_small, flowcolor_tiny
from flowcolor.models.sketch_color import SketchColorFlow
from flowcolor.models.tint import Tint
from flowcolor.models.unchanged import Unchanged

__all__ = [
    "Colorizer",
    "Hints",
    "InvertibleColorizer",
    "PatchCritic",
    "ResidualNet",
    "SketchColorFlow",
    "Tint",
    "Unchanged",
    "conditional_coupling_block",
    "coupling_block",
    "flowcolor_base",
    "flowcolor_small",
    "flowcolor_tiny",
]
