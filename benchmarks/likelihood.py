"""The same Glow in flowcolor, normflows and FrEIA: bits per dimension after equal steps, and time.

Levels of squeeze and K steps of ActNorm, 1x1 convolution (LU) and affine coupling, half of the
channels leaving after each level but the last; all latents are standard normal. flowcolor and
normflows start from the same numbers: weights of sub-networks and matrices are copied, and the
couplings are those of normflows (the first half steers, the scale is a sigmoid). What remains
different is rounding, and how a deviation is estimated when ActNorm starts. The row "bounded" is
flowcolor with its own scale, the one that keeps its inverse in float32. FrEIA offers no such Glow;
its ``AllInOneBlock`` is the nearest, with fixed rotations and without a start from data.

All candidates see the same batches with the same noise. They train side by side: each step is
timed, one candidate after the other in random turns, so that whatever else the machine does hits
them alike; the first fifth of the steps is left out. Bits are those of pictures that nobody trained
on, the same crops with the same noise for all. Then the bytes of one step are counted, at
``--memory-size``, since at the size of the training everything is small.

``--data FOLDER`` takes photographs. Without it the two embedded portraits are used, to train on and
to measure. ``pip install flowcolor[bench]`` brings the other two libraries; a missing one is left
out.
"""

import argparse
import importlib.util
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from benchmarks import report
from benchmarks.glow_twins import freia, log_prob, match, normflows, twin
from benchmarks.live_bytes import MIB, Mark, measure
from benchmarks.other_libraries import Glow
from benchmarks.speed import show, wait
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.io.formats import is_image
from flowcolor.io.images import read_image
from flowcolor.models import bits_per_dim, dequantize

Row = dict[str, Any]
Builders = dict[str, Callable[[argparse.Namespace], Glow]]


def main() -> None:
    options = report.parser(__doc__, "likelihood")
    options.add_argument("--data", type=Path, help="folder of photographs")
    options.add_argument(
        "--names", type=lambda text: text.split(";"), default=list(builders()), help="to train"
    )
    options.add_argument("--levels", type=int, default=2)
    options.add_argument("--steps", type=int, default=4, help="K, per level")
    options.add_argument("--hidden", type=int, default=32)
    options.add_argument("--size", type=int, default=32, help="side of the crops")
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--train", type=int, default=500, help="training steps")
    options.add_argument("--rate", type=float, default=1e-3, help="learning rate of Adam")
    options.add_argument("--seeds", type=report.numbers, default=[0, 1, 2])
    options.add_argument("--held-out", type=int, default=24, help="photographs not trained on")
    options.add_argument("--memory-size", type=int, default=128)
    options.add_argument("--memory-steps", type=int, default=16)
    options.add_argument("--memory-hidden", type=int, default=128)
    chosen = options.parse_args()
    train, test = photographs(chosen)
    candidates = {name: build for name, build in builders().items() if name in chosen.names}
    bits: dict[str, list[float]] = {name: [] for name in candidates}
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for seed in chosen.seeds:
        found = run(candidates, train, test, seed, chosen)
        for name, (value, seconds) in found.items():
            bits[name].append(value)
            times[name] += seconds[chosen.train // 5 :]
    rows = compare(bits)
    result = {
        "bits": rows,
        "steps": show("s per training step", times),
        "memory": memory(builders(), chosen),
        "photographs": [len(train), len(test)],
        "settings": {name: value for name, value in vars(chosen).items() if name not in _PATHS},
    }
    where = report.environment(chosen.device, *[n for n in ("FrEIA", "normflows") if _has(n)])
    report.write(chosen.out, f"{chosen.size}x{chosen.size}", result, where)


_PATHS = ("data", "out")


def builders() -> Builders:
    """Return what is compared, by name; normflows first, whose time is the unit."""
    result: Builders = {"normflows": normflows} if _has("normflows") else {}
    result |= {
        "flowcolor": twin,
        "flowcolor, reversible": lambda chosen: twin(chosen, memory="reversible"),
        "flowcolor, bounded": lambda chosen: twin(chosen, scale="bounded"),
    }
    return result | ({"FrEIA": freia} if _has("FrEIA") else {})


def photographs(chosen: argparse.Namespace) -> tuple[Tensor, Tensor]:
    """Return squares of twice the size of a crop, to train on and to measure."""
    if chosen.data is None:
        both = torch.stack([_square(load_portrait(n)[0], chosen) for n in _EMBEDDED])
        return both, both
    paths = sorted(path for path in chosen.data.iterdir() if is_image(path.name))
    if len(paths) <= chosen.held_out:
        raise SystemExit(f"{chosen.data} expects more than {chosen.held_out} images.")
    images = torch.stack([_square(read_image(path), chosen) for path in paths])
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    return images[order[chosen.held_out :]], images[order[: chosen.held_out]]


_EMBEDDED = ("astronaut", "grace_hopper")


def _square(photo: Tensor, chosen: argparse.Namespace) -> Tensor:
    side = min(photo.shape[1:])
    top, left = ((length - side) // 2 for length in photo.shape[1:])
    cut = photo[None, :, top : top + side, left : left + side]
    return interpolate(cut, size=2 * chosen.size, mode="area")[0]


def crops(images: Tensor, count: int, size: int, generator: torch.Generator) -> Tensor:
    """Return random crops of random images as values that a density takes, around zero."""

    def draw(most: int) -> list[int]:
        return torch.randint(most, (count,), generator=generator).tolist()

    room = images.shape[-1] - size + 1
    places = zip(draw(len(images)), draw(room), draw(room), strict=True)
    cut = [images[n, :, top : top + size, left : left + size] for n, top, left in places]
    return dequantize(torch.stack(cut), generator=generator) - 0.5


def run(
    candidates: Builders, train: Tensor, test: Tensor, seed: int, chosen: argparse.Namespace
) -> dict[str, tuple[float, list[float]]]:
    """Train all candidates side by side; return their bits at the end, and the time of steps."""
    glows = {}
    for name, build in candidates.items():
        torch.manual_seed(seed)
        glows[name] = build(chosen)
        if name.startswith("flowcolor") and "normflows" in glows:
            match(glows[name], glows["normflows"])
        glows[name].to(chosen.device)
    optimizers = {n: torch.optim.Adam(glow.parameters(), chosen.rate) for n, glow in glows.items()}
    generator, turns = torch.Generator().manual_seed(seed), random.Random(seed)  # noqa: S311
    times: dict[str, list[float]] = {name: [] for name in glows}
    names = list(glows)
    for _ in range(chosen.train):
        batch = crops(train, chosen.batch, chosen.size, generator).to(chosen.device)
        for name in turns.sample(names, len(names)):
            wait(chosen.device)
            start = time.perf_counter()
            optimizers[name].zero_grad()
            bits(glows[name], batch).backward()
            optimizers[name].step()
            wait(chosen.device)
            times[name].append(time.perf_counter() - start)
    last = crops(test, 32 * len(test), chosen.size, torch.Generator().manual_seed(0))
    with torch.no_grad():
        measured = {
            name: [float(bits(glow.eval(), x.to(chosen.device))) for x in last.split(32)]
            for name, glow in glows.items()
        }
    return {name: (statistics.fmean(measured[name]), times[name]) for name in names}


def bits(glow: Glow, values: Tensor) -> Tensor:
    """Return the mean of the bits per dimension."""
    return bits_per_dim(log_prob(glow, values), values[0].numel()).mean()


def compare(found: dict[str, list[float]]) -> list[Row]:
    """Print and return means over seeds, and distances to the first candidate."""
    first = next(iter(found.values()))
    rows = []
    for name, values in found.items():
        away = [abs(value - other) for value, other in zip(values, first, strict=True)]
        row: Row = {"name": name, "bits": statistics.fmean(values), "each": values}
        row |= {"difference": row["bits"] - statistics.fmean(first), "furthest": max(away)}
        rows.append(row)
    head = ["bits per dimension", "mean", "difference of means", "furthest seed"]
    cells = [
        [row["name"], *[f"{row[key]:.4f}" for key in ("bits", "difference", "furthest")]]
        for row in rows
    ]
    print(report.table(head, cells))
    return rows


def memory(candidates: Builders, chosen: argparse.Namespace) -> Row:
    """Count the bytes of one step of a larger Glow, of three levels and two images."""
    sizes = {"levels": 3, "steps": chosen.memory_steps, "hidden": chosen.memory_hidden}
    larger = argparse.Namespace(**{**vars(chosen), **sizes, "size": chosen.memory_size})
    values = torch.rand(2, 3, larger.size, larger.size, device=chosen.device) - 0.5
    rows = []
    for name, build in candidates.items():
        glow = build(larger).to(chosen.device)
        bits(glow, values).backward()  # ActNorm takes its statistics.
        glow.zero_grad()

        def step(mark: Mark, glow: Glow = glow) -> None:
            value = bits(glow, values)
            mark()
            value.backward()

        found = measure(step, chosen.device)
        rows.append({"name": name, "peak": found.peak / MIB, "held": found.marked / MIB})
    print(report.table(["MiB", "peak", "held"], [list(row.values()) for row in rows]))
    return {"rows": rows, "images": 2, **sizes, "size": larger.size}


def _has(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


if __name__ == "__main__":
    main()
