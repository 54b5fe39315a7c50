"""Small studies: every picture is one flat colour, by which its maker is known."""

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.io.images import write_image

SIZE = 16
# Levels of red; green holds the number of the drawing.
LEVELS = {
    "truth": 250,
    "sketches": 240,
    "references": 230,
    "OursNet": 40,
    "Rival": 80,
    "Third": 120,
}
METHODS = ("OursNet", "Rival", "Third")


def flat(kind, index):
    color = torch.tensor([LEVELS[kind], 10 * index, 7]) / 255
    if kind == "sketches":  # Drawings are read as grey.
        color = torch.full((3,), 10 * index / 255)
    return color[:, None, None].expand(3, SIZE, SIZE)


@pytest.fixture
def folders(tmp_path):
    for kind in LEVELS:
        for index in range(8):
            write_image(flat(kind, index), tmp_path / kind / f"face{index}.png")
    return tmp_path


@pytest.fixture
def make(folders):
    """Run `flowcolor study make` on these folders and return the exit status and the place."""

    def run(*words, output="study", methods=METHODS, truth=True):
        named = [f"{name}={folders / name}" for name in methods]
        given = ["--sketches", folders / "sketches", "--references", folders / "references"]
        given = [] if "fool" in words else given
        given += ["--truth", folders / "truth"] if truth else []
        place = folders / output
        named = ["--methods", *named] if named else []
        words = [*named, *given, "--output", place, "--size", SIZE, *words]
        return main(["study", "make", *map(str, words)]), place

    return run
