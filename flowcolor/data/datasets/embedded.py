"""Two portraits that every installation already has, for the first run and for documentation."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import check_flag
from flowcolor.data.datasets.finder import Finder, Opened
from flowcolor.data.positions import position
from flowcolor.io.images import read_image


@dataclass(frozen=True)
class _Portrait:
    """A head-and-shoulders square of a photo, and the person's outline, in the photo's pixels."""

    name: str
    left: int
    top: int
    side: int
    outline: tuple[tuple[int, int], ...]


_PORTRAITS = (
    _Portrait(
        "astronaut",
        left=86,
        top=4,
        side=280,
        outline=(
            *((80, 290), (80, 232), (98, 216), (116, 205), (114, 190), (124, 168), (142, 155)),
            *((168, 149), (184, 150), (181, 130), (170, 122), (158, 104), (153, 80), (158, 55)),
            *((174, 36), (198, 20), (225, 14), (255, 18), (280, 30), (295, 50), (301, 78)),
            *((299, 100), (288, 120), (276, 128), (268, 146), (258, 166), (256, 178), (278, 188)),
            *((296, 206), (305, 232), (322, 241), (342, 258), (356, 290)),
        ),
    ),
    _Portrait(
        "grace_hopper",
        left=52,
        top=10,
        side=420,
        outline=(
            *((44, 440), (44, 384), (100, 365), (150, 351), (198, 316), (204, 306), (196, 296)),
            *((178, 281), (164, 255), (155, 215), (153, 196), (157, 184), (147, 178), (146, 120)),
            *((154, 95), (171, 84), (178, 60), (204, 42), (235, 27), (262, 22), (295, 27)),
            *((322, 44), (344, 67), (352, 88), (366, 96), (370, 120), (369, 180), (375, 196)),
            *((373, 226), (361, 264), (354, 298), (338, 308), (330, 318), (345, 328), (380, 350)),
            *((430, 372), (480, 390), (480, 440)),
        ),
    ),
)

_MARGIN = 3  # Pixels around the person that are drawn, so that strokes on the outline stay whole.


class EmbeddedPhotograph(NamedTuple):
    """One of the two, by its name."""

    name: str
    masked: bool

    def open(self) -> Opened:
        """Read the photograph and draw its mask."""
        photo, mask = load_portrait(self.name)
        drawn = functional.max_pool2d(mask[None].float(), 2 * _MARGIN + 1, 1, _MARGIN)[0] > 0
        return Opened(photo, drawn=drawn if self.masked else None, mask=mask.to(photo.dtype))

    def sources(self) -> dict[str, Path]:
        """Return no file: they belong to other packages."""
        return {}


class EmbeddedPortraits(Finder):
    """The two portraits that scikit-image and matplotlib carry, both in the public domain.

    Eileen Collins (NASA, ``skimage.data.astronaut``) and Grace Hopper (US Navy, matplotlib's
    ``grace_hopper.jpg``). Nothing is downloaded.

    Args:
        masked: Keep the background of the drawings white.
    """

    def __init__(self, masked: bool = True) -> None:
        super().__init__([portrait.name for portrait in _PORTRAITS])
        check_flag(self, masked=masked)
        self.masked = masked

    def __getitem__(self, index: int) -> EmbeddedPhotograph:
        return EmbeddedPhotograph(self.names[position(self, index)], self.masked)


def load_portrait(name: str) -> tuple[Float[Tensor, "3 side side"], Bool[Tensor, "side side"]]:
    """Return the square cut of a portrait and the mask of the person, at full resolution."""
    portrait = next(portrait for portrait in _PORTRAITS if portrait.name == name)
    photo = _read_photo(name)
    shape = Image.new("1", (photo.shape[2], photo.shape[1]))
    ImageDraw.Draw(shape).polygon(portrait.outline, fill=1)
    mask = torch.from_numpy(np.array(shape))
    rows = slice(portrait.top, portrait.top + portrait.side)
    columns = slice(portrait.left, portrait.left + portrait.side)
    return photo[:, rows, columns], mask[rows, columns]


def _read_photo(name: str) -> Tensor:
    if name == "astronaut":
        from skimage.data import astronaut

        return torch.from_numpy(astronaut()).permute(2, 0, 1).float() / 255
    import matplotlib as mpl

    return read_image(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg")
