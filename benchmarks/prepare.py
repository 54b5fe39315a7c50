"""What does ``flowcolor prepare`` spend its time on?

CPU milliseconds of every stage for one photograph, in one worker on one core:

- decode: Pillow decodes the JPEG and the PNG of its mask,
- to bytes: what was decoded becomes an array,
- mask: it gets the photograph's size, and how much it covers of each pixel is counted,
- shrink: the photograph gets its final size,
- draw: the lines are found and drawn,
- encode: photograph, drawing and mask become PNG files in memory,
- write: these are hashed, written and moved to their place,
- rest: everything else.

No run is faster than decoding alone, which is the last row. The photographs are the two embedded
portraits, scaled to ``--photo`` pixels, with oval masks of half that size, as CelebAMask-HQ has
them, unless ``--photos`` and ``--masks`` name folders.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from flowcolor.data.prepare import work
from PIL import Image, ImageDraw, ImageFile

from benchmarks import report
from benchmarks.data import make_photographs
from flowcolor.data import PhotoFolder, SketchFilter, folder, portraits

STAGES = {
    "decode": [(ImageFile.ImageFile, "load")],
    "to bytes": [(portraits, "read_bytes"), (folder, "read_mask")],
    "mask": [(portraits, "_to_frame"), (portraits, "_coverage")],
    "shrink": [(portraits, "resize")],
    "draw": [(SketchFilter, "__call__")],
    "encode": [(work, "encode")],
    "write": [(work, "write_whole")],
    "rest": [(work.Worker, "__call__")],
}


def main() -> None:
    options = report.parser(__doc__, "prepare")
    options.add_argument("--size", type=int, default=256, help="of the prepared images")
    options.add_argument("--photo", type=int, default=1024, help="side of the photographs made")
    options.add_argument("--photos", type=Path, help="folder of photographs to use instead")
    options.add_argument("--masks", type=Path, help="folder of their masks")
    options.add_argument("--count", type=int, default=16, help="photographs")
    options.add_argument("--repeats", type=int, default=9)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    work.keep_memory()
    with tempfile.TemporaryDirectory() as scratch:
        stages = measure(chosen, Path(scratch))
    whole = sum(stages.values())
    rows: list[tuple[str, float, float]] = [(k, ms, 100 * ms / whole) for k, ms in stages.items()]
    rows += [("together", whole, 100.0)]
    print(report.table(["stage", "CPU ms", "percent"], rows))
    rates = {"prepared": 1000 / whole, "decoded only": 1000 / stages["decode"]}
    print(report.table(["photographs", "a second and core"], list(rates.items())))
    found = {"stages": stages, "rates": rates, "size": chosen.size, "photo": chosen.photo}
    report.write(chosen.out, "prepare", found, report.environment(chosen.device))


def measure(chosen: argparse.Namespace, scratch: Path) -> dict[str, float]:
    """Return CPU milliseconds for one photograph by stage, the median of the repeats."""
    photos = chosen.photos or scratch / "photos"
    masks = chosen.masks
    if chosen.photos is None:
        make_photographs(chosen, photos)
        masks = _ovals(chosen, scratch / "masks")
    data = PhotoFolder(photos, chosen.size, masks=masks, cache=False)
    count = min(chosen.count, len(data))
    runs = []
    for number in range(chosen.repeats + 1):  # The first one warms up.
        worker = work.Worker(data, scratch / f"ready{number}")
        with watched() as seconds:
            for index in range(count):
                worker(index)
        runs.append(seconds)
    return {
        stage: 1000 * statistics.median(run[stage] for run in runs[1:]) / count for stage in STAGES
    }


@contextmanager
def watched() -> Iterator[Counter[str]]:
    """Add up the CPU seconds of each stage, without those of the stages that it calls."""
    seconds: Counter[str] = Counter()
    entered: list[str] = []
    since = 0.0

    def switch() -> None:
        nonlocal since
        now = time.process_time()
        if entered:
            seconds[entered[-1]] += now - since
        since = now

    def watch(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            switch()
            entered.append(stage)
            try:
                return function(*arguments, **options)
            finally:
                switch()
                entered.pop()

        return run

    with ExitStack() as patches:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                run = watch(stage, getattr(owner, name))
                patches.enter_context(mock.patch.object(owner, name, run))
        yield seconds


def _ovals(chosen: argparse.Namespace, folder: Path) -> Path:
    folder.mkdir()
    side = chosen.photo // 2
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse((side // 5, side // 12, side * 4 // 5, side - 1), fill=255)
    for number in range(chosen.count):
        mask.save(folder / f"{number}.png")
    return folder


if __name__ == "__main__":
    main()
