"""Published systems side by side: parameters, arithmetic, memory and time of a step.

Parts, each of which runs alone (``--parts counts,times``) and none of which needs a data set:

- ``counts``, at the published sizes, with tensors that have shapes but no numbers: parameters,
  multiply-accumulates (GMACs) of one colorization and of the forward pass of one training step,
  and MB (10^6 bytes) per image. *Held* is what is alive between forward and backward, *peak* the
  most that is alive at once. Both are slopes, the difference of two batch sizes divided by that
  of the images, so that weights and their gradients, which do not grow with a batch, drop out.
- ``times``, at the sizes that learn on a CPU: seconds of forward and backward.

A step is forward and backward of what the system is trained by: a colorization and its distance
to the photograph (thesis, ArtFlow, iUNet); the bits of a photograph and, where the model knows
drawings too, of its drawing (Glow, Full-Glow, cINN); six passes and two critics (RevGAN). The other
two rows of RevGAN are one pass, and its reversible core alone. What a perceptual loss adds is not
counted.

The last two columns are what the public code holds: plainly, and with its own checkpoints or
reversible engine. iUNet's has only the latter.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from benchmarks import report
from benchmarks.live_bytes import Mark, fake, measure, settle
from benchmarks.speed import interleave, show
from benchmarks.system_list import SYSTEMS, System, colorize
from flowcolor.evaluation.operations import count_operations as count
from flowcolor.models import FullGlow

MB = 1e6
Row = dict[str, Any]


def main() -> None:
    options = report.parser(__doc__, "systems")
    names = [system.name for system in SYSTEMS]
    options.add_argument("--parts", type=report.words, default=["counts", "times"])
    options.add_argument("--names", type=lambda text: text.split(";"), default=names)
    options.add_argument("--modes", type=report.words, default=list(report.MODES))
    options.add_argument("--small", action="store_true", help="count the small sizes, too")
    options.add_argument("--size", type=int, default=256, help="side of images that are counted")
    options.add_argument("--batches", type=report.numbers, default=[8, 16], help="two")
    options.add_argument("--timed-size", type=int, default=64, help="side of those that are timed")
    options.add_argument("--timed-batch", type=int, default=8)
    options.add_argument("--repeats", type=int, default=7)
    chosen = options.parse_args()
    chosen.systems = [system for system in SYSTEMS if system.name in chosen.names]
    for part in chosen.parts:
        result = {"counts": counts, "times": times}[part](chosen)
        report.write(chosen.out, part, result, report.environment(chosen.device))


def counts(chosen: argparse.Namespace) -> Row:
    rows: list[Row] = []
    for system in chosen.systems:
        sizes = system.small if chosen.small else system.published
        # Which reads numbers, and there are none.
        with fake(), patch("flowcolor.color.require_colors"):
            rows.append(count_system(system, sizes, chosen))
    shared = ["parameters M", "GMACs of a colorization", "GMACs of a step"]
    for kind in ("held", "peak"):
        keys = ["system", *shared, *[f"{kind}, {mode}" for mode in chosen.modes]]
        keys += ["public code", "public code, frugal"] if kind == "held" else []
        head = [f"MB per image: {kind}", *keys[1:]]
        print(report.table(head, [[row.get(key) for key in keys] for row in rows]), "\n")
        shared = []
    return {"rows": rows, "size": chosen.size, "batches": chosen.batches, "small": chosen.small}


def count_system(system: System, sizes: Any, chosen: argparse.Namespace) -> Row:
    row: Row = {"system": system.name}
    for mode in chosen.modes:
        model = system.build(**sizes, memory=mode)
        settle_all(model)
        loss = system.step(model)
        if mode == chosen.modes[0]:
            row["parameters M"] = sum(p.numel() for p in model.parameters()) / 1e6
            images = torch.rand(3, 1, 3, chosen.size, chosen.size).unbind()
            row["GMACs of a colorization"] = count(partial(colorize, model, images))["all"]
            row["GMACs of a step"] = count(partial(loss, images))["all"]
        found = []
        for number in chosen.batches:
            photos = torch.rand(3, number, 3, chosen.size, chosen.size).unbind()
            found.append(live(model, partial(loss, photos)))
        images_more = chosen.batches[1] - chosen.batches[0]
        for kind in ("held", "peak"):
            slope = (found[1][kind] - found[0][kind]) / images_more / MB
            row[f"{kind}, {mode}"] = slope
    return {**row, "public code": system.held, "public code, frugal": system.held_frugal}


def live(model: nn.Module, loss: Callable[[], Tensor]) -> dict[str, int]:
    """Return the bytes that a step holds, and the most that are alive."""

    def run(mark: Mark) -> None:
        value = loss()
        mark()
        value.backward()

    model.zero_grad()
    found = measure(run, method="fake")
    model.zero_grad()
    return {"held": found.marked, "peak": found.peak}


def settle_all(model: nn.Module) -> None:
    """Tell a model without numbers that it has seen data."""
    settle(model)
    if isinstance(model, FullGlow):
        # A new tensor, of which torch knows the value; of one that is written to, it would not.
        model.started = torch.tensor(data=True)


def times(chosen: argparse.Namespace) -> Row:
    rows: list[Row] = []
    for system in chosen.systems:
        runs = dict(_timed(system, chosen))
        shown = show(f"{system.name}: s per step", interleave(runs, chosen.repeats, chosen.device))
        rows += [{"system": system.name, **row} for row in shown]
    return {"rows": rows, "size": chosen.timed_size, "batch": chosen.timed_batch}


def _timed(system: System, chosen: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    side = chosen.timed_size
    images = torch.rand(3, chosen.timed_batch, 3, side, side, device=chosen.device).unbind()
    for mode in chosen.modes:
        torch.manual_seed(0)
        with torch.device(chosen.device):
            model = system.build(**system.small, memory=mode)
        loss = system.step(model)

        def step(model: nn.Module = model, loss: Any = loss) -> None:
            model.zero_grad()
            loss(images).backward()

        yield mode, step


if __name__ == "__main__":
    main()
