"""Photographs, line drawings and self-augmented references.

``ColorizationDataModule`` imports Lightning and is therefore loaded on first use; all else is
light.
"""

from typing import TYPE_CHECKING, Any

from flowcolor.data.augmentation.hint_points import HintPoints
from flowcolor.data.augmentation.self_reference import SelfAugmentedReference
from flowcolor.data.augmentation.strokes import StrokeAugmentation
from flowcolor.data.cross_reference import CrossReference
from flowcolor.data.datasets.celeba import CelebAMaskHQ
from flowcolor.data.datasets.celeba_labels import merge_parts
from flowcolor.data.datasets.embedded import EmbeddedPortraits
from flowcolor.data.datasets.folder import PhotoFolder
from flowcolor.data.datasets.open_portraits import find_portraits, open_portraits
from flowcolor.data.datasets.portraits import Portraits
from flowcolor.data.datasets.prepared import PreparedFolder
from flowcolor.data.folders import Folders, PairFolders
from flowcolor.data.label_boxes import boxes_of_labels
from flowcolor.data.pairs import SketchReferencePairs
from flowcolor.data.sketches import (
    ColorDodge,
    GradientLines,
    Hed,
    MixedFilter,
    SketchFilter,
    SobelLines,
    XDoG,
)
from flowcolor.io.images import read_image, read_mask, read_sketch, write_image

if TYPE_CHECKING:
    from flowcolor.data.module import ColorizationDataModule

__all__ = [
    "CelebAMaskHQ",
    "ColorDodge",
    "ColorizationDataModule",
    "CrossReference",
    "EmbeddedPortraits",
    "Folders",
    "GradientLines",
    "Hed",
    "HintPoints",
    "MixedFilter",
    "PairFolders",
    "PhotoFolder",
    "Portraits",
    "PreparedFolder",
    "SelfAugmentedReference",
    "SketchFilter",
    "SketchReferencePairs",
    "SobelLines",
    "StrokeAugmentation",
    "XDoG",
    "boxes_of_labels",
    "find_portraits",
    "merge_parts",
    "open_portraits",
    "read_image",
    "read_mask",
    "read_sketch",
    "write_image",
]


def __getattr__(name: str) -> Any:
    if name == "ColorizationDataModule":
        from flowcolor.data.module import ColorizationDataModule

        return ColorizationDataModule
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
