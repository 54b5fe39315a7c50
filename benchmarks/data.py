"""Does the data path keep up with the model?

Images per second of every stage, in one process each:

- decoding a JPEG, which is the floor of anything that reads photographs,
- a folder of photographs as a loader process reads it, drawing lines on the way,
- ``flowcolor prepare``, per core,
- a folder that ``flowcolor prepare`` made,
- the memory cache, which serves every epoch but the first,
- the augmentation, in batches on the device of the model,
- training steps of the thesis's model without VGG16, which is all that has to be fed.

The photographs are the two embedded portraits, scaled to ``--photo`` pixels, unless ``--photos``
names a folder. *Appetite* is the last row; the table says how many times each stage satisfies it.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.data import default_collate

from benchmarks import report
from benchmarks.live_bytes import flow_step
from benchmarks.speed import wait
from flowcolor.data import (
    Portraits,
    SelfAugmentedReference,
    open_portraits,
)
from flowcolor.data.prepare.run import prepare
from flowcolor.io.images import read_image, write_image
from flowcolor.io.listing import list_images
from flowcolor.models import SketchColorFlow

MODEL = "training step, reversible"


def main() -> None:
    options = report.parser(__doc__, "data")
    options.add_argument("--size", type=int, default=256, help="of the training images")
    options.add_argument("--photo", type=int, default=1024, help="side of the photographs made")
    options.add_argument("--photos", type=Path, help="folder of photographs to use instead")
    options.add_argument("--count", type=int, default=16, help="photographs")
    options.add_argument("--batch", type=int, default=4)
    options.add_argument("--ccbs", type=int, default=8)
    options.add_argument("--repeats", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rates = measure(chosen, Path(folder))
    appetite = rates[MODEL]
    rows = [(name, rate, rate / appetite) for name, rate in rates.items()]
    print(report.table(["images per second", "rate", "times the appetite"], rows))
    found = {"rates": rates, "size": chosen.size, "photo": chosen.photo, "batch": chosen.batch}
    report.write(chosen.out, "data", found, report.environment(chosen.device))


def measure(chosen: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Return images per second by stage."""
    photos, ready = folder / "photos", folder / "ready"
    files = make_photographs(chosen, photos)
    plain = open_portraits(photos, chosen.size, cache=False)
    done = prepare([photos], ready, chosen.size, workers=1)
    prepared = open_portraits(ready, chosen.size, cache=False)
    cached = open_portraits(ready, chosen.size)
    cached.fill(range(len(cached)))
    batch = _batch(cached, chosen)
    augment = SelfAugmentedReference()
    model = SketchColorFlow(ccbs=chosen.ccbs, memory="reversible").to(chosen.device)
    step = flow_step(model, chosen.batch, chosen.size, chosen.device)

    def every(read: Callable[[Any], Any], items: Any) -> float:
        return _rate(lambda: [read(item) for item in items], len(items), chosen)

    return {
        f"JPEG of {chosen.photo} decoded": every(read_image, files),
        "photograph read and drawn": every(plain.__getitem__, range(len(plain))),
        "flowcolor prepare, one core": done.new / done.seconds,
        "prepared photograph read": every(prepared.__getitem__, range(len(prepared))),
        "from memory": every(cached.__getitem__, range(len(cached))),
        "augmented": _rate(lambda: augment(batch, 0, 0), chosen.batch, chosen),
        MODEL: _rate(lambda: step(lambda: None), chosen.batch, chosen),
    }


def make_photographs(chosen: argparse.Namespace, folder: Path) -> list[Path]:
    """Write or copy the photographs that the options describe, as 0.jpg, 1.jpg, ..."""
    folder.mkdir()
    if chosen.photos is not None:
        found = list_images(chosen.photos)
        for number in range(chosen.count):
            file = found[number % len(found)]
            shutil.copy(file, folder / f"{number}{file.suffix}")
    else:
        portraits = open_portraits("embedded", chosen.photo)
        for number in range(chosen.count):
            photo: Tensor = portraits[number % len(portraits)]["photo"]
            write_image(photo, folder / f"{number}.jpg")
    return list_images(folder)


def _batch(data: Portraits, chosen: argparse.Namespace) -> dict[str, Any]:
    items = [data[number % len(data)] for number in range(chosen.batch)]
    batch: dict[str, Any] = default_collate(items)
    return {k: v.to(chosen.device) if isinstance(v, Tensor) else v for k, v in batch.items()}


def _rate(run: Callable[[], Any], images: int, chosen: argparse.Namespace) -> float:
    seconds = []
    for _ in range(chosen.repeats + 1):  # The first one warms up.
        wait(chosen.device)
        start = time.perf_counter()
        run()
        wait(chosen.device)
        seconds.append(time.perf_counter() - start)
    return images / statistics.median(seconds[1:])


if __name__ == "__main__":
    main()
