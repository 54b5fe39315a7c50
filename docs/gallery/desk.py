"""Files for the commands that the gallery runs: portraits, and a folder of six people."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from torch import Tensor

from docs.gallery.people import FACES, collins, hopper, invented
from flowcolor.cli.main import main as flowcolor_command
from flowcolor.color import to_gray
from flowcolor.io.images import write_image
from flowcolor.io.resizing import resize


@contextmanager
def desk(side: int = 256) -> Iterator[Path]:
    """Give a folder with ``gray.png``, ``photo.png``, and ``people/``, which is removed again.

    Args:
        side: Of the pictures of people, in pixels.
    """
    with TemporaryDirectory() as place:
        folder = Path(place)
        write_image(gray(), folder / "gray.png")
        write_image(hopper()["photo"], folder / "photo.png")
        for name, photo in people(side).items():
            write_image(photo, folder / "people" / f"{name}.png")
        yield folder


def gray() -> Tensor:
    """Return the grey photograph of Eileen Collins."""
    return to_gray(collins()["photo"]).expand(3, -1, -1)


def people(side: int = 256) -> dict[str, Tensor]:
    """Return Grace Hopper and the invented people, by name."""
    photos = {"hopper": hopper()["photo"]} | {name: invented(name) for name in FACES}
    return {name: resize(photo, (side, side)).clamp(0, 1) for name, photo in photos.items()}


def run(*words: object) -> None:
    """Run a command of flowcolor; the gallery ends where it does not succeed."""
    if status := flowcolor_command([str(word) for word in words]):
        raise SystemExit(status)
