"""A result that is kept until what it was computed from changes."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor

from flowcolor.layers.reversible.torch_private import has_numbers, in_transform

T = TypeVar("T")


def may_keep(x: Tensor | None = None) -> bool:
    """Tell whether results may be kept: they carry no gradients, and weights can be compared.

    Not those for a batch ``x`` that has shapes and no numbers.
    """
    if torch.is_grad_enabled() or torch.compiler.is_compiling() or in_transform():
        return False
    return x is None or has_numbers(x)


class Kept(Generic[T]):
    """Compute a result once for the same weights.

    Changes are noticed by value: neither addresses nor version counters notice every one of them,
    ``weight.data.copy_`` for one. A copy of a layer starts with nothing.
    """

    def __init__(self) -> None:
        self._known: tuple[list[Tensor], torch.dtype, T] | None = None

    def get(self, weights: Sequence[Tensor], dtype: torch.dtype, compute: Callable[[], T]) -> T:
        """Return what ``compute`` returned for these weights and this precision of the result."""
        known = self._known  # Which another thread may exchange at any moment.
        if known is None or known[1] != dtype or not all(map(_same, weights, known[0])):
            known = [weight.clone() for weight in weights], dtype, compute()
            self._known = known
        return known[2]

    def __getstate__(self) -> dict[str, None]:
        return {"_known": None}


def _same(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and a.device == b.device and torch.equal(a, b)
