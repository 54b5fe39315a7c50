"""How long does a training step take, and one colorized image, per memory mode?

All candidates take turns within one run, so that whatever else the machine does hits them alike;
ratios of medians are what to read, not seconds. A step is forward, L1, backward.

Compiled: the whole model where autograd keeps everything or checkpoints; in reversible mode each
sub-network on its own, since ``torch.compile`` does not trace the custom backward.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks import report
from benchmarks.live_bytes import flow_step
from flowcolor.layers import AffineCoupling, ConditionalAffineCoupling
from flowcolor.models import SketchColorFlow

Runs = dict[str, Callable[[], Any]]


def main() -> None:
    options = report.parser(__doc__, "speed")
    options.add_argument("--size", type=int, default=256)
    options.add_argument("--batch", type=int, default=1)
    options.add_argument("--ccbs", type=int, default=8)
    options.add_argument("--modes", type=report.words, default=list(report.MODES))
    options.add_argument("--repeats", type=int, default=7)
    options.add_argument("--compiled", action="store_true", help="also compiled (minutes more)")
    chosen = options.parse_args()
    result = {"steps": steps(chosen), "images": images(chosen)}
    result |= {"size": chosen.size, "batch": chosen.batch, "ccbs": chosen.ccbs}
    report.write(chosen.out, "speed", result, report.environment(chosen.device))


def steps(chosen: argparse.Namespace) -> list[dict[str, Any]]:
    runs: Runs = {}
    for how in ["eager", "compiled"][: 1 + chosen.compiled]:
        for mode in chosen.modes:
            model = _model(chosen, mode, compiled=how == "compiled")
            step = flow_step(model, chosen.batch, chosen.size, chosen.device)
            runs[f"{mode}, {how}"] = lambda step=step: step(lambda: None)
    return show("s per training step", interleave(runs, chosen.repeats, chosen.device))


def images(chosen: argparse.Namespace) -> list[dict[str, Any]]:
    drawing, reference = torch.rand(
        2, chosen.batch, 3, chosen.size, chosen.size, device=chosen.device
    )
    runs: Runs = {}
    for how in ["eager", "compiled"][: 1 + chosen.compiled]:
        model = _model(chosen, "none", compiled=how == "compiled").eval()
        runs[how] = torch.no_grad()(lambda model=model: model(drawing, reference))
    return show("s per colorized batch", interleave(runs, chosen.repeats, chosen.device))


def interleave(
    runs: Runs, repeats: int, device: str = "cpu", clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Time each of ``runs`` ``repeats`` times, taking turns, after a warm-up of each."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    names, turns = list(runs), random.Random(0)  # noqa: S311
    for number in range(repeats + 1):
        # Who follows whom changes: a run finds caches and heap as the one before left them.
        turns.shuffle(names)
        for name in names:
            wait(device)
            start = clock()
            runs[name]()
            wait(device)
            if number:
                times[name].append(clock() - start)
    return times


def show(title: str, times: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Print and return medians, and ratios to the first, turn by turn."""
    first = next(iter(times.values()))
    rows = []
    for name, seconds in times.items():
        # Neighbours in time share the load of the machine, so their ratio is steadier.
        ratios = [one / other for one, other in zip(seconds, first, strict=True)]
        row = {"name": name, "median_s": statistics.median(seconds), "fastest_s": min(seconds)}
        rows.append({**row, "ratio": statistics.median(ratios)})
    print(report.table([title, "median", "fastest", "ratio"], [list(r.values()) for r in rows]))
    return rows


def _model(chosen: argparse.Namespace, mode: Any, *, compiled: bool) -> SketchColorFlow:
    with torch.device(chosen.device):
        model = SketchColorFlow(ccbs=chosen.ccbs, memory=mode)
        model(*torch.rand(2, 1, 3, 64, 64))  # ActNorm takes its statistics.
    if compiled and mode == "reversible":
        for layer in model.modules():
            if isinstance(layer, AffineCoupling | ConditionalAffineCoupling):
                for part in layer.children():
                    part.compile()
    elif compiled:
        model.compile()
    return model


def wait(device: str) -> None:
    """Wait until the device has done what it was asked for."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
