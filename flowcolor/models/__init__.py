"""Models made of layers, and the builders of their named sizes."""

from flowcolor.models.blocks import conditional_coupling_block, coupling_block
from flowcolor.models.residual_net import ResidualNet
from flowcolor.models.sizes import flowcolor_base, flowcolor_small, flowcolor_tiny
from flowcolor.models.sketch_color import SketchColorFlow

__all__ = [
    "ResidualNet",
    "SketchColorFlow",
    "conditional_coupling_block",
    "coupling_block",
    "flowcolor_base",
    "flowcolor_small",
    "flowcolor_tiny",
]
