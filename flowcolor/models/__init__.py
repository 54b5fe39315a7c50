"""Models made of layers, and the builders of their named sizes."""

from flowcolor.models.ada_attn import AdaAttN
from flowcolor.models.art_flow import ArtFlow
from flowcolor.models.base import Colorizer, InvertibleColorizer
from flowcolor.models.blocks import conditional_coupling_block, coupling_block
from flowcolor.models.chromagan import ChromaGAN
from flowcolor.models.cic import CIC
from flowcolor.models.cinn import CINN
from flowcolor.models.cinn_flow import ConditionNet, cinn_flow
from flowcolor.models.cinn_large import large_cinn_flow
from flowcolor.models.cinn_large_condition import LargeConditionNet
from flowcolor.models.coltran import ColTran
from flowcolor.models.deep_face_editing import DeepFaceEditing
from flowcolor.models.density import ConditionalDensity, Density
from flowcolor.models.full_glow import FullGlow
from flowcolor.models.full_glow_flow import conditional_glow_flow
from flowcolor.models.gatys import Gatys
from flowcolor.models.glow import Glow
from flowcolor.models.glow_flow import glow_flow
from flowcolor.models.glow_net import GlowNet
from flowcolor.models.guided import Guided
from flowcolor.models.hints import Hints
from flowcolor.models.instance import InstanceColorization
from flowcolor.models.iunet import IUNet
from flowcolor.models.iunet_flow import iunet_flow
from flowcolor.models.latent_transfer import transfer_covariance, transfer_mean_and_std
from flowcolor.models.levin import Levin
from flowcolor.models.likelihood import bits_per_dim, dequantize, log_normal
from flowcolor.models.lut import LUT
from flowcolor.models.palette import Palette
from flowcolor.models.patch_critic import PatchCritic
from flowcolor.models.pix2pix import Pix2Pix
from flowcolor.models.poisson import Poisson
from flowcolor.models.residual_net import ResidualNet
from flowcolor.models.revgan import RevGAN
from flowcolor.models.scft import SCFT
from flowcolor.models.self_supervised_s2i import SelfSupervisedS2I
from flowcolor.models.sizes import flowcolor_base, flowcolor_small, flowcolor_tiny
from flowcolor.models.sketch_color import SketchColorFlow
from flowcolor.models.spectral_critic import SpectralCritic
from flowcolor.models.tint import Tint
from flowcolor.models.unchanged import Unchanged
from flowcolor.models.unet_adain import UNetAdaIN
from flowcolor.models.wavelet import Wavelet

__all__ = [
    "CIC",
    "CINN",
    "LUT",
    "SCFT",
    "AdaAttN",
    "ArtFlow",
    "ChromaGAN",
    "ColTran",
    "Colorizer",
    "ConditionNet",
    "ConditionalDensity",
    "DeepFaceEditing",
    "Density",
    "FullGlow",
    "Gatys",
    "Glow",
    "GlowNet",
    "Guided",
    "Hints",
    "IUNet",
    "InstanceColorization",
    "InvertibleColorizer",
    "LargeConditionNet",
    "Levin",
    "Palette",
    "PatchCritic",
    "Pix2Pix",
    "Poisson",
    "ResidualNet",
    "RevGAN",
    "SelfSupervisedS2I",
    "SketchColorFlow",
    "SpectralCritic",
    "Tint",
    "UNetAdaIN",
    "Unchanged",
    "Wavelet",
    "bits_per_dim",
    "cinn_flow",
    "conditional_coupling_block",
    "conditional_glow_flow",
    "coupling_block",
    "dequantize",
    "flowcolor_base",
    "flowcolor_small",
    "flowcolor_tiny",
    "glow_flow",
    "iunet_flow",
    "large_cinn_flow",
    "log_normal",
    "transfer_covariance",
    "transfer_mean_and_std",
]
