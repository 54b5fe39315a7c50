"""Several pictures in one: ``flowcolor styles`` with its options, and the sheets of comparisons."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from docs.gallery.desk import desk, run
from docs.gallery.painting import painter
from docs.gallery.people import collins, hopper
from flowcolor.data import ColorizationDataModule
from flowcolor.evaluation.captions import labelled
from flowcolor.experiments.comparison.blocks import Block
from flowcolor.experiments.comparison.painting import Painter
from flowcolor.experiments.comparison.pairs import Pairs
from flowcolor.io.images import read_image, write_image

Picture = tuple[str, Tensor]
SIDE = 96


def options_of_styles() -> Iterator[Picture]:
    """``flowcolor styles`` of photographs: coloured by their luma, and by their lines."""
    grays = ["--gray", "--method", "lut", "--set", "space=rgb_then_yuv"]
    ways = {"gray": [*grays, "--size", SIDE], "draw": ["--draw", "--most", 2, "--size", SIDE]}
    with desk() as folder:
        for name, person in (("a", collins()), ("b", hopper())):
            write_image(person["photo"], folder / "contents" / f"{name}.png")
        shown = ["--contents", folder / "contents", "--references", folder / "people"]
        for name, words in ways.items():
            most = ["--most", 3] if name == "gray" else []
            run("styles", *words, *most, *shown, "--output", folder / "styles.png")
            yield f"styles-{name}", read_image(folder / "styles.png")


def sheets() -> Iterator[Picture]:
    """What ``flowcolor compare`` draws of its pairs, here with methods that need no training."""
    yield "compare-gray", sheet("gray", "exemplar", ("lut", "wavelet"))
    yield "compare-drawing", sheet("drawing", "exemplar", ("faces", "tint"))
    yield "compare-points", sheet("gray", "hints", ("levin", "poisson"), points=40)


def sheet(kind: str, block: Block, methods: Sequence[str], points: int = 10) -> Tensor:
    """Return the sheet of three pairs.

    Args:
        kind: What is coloured.
        block: What methods are told.
        methods: By name.
        points: How many colours of the truth are given.
    """
    with desk(SIDE) as folder:
        data = ColorizationDataModule(test=folder / "people", content=kind, size=SIDE)
        data.setup("test")
        pairs = Pairs(data, 3, points)
        (batch,) = pairs.batches("cross")
    columns = {"content": batch["content"]}
    if block == "hints":
        mask = batch["hint_mask"]
        columns = {"points": batch["content"] * (1 - mask) + batch["hint_colors"] * mask}
    else:
        columns["reference"] = batch["reference"]
    columns["truth"] = batch["truth"]
    for name in methods:
        colors = Painter(painter(name).colorizer, block)
        with torch.no_grad():
            columns[name] = colors(batch).clamp(0, 1)
    return labelled(columns)
