"""How many multiply-accumulates does each part of the model need?

Counted by :func:`~flowcolor.evaluation.operations.count_operations`; of the backward pass of
attention, the recomputed scores too.

Nothing is computed: tensors are fake, so that any size takes seconds.
"""

import argparse
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks import report
from benchmarks.live_bytes import fake
from benchmarks.memory import VARIANTS, build
from flowcolor.evaluation.operations import count_operations as count
from flowcolor.models import SketchColorFlow

Row = dict[str, Any]
THESIS = {(3, 1): 17.5, (2, 1): 1.7, (4, 1): 37.6, (2, 8): 2.1, (3, 8): 19.4, (4, 8): 45.2}


def main() -> None:
    options = report.parser(__doc__, "gmacs")
    options.add_argument("--size", type=int, default=256)
    options.add_argument("--ccbs", type=int, default=8)
    options.add_argument("--batch", type=int, default=1)
    options.add_argument("--nets", type=report.words, default=None, help='"3.1,4.8" of table 4.5')
    chosen = options.parse_args()
    chosen.device = "cpu"  # The counts are those of the CPU's operators.
    with fake():
        result = {"parts": parts(chosen), "steps": steps(chosen), "variants": variants(chosen)}
    report.write(chosen.out, f"{chosen.size}x{chosen.size}", result, report.environment())


def parts(chosen: argparse.Namespace) -> list[Row]:
    model = build(chosen, "none").train()
    drawing, reference = torch.rand(2, 1, 3, chosen.size, chosen.size)
    with torch.no_grad():
        latent, conditions = model.encode_color(reference)
    runs: dict[str, Callable[[], Any]] = {
        "encode colour": lambda: model.encode_color(reference),
        "encode sketch": lambda: model.encode_sketch(drawing, conditions),
        "decode": lambda: model.decode(latent, conditions),
        "colorize": lambda: model.colorize(drawing, reference),
    }
    rows: list[Row] = [{"part": name, **count(run)} for name, run in runs.items()]
    keys = ["part", "all", "convolutions", "attention", "matrix products", "linear algebra"]
    head = ["GMACs of one image, forward", *keys[1:]]
    print(report.table(head, [[row[key] for key in keys] for row in rows]))
    return rows


def steps(chosen: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    for mode in report.MODES:
        model = build(chosen, mode)
        images = torch.rand(2, 1, 3, chosen.size, chosen.size)
        forward = count(lambda m=model, i=images: m(*i))["all"]
        both = count(lambda m=model, i=images: m(*i).abs().mean().backward())["all"]
        plain = rows[0]["forward and backward"] if rows else both
        row = {"memory": mode, "forward": forward, "forward and backward": both}
        rows.append({**row, "against plain": both / plain})
    head = list(rows[0])
    print(
        report.table(
            head,
            [[f"{row[key]:.4g}" if key != "memory" else row[key] for key in head] for row in rows],
        )
    )
    return rows


def variants(chosen: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    nets = [tuple(map(int, net.split("."))) for net in chosen.nets] if chosen.nets else VARIANTS
    for downsamplings, nccbs in nets:
        model = build(chosen, "none", downsamplings=downsamplings, nccbs=nccbs)
        images = torch.rand(2, 1, 3, chosen.size, chosen.size)
        found = count(lambda m=model, i=images: m(*i))
        encoders = count(lambda m=model, i=images: _encoders(m, *i))
        rows.append(
            {
                "net": f"NCCB({downsamplings},{nccbs})",
                "parameters M": sum(p.numel() for p in model.parameters()) / 1e6,
                "colorize": found["all"],
                "two encoders, no attention": encoders["convolutions"]
                + encoders["matrix products"],
                "thesis": THESIS[downsamplings, nccbs],
            }
        )
    print(report.table(list(rows[0]), [list(row.values()) for row in rows]))
    return rows


def _encoders(model: SketchColorFlow, drawing: Tensor, reference: Tensor) -> Tensor:
    return model.encode_sketch(drawing, model.encode_color(reference)[1])


if __name__ == "__main__":
    main()
