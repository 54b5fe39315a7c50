"""Photographs, line drawings and self-augmented references.

``SketchColorData`` imports Lightning and is therefore loaded on first use; all else is light.
"""

from typing import TYPE_CHECKING, Any

from flowcolor.data.augment import SelfAugmentedReference
from flowcolor.data.celeba import CelebAMaskHQ
from flowcolor.data.cross import CrossReference
from flowcolor.data.embedded import EmbeddedPortraits
from flowcolor.data.folder import PhotoFolder
from flowcolor.data.labels import merge_parts
from flowcolor.data.open import open_portraits
from flowcolor.data.pairs import SketchReferencePairs
from flowcolor.data.prepared import PreparedFolder
from flowcolor.data.sketches import (
    ColorDodge,
    GradientLines,
    MixedFilter,
    SketchFilter,
    SobelLines,
    XDoG,
)
from flowcolor.data.strokes import StrokeAugmentation
from flowcolor.io.images import read_image, read_mask, read_sketch, write_image

if TYPE_CHECKING:
    from flowcolor.data.module import SketchColorData

__all__ = [
    "CelebAMaskHQ",
    "ColorDodge",
    "CrossReference",
    "EmbeddedPortraits",
    "GradientLines",
    "MixedFilter",
    "PhotoFolder",
    "PreparedFolder",
    "SelfAugmentedReference",
    "SketchColorData",
    "SketchFilter",
    "SketchReferencePairs",
    "SobelLines",
    "StrokeAugmentation",
    "XDoG",
    "merge_parts",
    "open_portraits",
    "read_image",
    "read_mask",
    "read_sketch",
    "write_image",
]


def __getattr__(name: str) -> Any:
    if name == "SketchColorData":
        from flowcolor.data.module import SketchColorData

        return SketchColorData
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
