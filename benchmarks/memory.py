"""How much memory does one training step need?

Parts, each of which runs alone (``--parts batch,depth``) and none of which needs a data set:

- ``batch``: the flow alone (forward, L1, backward) against batch size, and its slope per image.
- ``depth``: the same against the number of conditional coupling blocks, and the slope per block.
- ``size``: the same against the image size, and the whole step.
- ``step``: the whole step with perceptual loss (random VGG16) and Adam, against batch size.
- ``variants``: the models of the thesis's table 4.5, slope per image, beside its GB.

*Peak* and *held* (alive between forward and backward) count from the start of the step, so what
lives longer (weights, optimizer state, images, VGG16) is not in them; *everything* adds it.
A figure that is estimated to exceed ``--limit`` is left out and said to be. See
:mod:`benchmarks.live_bytes` for how bytes are counted.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch._subclasses.fake_tensor import unset_fake_temporarily

from benchmarks import report
from benchmarks.live_bytes import (
    METHODS,
    MIB,
    Bytes,
    Mark,
    fake,
    flow_step,
    measure,
    resident,
    settle,
)
from flowcolor.losses import ColorizationLoss
from flowcolor.models import SketchColorFlow

Row = dict[str, Any]

# The thesis's table 4.5: downsamplings, blocks after each, GB at batch 16.
VARIANTS = {(3, 1): 12, (2, 1): 46, (4, 1): 13, (2, 8): 57, (3, 8): 21, (4, 8): 23}


def main() -> None:
    options = report.parser(__doc__, "memory")
    parts = ("batch", "depth", "size", "step", "variants")
    options.add_argument("--parts", type=report.words, default=list(parts))
    options.add_argument("--modes", type=report.words, default=list(report.MODES))
    options.add_argument("--batches", type=report.numbers, default=[1, 2, 4])
    options.add_argument("--step-batches", type=report.numbers, default=[1, 2, 16])
    options.add_argument("--depths", type=report.numbers, default=[8, 16, 32, 64])
    options.add_argument("--sizes", type=report.numbers, default=[256, 512, 1024])
    options.add_argument("--size", type=int, default=256, help="side of the images elsewhere")
    options.add_argument("--ccbs", type=int, default=8, help="blocks of the model elsewhere")
    options.add_argument("--nets", type=report.words, default=None, help='"3.1,4.8" of table 4.5')
    options.add_argument("--limit", type=float, default=8.0, help="GiB a step may take")
    options.add_argument("--count", default="allocator", choices=METHODS, help="on a CPU")
    options.add_argument("--plot", action="store_true", help="draw the pictures of docs/memory.md")
    chosen = options.parse_args()
    measured = {"batch": batch, "depth": depth, "size": sizes, "step": step, "variants": variants}
    for part in chosen.parts:
        with fake() if chosen.count == "fake" else nullcontext():
            result = {"count": chosen.count, "limit_gib": chosen.limit, **measured[part](chosen)}
        name = f"{part}, fake" if chosen.count == "fake" else part
        report.write(chosen.out, name, result, report.environment(chosen.device))
    if chosen.plot:
        plot(chosen)


def batch(chosen: argparse.Namespace) -> Row:
    rows: list[Row] = []
    slopes = {}
    for mode in chosen.modes:
        model = build(chosen, mode)
        run = partial(flow, model, chosen=chosen)
        these = list(_series(chosen, "batch", chosen.batches, run))
        rows += [{"mode": mode, **row} for row in these]
        slopes[mode] = _slope(these, "batch")
    _show(rows, "batch")
    head = ["flow alone, MiB per image", "peak", "held"]
    print(report.table(head, [(m, s.get("peak"), s.get("held")) for m, s in slopes.items()]))
    return {"rows": rows, "slopes_mib_per_image": slopes}


def depth(chosen: argparse.Namespace) -> Row:
    """Measure at two batch sizes, because the weights of a block count once, its features twice."""
    rows: list[Row] = []
    slopes: dict[str, dict[str, float]] = {}
    for mode in chosen.modes:

        def one(ccbs: int, images: int, mode: str = mode) -> Bytes:
            return flow(build(chosen, mode, ccbs=ccbs), images, chosen)

        # The slope needs two depths of the second batch size, the picture none.
        for images, depths in zip(chosen.batches, (chosen.depths, chosen.depths[:2]), strict=False):
            these = _series(chosen, "ccbs", depths, lambda n, i=images: one(n, i))
            rows += [{"mode": mode, "batch": images, **row} for row in these]
        mine = [row for row in rows if row["mode"] == mode and "peak" in row]
        slopes[mode] = _slope_per_block(mine)
    _show(rows, "batch", "ccbs")
    head = ["flow alone, MiB per image and block", "peak"]
    print(report.table(head, [(mode, slope.get("peak")) for mode, slope in slopes.items()]))
    return {"rows": rows, "slopes_mib_per_image_and_block": slopes, "size": chosen.size}


def sizes(chosen: argparse.Namespace) -> Row:
    rows: list[Row] = []
    for what, run in {"flow": flow, "whole step": whole}.items():
        for mode in chosen.modes:
            model = build(chosen, mode)
            these = _series(
                chosen, "size", chosen.sizes, lambda n, r=run, m=model: r(m, 1, chosen, n), power=2
            )
            rows += [{"what": what, "mode": mode, **row} for row in these]
    _show(rows, "what", "size")
    return {"rows": rows, "batch": 1}


def step(chosen: argparse.Namespace) -> Row:
    rows: list[Row] = []
    for mode in chosen.modes:
        model = build(chosen, mode)
        these = _series(
            chosen, "batch", chosen.step_batches, lambda n, m=model: whole(m, n, chosen)
        )
        rows += [{"mode": mode, **row} for row in these]
    _show(rows, "batch")
    return {"rows": rows, "size": chosen.size}


def variants(chosen: argparse.Namespace) -> Row:
    rows: list[Row] = []
    nets = [tuple(map(int, net.split("."))) for net in chosen.nets] if chosen.nets else VARIANTS
    for (downsamplings, nccbs), mode in ((net, mode) for net in nets for mode in chosen.modes):
        sizes = {"downsamplings": downsamplings, "nccbs": nccbs}
        model = build(chosen, mode, **sizes)
        weights = resident(model)
        these = list(_series(chosen, "batch", [1, 2, 16], lambda n, m=model: flow(m, n, chosen)))
        row = {"net": f"NCCB({downsamplings},{nccbs})", "mode": mode, "weights": weights / MIB}
        slope = _slope(these, "batch")
        if "peak" in these[-1]:
            row["batch_16"] = (weights / MIB + these[-1]["peak"]) / 1024
        row["thesis_gb"] = VARIANTS[downsamplings, nccbs]
        rows.append({**row, "peak": slope.get("peak"), "held": slope.get("held")})
        head = ("net", "mode", "peak", "held", "batch_16", "thesis_gb")
        print(report.table(head, [[rows[-1].get(key) for key in head]]), flush=True)
    return {"rows": rows, "size": chosen.size}


def build(chosen: argparse.Namespace, mode: Any, **changes: int) -> SketchColorFlow:
    sizes = {"downsamplings": 3, "nccbs": 1, "ccbs": chosen.ccbs} | changes
    with torch.device(chosen.device):  # Not `.to`, which fake parameters do not survive.
        model = SketchColorFlow(**sizes, memory=mode)
    settle(model)
    return model


def flow(model: SketchColorFlow, images: int, chosen: argparse.Namespace, size: int = 0) -> Bytes:
    """Forward, mean absolute difference, backward."""
    model.zero_grad()
    run = flow_step(model, images, size or chosen.size, chosen.device)
    result = measure(run, chosen.device, chosen.count)
    model.zero_grad()
    return result


def whole(model: SketchColorFlow, images: int, chosen: argparse.Namespace, size: int = 0) -> Row:
    """Forward, the loss with VGG16, backward, Adam; weights and states exist before.

    Adam's own step needs the numbers. With fake tensors its two states are counted and it is left
    out: on a CPU its working memory is one parameter's.
    """
    size = size or chosen.size
    real = chosen.count != "fake"
    loss = ColorizationLoss(random_weights=True)
    with unset_fake_temporarily():  # Which it would not survive.
        loss.prepare()
    adam = torch.optim.Adam(model.parameters(), lr=1e-4)
    drawing, reference, truth = torch.rand(3, images, 3, size, size, device=chosen.device)
    small = [x[:1, :, :64, :64] for x in (drawing, reference, truth)]

    def run(mark: Mark, drawing: Any, reference: Any, truth: Any) -> None:
        adam.zero_grad()
        value = loss(model(drawing, reference), truth)["loss"]
        mark()
        value.backward()
        if real:
            adam.step()

    run(lambda: None, *small)  # Makes Adam's state and the weights of VGG16.
    adam.zero_grad()
    vgg = loss.perceptual.activations.prepare()
    before = resident(model, adam, vgg, drawing, reference, truth)
    before += 0 if real else 2 * resident(*model.parameters())
    found = measure(lambda mark: run(mark, drawing, reference, truth), chosen.device, chosen.count)
    adam.zero_grad()
    return {**_row(found), "everything": (before + found.peak) / MIB}


def _series(
    chosen: argparse.Namespace,
    name: str,
    values: list[int],
    run: Callable[[int], Bytes | Row],
    power: int = 1,
) -> Iterator[Row]:
    """Measure for growing values until the next is estimated to be too large."""
    last: Row | None = None
    for value in sorted(values):
        if last is not None:
            estimate = last["peak"] / 1024 * (value / last[name]) ** power
            if estimate > chosen.limit:
                yield {name: value, "skipped": f"about {estimate:.1f} GiB"}
                continue
        found = run(value)
        last = {name: value, **(found if isinstance(found, dict) else _row(found))}
        yield last


def _row(found: Bytes) -> Row:
    return {"peak": found.peak / MIB, "held": found.marked / MIB, "method": found.method}


def _slope(rows: list[Row], name: str) -> dict[str, float]:
    """Difference of the first two rows per unit of ``name``."""
    known = [row for row in rows if "peak" in row][:2]
    if len(known) < 2:
        return {}
    one, two = known
    return {key: (two[key] - one[key]) / (two[name] - one[name]) for key in ("peak", "held")}


def _slope_per_block(rows: list[Row]) -> dict[str, float]:
    """Growth from the first to the last depth of what one more image costs."""
    batches = sorted({row["batch"] for row in rows})
    if len(batches) < 2:
        return {}
    peaks = {(row["batch"], row["ccbs"]): row["peak"] for row in rows}
    depths = sorted(n for b, n in peaks if b == batches[1] and (batches[0], n) in peaks)
    if len(depths) < 2:
        return {}
    images = batches[1] - batches[0]
    least, most = (
        (peaks[batches[1], n] - peaks[batches[0], n]) / images for n in (depths[0], depths[-1])
    )
    return {"peak": (most - least) / (depths[-1] - depths[0])}


def _show(rows: list[Row], *names: str) -> None:
    head = ["memory", *names, "peak MiB", "held MiB", "everything MiB", "note"]
    keys = ["mode", *names, "peak", "held", "everything", "skipped"]
    print(report.table(head, [[row.get(key) for key in keys] for row in rows]), flush=True)


def plot(chosen: argparse.Namespace) -> None:
    """Draw the parts ``depth`` and ``size`` as far as they were measured."""
    for part, name, label in (
        ("depth", "ccbs", "conditional coupling blocks"),
        ("size", "size", "side of the image"),
    ):
        found = report.read(chosen.out, f"{part}, fake") or report.read(chosen.out, part)
        if found:
            rows = [row for row in found["rows"] if "peak" in row]
            rows = [
                row
                for row in rows
                if row.get("batch", 1) == 1 and row.get("what", "flow") == "flow"
            ]
            series = {
                mode: [(row[name], row["peak"]) for row in rows if row["mode"] == mode]
                for mode in report.MODES
            }
            report.plot(series, label, "MiB at the peak of one step", f"memory_{part}")


if __name__ == "__main__":
    main()
