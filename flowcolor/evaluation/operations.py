"""How many multiply-accumulates does something take?"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.arguments import check_callable
from flowcolor.layers.reversible.torch_private import slogdet_operator


def count_operations(run: Callable[[], Any]) -> dict[str, float]:
    """Return the multiply-accumulates of ``run()`` in billions, by kind of operator and of all.

    Counted by torch's own ``FlopCounterMode``, two operations to a multiply-accumulate. It sees
    convolutions, matrix products and fused attention, forward and backward. It does not see linear
    algebra, so closed forms are added, for matrices of side n: inverse n^3, LU (``slogdet``)
    n^3 / 3, triangular solve n^3 / 2, exponential 6 n^3. Elementwise work is not counted, as
    everywhere, and nothing that is computed outside of torch.

    Args:
        run: Is called once.

    Raises:
        ValueError: It cannot be called.

    Example:
        >>> a = torch.rand(100, 100)
        >>> count_operations(lambda: a @ a)["matrix products"]
        0.001
    """
    check_callable(count_operations, run=run)
    counter = FlopCounterMode(display=False, custom_mapping=_closed_forms())
    counter.mod_tracker = _NoModules()  # type: ignore[assignment]
    with counter:
        run()
    kinds = dict.fromkeys(("convolutions", "attention", "matrix products", "linear algebra"), 0.0)
    for operator, flops in counter.get_flop_counts().get("Global", {}).items():
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
        slogdet_operator: cubic(1 / 3),
        aten.linalg_lu_solve: cubic(1),
        aten.linalg_solve_triangular: cubic(1 / 2),
        aten.linalg_matrix_exp: cubic(6),
    }
