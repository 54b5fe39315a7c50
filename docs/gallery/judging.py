"""What ``flowcolor score`` and ``flowcolor study`` show of painted drawings."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from docs.gallery.painting import painter
from docs.gallery.people import FACES, drawn, invented
from flowcolor.cli.main import main as flowcolor_command
from flowcolor.io.images import read_image, resize, write_image

Picture = tuple[str, Tensor]
SIDE = 128
METHODS = ("faces", "tint")


def quickstart() -> Iterator[Picture]:
    """The picture that ``flowcolor quickstart`` names, half as large."""
    with tempfile.TemporaryDirectory() as place:
        run("quickstart", "--output", place)
        picture = read_image(Path(place) / "quickstart.png")
    yield (
        "quickstart",
        resize(picture, (picture.shape[-2] // 2, picture.shape[-1] // 2)).clamp(0, 1),
    )


def scored() -> Iterator[Picture]:
    """The picture of a score: best, median and worst results."""
    with tempfile.TemporaryDirectory() as place:
        folders = write_results(Path(place))
        words = ["--results", folders["faces"], "--truth", folders["photos"]]
        words += ["--references", folders["references"], "--sketches", folders["drawings"]]
        run("score", *words, "--output", Path(place) / "score")
        picture = read_image(Path(place) / "score" / "extremes-cross.png")
    yield "score-extremes", picture


def write_results(place: Path) -> dict[str, Path]:
    """Paint every invented person with the next one's colours, and write it all for a command."""
    kinds = ("photos", "drawings", "references", *METHODS)
    folders = {kind: place / kind for kind in kinds}
    names = list(FACES)
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        photo, reference = (resize(invented(n), (SIDE, SIDE)).clamp(0, 1) for n in (name, other))
        images = {"photos": photo, "drawings": drawn(photo), "references": reference}
        for method in METHODS:
            images[method] = painter(method)(images["drawings"], reference).image
        for kind, image in images.items():
            write_image(image, folders[kind] / f"{name}.png")
    return folders


def run(*words: object) -> None:
    """Run a command of flowcolor; the gallery ends where it does not succeed."""
    if status := flowcolor_command([str(word) for word in words]):
        raise SystemExit(status)
