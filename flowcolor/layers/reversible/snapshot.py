"""A layer together with the parameters it had when it was called."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import is_
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from flowcolor.layers.base import InvertibleLayer
from flowcolor.layers.reversible.torch_private import contents, own_tensors, parts_of, version
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep

T = TypeVar("T")


class Snapshot:
    """Hold a layer and, by reference, the parameters and buffers it has at this moment.

    A backward pass needs the very tensors of the forward pass. The layer may have others by then:
    ``torch.func.functional_call`` has put back the layer's own. And autograd may hand out others
    for those it saved: checkpointing and offloading pack them. It may also be in eval mode or
    frozen by then, which would give another network, or none with gradients.

    Args:
        layer: The layer, about to be called.

    Attributes:
        parts: The modules inside, the layer itself included.
        params: The parameters whose gradients are wanted.
    """

    def __init__(self, layer: InvertibleLayer) -> None:
        self.parts, params, buffers = contents(layer)
        self._layer = layer
        self._tensors = params | buffers
        self._places = own_tensors(self.parts)
        self._modes = [(part, part.training) for part in self.parts]
        self._learns = [(tensor, tensor.requires_grad) for tensor in self._tensors.values()]
        self._versions: list[tuple[Tensor, int]] = []
        self.params = [p for p in params.values() if p.requires_grad]

    def close(self, *inputs: Tensor | None) -> None:
        """Remember, after the call, that these and the layer's numbers are not to be written to.

        Flags are: :class:`~flowcolor.layers.ActNorm`'s is set by another call.
        """
        own = [tensor for tensor in self._tensors.values() if tensor.dtype != torch.bool]
        given = [x for x in inputs if x is not None] + own
        self._versions = [(x, version(x)) for x in given]

    def vjp(self, step: ReverseStep) -> Rebuilt:
        """Do :meth:`~flowcolor.layers.InvertibleLayer.vjp` with the tensors of then."""
        return self.run(self._layer.differentiate, step)

    def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call what evaluates the layer, with the tensors of then.

        Raises:
            RuntimeError: If one of them, or an input, was written to since :meth:`close`, or the
                layer has other ones by now.
        """
        for tensor, before in self._versions:
            if version(tensor) != before:
                raise RuntimeError(_written(self._layer, tensor))
        parts = parts_of(self._layer)
        if _same(parts, self.parts) and _same(own_tensors(parts), self._places):
            with self._as_then():
                return function(*arguments)
        _, params, buffers = contents(self._layer)  # By name, which takes longer.
        now = params | buffers
        if missing := self._tensors.keys() - now.keys():
            raise RuntimeError(
                f"{type(self._layer).__name__} is evaluated again in the backward pass and expects "
                f"to have the same parameters, got none named {min(missing)}: parametrize and "
                "prune sooner."
            )
        # Made by a first call, or tied to another one then: it would get no gradient.
        if made := {name for name, p in params.items() if p.requires_grad} - self._tensors.keys():
            raise RuntimeError(
                f"{type(self._layer).__name__} is evaluated again in the backward pass and expects "
                f"to have the same parameters, got a further one named {min(made)}: if a first "
                "call makes it, call once under torch.no_grad() before."
            )
        with self._as_then():
            if all(now[name] is tensor for name, tensor in self._tensors.items()):
                return function(*arguments)
            then = {f"layer.{name}": tensor for name, tensor in self._tensors.items()}
            result: T = functional_call(_Evaluation(self._layer), then, (function, *arguments))
            return result

    @contextmanager
    def _as_then(self) -> Iterator[None]:
        """Run the body in the modes of then, and with the parameters frozen that were so then."""
        switched = [(part, part.training) for part, then in self._modes if part.training != then]
        changed = [(x, then) for x, then in self._learns if x.requires_grad != then and x.is_leaf]
        for part, now in switched:
            part.training = not now
        for tensor, then in changed:
            tensor.requires_grad_(then)
        try:
            yield
        finally:
            for part, now in switched:
                part.training = now
            for tensor, then in changed:
                tensor.requires_grad_(not then)


def _same(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))


class _Evaluation(nn.Module):
    """An evaluation as a module, because that is what tensors can be substituted in."""

    def __init__(self, layer: InvertibleLayer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, function: Callable[..., T], *arguments: Any) -> T:
        return function(*arguments)


def _written(layer: nn.Module, tensor: Tensor) -> str:
    return (
        f"{type(layer).__name__} is evaluated again in the backward pass and expects its input, "
        "condition and weights to be what they were, got a tensor of shape "
        f"{tuple(tensor.shape)} that has been modified by an inplace operation since."
    )
