"""How many multiply-accumulates does each part of the model need?

Counted by torch's own ``FlopCounterMode``, two operations to a multiply-accumulate. It sees
convolutions, matrix products and fused attention, forward and backward (of the attention's
backward it counts the recomputed scores too). It does not see linear algebra, so closed forms are
added for the operators met here, for matrices of side n: inverse n^3, LU (``slogdet``) n^3 / 3,
triangular solve n^3 / 2, exponential 6 n^3. Elementwise work is not counted, as everywhere.

Nothing is computed: tensors are fake, so that any size takes seconds.
"""

import argparse
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import report
from benchmarks.live_bytes import fake
from benchmarks.memory import VARIANTS, build
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


def count(run: Callable[[], Any]) -> dict[str, float]:
    """Return the multiply-accumulates in billions, by kind of operator."""
    counter = FlopCounterMode(display=False, custom_mapping=_closed_forms())
    counter.mod_tracker = _NoModules()  # type: ignore[assignment]
    with counter:
        run()
    kinds = dict.fromkeys(("convolutions", "attention", "matrix products", "linear algebra"), 0.0)
    for operator, flops in counter.get_flop_counts()["Global"].items():
        kinds[_kind(str(operator))] += flops / 2e9
    return {"all": sum(kinds.values()), **kinds}


class _NoModules:
    """Stands in for the tracker of modules, which asks for gradients where there are none."""

    parents = frozenset({"Global"})

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _kind(operator: str) -> str:
    if "conv" in operator:
        return "convolutions"
    if "attention" in operator:
        return "attention"
    return "linear algebra" if "linalg" in operator else "matrix products"


def _closed_forms() -> dict[Any, Callable[..., int]]:
    aten = torch.ops.aten

    def cubic(factor: float) -> Callable[..., int]:
        def flops(shape: torch.Size, *_: Any, out_shape: Any = None, **__: Any) -> int:
            matrices = shape[:-2].numel() if len(shape) > 2 else 1
            return int(2 * factor * matrices * shape[-1] ** 3)

        return flops

    return {
        aten.linalg_inv_ex: cubic(1),
        aten._linalg_slogdet: cubic(1 / 3),
        aten.linalg_lu_solve: cubic(1),
        aten.linalg_solve_triangular: cubic(1 / 2),
        aten.linalg_matrix_exp: cubic(6),
    }


if __name__ == "__main__":
    main()
