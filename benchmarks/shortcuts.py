"""What does each shortcut of the layers pay?

Layers hold more than a formula where that is faster or smaller: a derivative that evaluates
networks once, matrices that are kept, layouts that convolutions like. Here each is taken out alone,
and what is left is timed beside the whole, in turns within one run. A ratio of 1.10 says that
without this shortcut it takes a tenth longer; what pays less than 5 percent, and saves no memory,
should go.

A step is forward, L1 and backward with ``memory="reversible"``.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from benchmarks import report
from benchmarks.live_bytes import flow_step
from benchmarks.speed import interleave, show
from flowcolor.layers import AffineCoupling, ConditionalAffineCoupling, InvertibleConv1x1
from flowcolor.layers.base import InvertibleLayer
from flowcolor.layers.functional import affine, affine_vjp
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep
from flowcolor.models import SketchColorFlow


def plain_vjp(layer: InvertibleLayer, step: ReverseStep) -> Rebuilt:
    return InvertibleLayer.vjp(layer, step)


def same_layout(x: Tensor, *networks: Any) -> Tensor:
    return x


def never(x: Tensor | None = None) -> bool:
    return False


def one_by_one(layer: InvertibleLayer, before: InvertibleLayer) -> None:
    return None


STEP: dict[str, list[Any]] = {
    "derivative of couplings": [
        (AffineCoupling, "vjp", plain_vjp),
        (ConditionalAffineCoupling, "vjp", plain_vjp),
    ],
    "layout for networks": [
        (affine, "for_networks", same_layout),
        (affine_vjp, "for_networks", same_layout),
    ],
}
IMAGE: dict[str, list[Any]] = {
    "layout for networks": STEP["layout for networks"],
    "ActNorm and 1x1 convolution in one": [(InvertibleConv1x1, "fold_inverse", one_by_one)],
    "inverse matrices kept": [("flowcolor.layers.conv1x1", "may_keep", never)],
}


def main() -> None:
    options = report.parser(__doc__, "shortcuts")
    options.add_argument("--size", type=int, default=128)
    options.add_argument("--batch", type=int, default=1)
    options.add_argument("--ccbs", type=int, default=8)
    options.add_argument("--repeats", type=int, default=9)
    chosen = options.parse_args()
    model = SketchColorFlow(ccbs=chosen.ccbs, memory="reversible")
    model(*torch.rand(2, 1, 3, 64, 64))  # ActNorm takes its statistics.
    step = flow_step(model, chosen.batch, chosen.size, "cpu")
    painter = SketchColorFlow(ccbs=chosen.ccbs).eval()
    images = torch.rand(2, chosen.batch, 3, chosen.size, chosen.size)
    result = {
        "steps": compare("s per step, without", lambda: step(lambda: None), STEP, chosen.repeats),
        "images": compare(
            "s per colorized batch, without",
            torch.no_grad()(lambda: painter(*images)),
            IMAGE,
            chosen.repeats,
        ),
    }
    result |= {"size": chosen.size, "batch": chosen.batch, "ccbs": chosen.ccbs}
    report.write(chosen.out, "shortcuts", result, report.environment("cpu"))


def compare(
    title: str, run: Callable[[], Any], shortcuts: dict[str, list[Any]], repeats: int
) -> list[dict[str, Any]]:
    runs = {"nothing": run}
    runs |= {name: without(changes)(run) for name, changes in shortcuts.items()}
    return show(title, interleave(runs, repeats))


@contextmanager
def without(changes: list[Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for place, name, plain in changes:
            known = patch(f"{place}.{name}", plain) if isinstance(place, str) else None
            stack.enter_context(known or patch.object(place, name, plain))
        yield


if __name__ == "__main__":
    main()
