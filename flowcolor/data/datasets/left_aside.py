"""What lies around photographs and is not used for them."""

from collections.abc import Iterator
from pathlib import Path

from flowcolor.console import shown
from flowcolor.data.datasets.celeba import PHOTOS
from flowcolor.data.datasets.folder import Roots, as_list
from flowcolor.data.datasets.prepared import is_prepared


def left_aside(photos: Roots) -> Iterator[str]:
    """Yield a sentence for each folder in a data set, whose drawings and masks are not used for it.

    Args:
        photos: Folders of photographs, without drawings and masks of their own.
    """
    for root in map(Path, as_list(photos)):
        around = root.absolute().parent
        # Beside the photographs of CelebAMask-HQ those of other data sets may lie.
        if is_prepared(around) or root.absolute() == around / PHOTOS:
            brought = "drawings and masks" if is_prepared(around) else "masks"
            yield (
                f"{shown(root)} is a part of {shown(around)}, whose {brought} are not used for it: "
                f"give {shown(around)} itself to use them"
            )
