r"""Composition and inversion of invertible layers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from flowcolor.layers.actnorm import ActNorm
from flowcolor.layers.base import Condition, Features, InvertibleLayer, LogDet, widen
from flowcolor.layers.conv1x1 import InvertibleConv1x1
from flowcolor.layers.fold import FoldedInverse
from flowcolor.layers.reversible import Result, Step, run_reversibly

Conditions = Condition | Sequence[Condition] | None
Memory = Literal["none", "checkpoint", "reversible"]


class Chain(InvertibleLayer):
    r"""Apply layers in the order given; undo them in the opposite order.

    .. math:: f = f_n \circ \dots \circ f_1, \qquad \log|\det J_f| = \sum_i \log|\det J_{f_i}|

    One condition goes to every layer. A list of conditions gives one to each conditional layer, in
    the order in which ``forward`` meets them; ``inverse`` takes the same list. Chains nest: one
    inside another consumes as many entries as it has conditional layers.

    Args:
        layers: The layers :math:`f_1, \dots, f_n`.
        memory: What training keeps. ``"none"`` saves nothing of memory: autograd stores every
            activation. ``"checkpoint"`` stores the input of each layer of this chain and evaluates
            the layer again. ``"reversible"`` stores the last output alone and rebuilds the rest by
            inversion; chains inside are flattened, so that hooks run on their layers but not on
            them. Results and gradients are the same. May be set on a built chain.
        anchor_every: Of ``"reversible"``: also keep the state after every so many layers, which
            bounds the drift of reconstruction in very deep chains.

    Raises:
        ValueError: If a list of conditions has not one entry for each conditional layer, or
            ``memory`` is unknown, or ``anchor_every`` is below 1.
        RuntimeError: If ``memory="reversible"`` meets dropout or batch normalisation in training.

    Example:
        >>> import torch
        >>> from flowcolor.layers import ActNorm
        >>> y, logdet = Chain([ActNorm(3), ActNorm(3)])(torch.randn(8, 3, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([8, 3, 4, 4]), torch.Size([8]))
    """

    def __init__(
        self,
        layers: Sequence[InvertibleLayer],
        memory: Memory = "none",
        anchor_every: int | None = None,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.num_conditions = sum(layer.num_conditions for layer in layers)
        self.memory = memory
        if anchor_every is not None and anchor_every < 1:
            raise ValueError(f"Chain expects anchor_every to be at least 1, got {anchor_every}.")
        self.anchor_every = anchor_every
        self._folded: dict[Any, FoldedInverse] = {}

    @property
    def memory(self) -> Memory:
        """What training keeps: ``"none"``, ``"checkpoint"`` or ``"reversible"``."""
        return self._memory

    @memory.setter
    def memory(self, memory: Memory) -> None:
        if memory not in get_args(Memory):
            raise ValueError(
                f"Chain expects memory to be one of {list(get_args(Memory))}, got {memory!r}."
            )
        self._memory: Memory = memory

    def forward(self, x: Features, condition: Conditions = None) -> tuple[Tensor, LogDet]:
        return self._run(x, condition, inverse=False)

    def inverse(self, y: Tensor, condition: Conditions = None) -> tuple[Features, LogDet]:
        return self._run(y, condition, inverse=True)

    def _run(self, x: Tensor, condition: Conditions, *, inverse: bool) -> tuple[Tensor, LogDet]:
        steps = self._steps(condition, inverse=inverse)
        if self.memory == "reversible" and torch.is_grad_enabled():
            # Nothing happens to tensors around this call, so that compilers break once.
            unfolded = list(leaves(steps))
            return run_reversibly(unfolded, x, self.anchor_every)
        x = widen(x)
        total = x.new_zeros(x.shape[0])
        if inverse and not (
            self.training or torch.is_grad_enabled() or torch.compiler.is_compiling()
        ):
            for run in self._folded_runs(steps):
                x, logdet = run(x)
                total = total + logdet
            return x, total
        for step in steps:
            # A chain inside with a mode of its own looks after itself.
            managed = isinstance(step.layer, Chain) and step.layer.memory != "none"
            if self.memory == "checkpoint" and torch.is_grad_enabled() and not managed:
                x, logdet = checkpoint(step.run, x, use_reentrant=False)
            else:
                x, logdet = step.run(x)
            total = total + logdet
        return x, total

    def _folded_runs(self, steps: Sequence[Step]) -> list[Callable[[Tensor], Result]]:
        """Join every convolution, on the way back, with the ActNorm that follows."""
        runs: list[Callable[[Tensor], Result]] = []
        known, self._folded = self._folded, {}  # Layers that were exchanged are forgotten.
        before: nn.Module | None = None
        for step in steps:
            if type(before) is InvertibleConv1x1 and type(step.layer) is ActNorm:
                pair = before, step.layer
                self._folded[pair] = known.get(pair) or FoldedInverse(step.layer, before)
                runs[-1] = self._folded[pair].inverse
            else:
                runs.append(step.run)
            before = step.layer
        return runs

    def _steps(self, condition: Conditions, *, inverse: bool) -> list[Step]:
        pairs = zip(self.layers, self._shares(condition), strict=True)
        steps = [Step(layer, share, inverse) for layer, share in pairs]  # type: ignore[arg-type]
        return steps[::-1] if inverse else steps

    def _shares(self, condition: Conditions) -> list[Conditions]:
        if condition is None or isinstance(condition, Tensor):
            return [condition] * len(self.layers)
        if len(condition) != self.num_conditions:
            raise ValueError(
                f"Chain expects {self.num_conditions} conditions, one for each conditional layer, "
                f"got {len(condition)}."
            )
        shares: list[Conditions] = []
        start = 0
        for layer in self.layers:
            count = int(layer.num_conditions)  # type: ignore[arg-type]
            share = condition[start : start + count]
            shares.append(share if count > 1 else share[0] if count else None)
            start += count
        return shares


class Inverted(InvertibleLayer):
    r"""Swap the directions of a layer.

    .. math:: y = f^{-1}(x; c), \qquad \log|\det J| = -\log|\det J_f(y)|

    Args:
        layer: The layer :math:`f`. Its ``inverse`` must keep the contract, as always; an
            :class:`ActNorm` inside still initialises only when its own ``forward`` is called.

    Example:
        >>> import torch
        >>> from flowcolor.layers import Squeeze
        >>> y, logdet = Inverted(Squeeze(2))(torch.randn(8, 12, 2, 2))
        >>> y.shape
        torch.Size([8, 3, 4, 4])
    """

    def __init__(self, layer: InvertibleLayer) -> None:
        super().__init__()
        self.layer = layer
        self.num_conditions = layer.num_conditions

    def forward(self, x: Features, condition: Conditions = None) -> tuple[Tensor, LogDet]:
        return self.layer.inverse(x, condition)  # type: ignore[arg-type]

    def inverse(self, y: Tensor, condition: Conditions = None) -> tuple[Features, LogDet]:
        return self.layer(y, condition)  # type: ignore[no-any-return]


def leaves(steps: Sequence[Step]) -> Iterator[Step]:
    """Unfold chains and inverted layers into steps of the layers inside."""
    for step in steps:
        layer = step.layer
        if isinstance(layer, Chain):
            yield from leaves(layer._steps(step.condition, inverse=step.inverse))
        elif isinstance(layer, Inverted):
            yield from leaves([Step(layer.layer, step.condition, not step.inverse)])
        else:
            yield step
