"""Sketch filters: photographs to line drawings."""

from flowcolor.data.sketches.base import SketchFilter
from flowcolor.data.sketches.color_dodge import ColorDodge
from flowcolor.data.sketches.gradient_lines import GradientLines
from flowcolor.data.sketches.hed import Hed
from flowcolor.data.sketches.mixed import MixedFilter
from flowcolor.data.sketches.sobel_lines import SobelLines
from flowcolor.data.sketches.xdog import XDoG

__all__ = [
    "ColorDodge",
    "GradientLines",
    "Hed",
    "MixedFilter",
    "SketchFilter",
    "SobelLines",
    "XDoG",
]
