r"""Composition of invertible layers."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal, overload

from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_count, check_module
from flowcolor.bounds import shown_value
from flowcolor.layers.base import Features, InvertibleLayer, LogDet, Step, check_tensor, folded
from flowcolor.layers.conditions import Conditions, share_conditions
from flowcolor.layers.reversible.checkpointed import may_save_memory, run_checkpointed
from flowcolor.layers.reversible.engine import run_reversibly
from flowcolor.layers.reversible.torch_private import gathers
from flowcolor.values import widen

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
            the layer again, unless a chain inside of it saves memory itself. ``"reversible"``
            stores the last output alone and rebuilds the rest by inversion; chains inside are
            flattened, so that hooks run on their layers but not on them. Results and gradients are
            the same, if networks that draw random numbers take them from torch's default
            generators; only those are played back. May be set on a built chain. Inside of
            ``torch.func``'s transforms and forward mode, which know neither of the two, and in
            programs that are exported or traced, chains run as with "none".
        anchor_every: Of ``"reversible"``: also keep the state after every so many layers, which
            bounds the drift of reconstruction in very deep chains.

    Raises:
        ValueError: If a list of conditions has not one entry for each conditional layer, or
            ``memory`` is unknown, or ``anchor_every`` is below 1.
        RuntimeError: If training with ``"checkpoint"`` or ``"reversible"`` meets a layer that
            changes a buffer in every call, as batch normalisation does.

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
        try:
            layers = list(layers)
        except TypeError as error:
            message = f"Chain expects layers to be a list of layers, got {shown_value(layers)}."
            raise ValueError(message) from error
        for layer in layers:
            check_module(self, InvertibleLayer, layers=layer)
        self.layers = nn.ModuleList(layers)
        self.num_conditions = sum(layer.num_conditions for layer in layers)
        check_choice(self, memory=(memory, Memory))  # Here: modules pass by properties.
        self.memory = memory
        if anchor_every is not None:
            check_count(self, anchor_every=anchor_every)
        self.anchor_every = anchor_every

    @property
    def memory(self) -> Memory:
        """What training keeps: ``"none"``, ``"checkpoint"`` or ``"reversible"``."""
        return self._memory

    @memory.setter
    def memory(self, memory: Memory) -> None:
        check_choice(self, memory=(memory, Memory))
        self._memory: Memory = memory

    def forward(self, x: Features, condition: Conditions = None) -> tuple[Tensor, LogDet]:
        return self._run(x, condition, inverse=False)

    def inverse(self, y: Tensor, condition: Conditions = None) -> tuple[Features, LogDet]:
        return self._run(y, condition, inverse=True)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[InvertibleLayer]:
        return iter(self.layers)  # type: ignore[arg-type]

    @overload
    def __getitem__(self, index: int) -> InvertibleLayer: ...
    @overload
    def __getitem__(self, index: slice) -> "Chain": ...
    def __getitem__(self, index: int | slice) -> InvertibleLayer:
        """Return a layer, or for a slice a chain of the very same layers."""
        if isinstance(index, slice):
            return Chain(list(self)[index], self.memory, self.anchor_every)
        return self.layers[index]  # type: ignore[return-value]

    def _run(self, x: Tensor, condition: Conditions, *, inverse: bool) -> tuple[Tensor, LogDet]:
        check_tensor(self, x)
        memory = self.memory if may_save_memory() else "none"
        if memory == "reversible":
            # Compilers stop at this call. What else happened to tensors in this function would be
            # compiled as a piece of its own.
            steps = self.steps(condition, inverse=inverse)
            return run_reversibly(steps, x, self.anchor_every)
        steps = self._own_steps(condition, inverse=inverse)
        x = widen(x)
        logdet = x.new_zeros(x.shape[0])
        checkpoint = memory == "checkpoint"
        for run in [partial(run_checkpointed, s) for s in steps] if checkpoint else folded(steps):
            x, part = run(x)
            logdet = logdet + part
        return x, logdet

    def steps(self, condition: Conditions, *, inverse: bool) -> list[Step]:
        """Return the steps of the layers, chains inside unfolded."""
        steps = []
        for step in self._own_steps(condition, inverse=inverse):
            # In one piece, if its parameters are there while it runs itself.
            whole = gathers(step.layer)
            steps += [step] if whole else step.layer.steps(step.condition, inverse=step.inverse)
        return steps

    def _own_steps(self, condition: Conditions, *, inverse: bool) -> list[Step]:
        layers: list[InvertibleLayer] = list(self.layers)  # type: ignore[arg-type]
        shares = share_conditions(layers, condition)
        steps = [Step(layer, share, inverse) for layer, share in zip(layers, shares, strict=True)]
        return steps[::-1] if inverse else steps
