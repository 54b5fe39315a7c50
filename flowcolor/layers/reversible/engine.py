r"""Training without stored activations.

A chain of invertible layers needs only its last output: in the backward pass every layer hands its
input, reconstructed from its output, back to the layer before it. The price is one more evaluation
of each sub-network, 4/3 of the arithmetic of ordinary training.

Each layer is one autograd Function whose inputs are the layer's input, its condition and its
parameters, so that hooks, gradient clipping, ``torch.autograd.grad`` and data-parallel reducers see
ordinary gradients. The one activation that is kept travels backwards on a tape that belongs to one
call of the chain.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.parameter import is_lazy

from flowcolor.layers.base import InvertibleLayer, Result, Step, as_pair
from flowcolor.layers.reversible.buffers import Buffers
from flowcolor.layers.reversible.once_only import once_only
from flowcolor.layers.reversible.random_state import RandomState, replaying
from flowcolor.layers.reversible.snapshot import Snapshot
from flowcolor.layers.reversible.stand_in import own_forward, replaced_forward
from flowcolor.layers.reversible.torch_private import (
    disable_compile,
    fingerprint,
    holds_sharded,
    is_batched,
    is_called_plainly,
    is_replica,
    is_sharded,
    runs_code_of,
    without_cached_weights,
)
from flowcolor.layers.reversible.vjp import ReverseStep
from flowcolor.values import outside_inference, widen

_ONCE = (
    'memory="reversible" expects to be differentiated once, got a second derivative; use '
    'memory="checkpoint".'
)

# Whose code draws no random numbers without a trace.
_KNOWN = partial(runs_code_of, ("torch.nn.modules.", "flowcolor."))


@disable_compile
def run_reversibly(steps: Sequence[Step], x: Tensor, anchor_every: int | None = None) -> Result:
    """Run ``steps`` so that autograd keeps their last output alone.

    Args:
        steps: Leaf layers in the order in which they are applied.
        x: Input of the first.
        anchor_every: Keep the state after every so many steps too, which bounds the drift of
            reconstruction in very deep chains.

    Raises:
        RuntimeError: If a layer changes a buffer, as batch normalisation does in training mode, or
            if a hook replaces what a layer is given or returns.
    """
    x = widen(x)
    total = x.new_zeros(x.shape[0])
    tape, kept = _Tape(), True  # Nobody needs the input of the first step.
    for number, step in enumerate(steps, start=1):
        keep = number == len(steps) or bool(anchor_every and number % anchor_every == 0)
        call = _Call(step.layer, step.inverse, tape, keep=keep, hand_back=not kept)
        x, logdet = _record(call, x, step.condition)
        total, kept = total + logdet, keep
    return x, total


@dataclass
class _Tape:
    """Carries the output of the layer whose backward comes next."""

    output: Tensor | None = None

    def take(self) -> Tensor:
        output, self.output = self.output, None
        if output is None:
            raise RuntimeError(
                "Reversible backward expects the layers after it to have run backward first, got "
                "a graph in which they did not."
            )
        return output


@dataclass
class _Call:
    """One call of a layer: what its backward pass has to know beside the saved tensors."""

    layer: InvertibleLayer
    inverse: bool
    tape: _Tape
    keep: bool  # Save the output: the last step's, and those of anchors.
    hand_back: bool  # Put the input on the tape.
    then: Snapshot = field(init=False)
    random: RandomState | None = None  # Where the layer drew random numbers from, if it did.
    start: RandomState | None = None  # Where it may have drawn them from without a trace.

    def __post_init__(self) -> None:
        # Of the class, where a sharded layer's own `inverse` would gather its parameters once more.
        sharded = is_sharded(self.layer) and self.inverse
        inverse = partial(type(self.layer).inverse, self.layer) if sharded else self.layer.inverse
        self.run: Callable[..., Result] = inverse if self.inverse else own_forward(self.layer)


def _record(call: _Call, x: Tensor, condition: Any) -> Result:
    """Call the layer as anybody does, with its hooks, but with a Function for its ``forward``."""
    if (call.inverse and not is_sharded(call.layer)) or is_called_plainly(call.layer):
        return _apply(call, x, condition)  # What follows takes longer than small layers do.
    seen: list[tuple[Any, ...]] = []

    def forward(x: Tensor, condition: Any = None) -> Result:
        y, logdet = _apply(call, x, condition)
        seen.extend([fingerprint(x), fingerprint(y)])
        return y, logdet

    before = fingerprint(x)
    with replaced_forward(call.layer, forward):
        y, logdet = call.layer(x, condition)
    if seen != [before, fingerprint(y)]:
        # As of a policy of mixed precision, whose default rounds what flows between layers.
        hint = ": give its policy cast_forward_inputs=False" if is_sharded(call.layer) else ""
        raise RuntimeError(
            'memory="reversible" expects hooks to leave the input and the output of a layer as '
            f"they are, got one on {type(call.layer).__name__} that changes them{hint}."
        )
    return y, logdet


def _apply(call: _Call, x: Tensor, condition: Any) -> Result:
    if is_replica(call.layer):  # Its parameters do not count as such, and would get no gradients.
        raise RuntimeError(
            'memory="reversible" expects DistributedDataParallel where there are several devices, '
            "got a replica of torch.nn.DataParallel."
        )
    if holds_sharded(call.layer):
        raise RuntimeError(
            'memory="reversible" expects no sharded layer inside of another that it undoes as a '
            f"whole, got {type(call.layer).__name__}: its parameters would get no gradients."
        )
    call.then = Snapshot(call.layer)  # Here, because sharding swaps parameters as late as this.
    if any(map(is_lazy, call.then.params)):  # Autograd would expect gradients of no shape.
        raise RuntimeError(
            'memory="reversible" expects parameters that have their shapes, got lazy ones in '
            f"{type(call.layer).__name__}: call the chain once under torch.no_grad() before."
        )
    one = condition is None or isinstance(condition, Tensor)
    conditions, count = ([condition], None) if one else (condition, len(condition))
    y, logdet, _ = _ReversibleStep.apply(call, count, x, *conditions, *call.then.params)
    return y, logdet


class _ReversibleStep(Function):
    """Run one layer, save nothing but its condition and parameters, and rebuild its input later."""

    @staticmethod
    def forward(
        ctx: Any, call: _Call, count: int | None, x: Tensor, *others: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.call, ctx.count, ctx.autocast = call, count, _autocast_state(x.device.type)
        with _autocast(ctx.autocast), without_cached_weights():
            # Detached, because no graph is made here that operator counters could hook into, and
            # because autograd forbids to return an input, which a layer may do.
            given = [o if o is None else o.detach() for o in (x, *others[: count or 1])]
            before, buffers = RandomState(x), Buffers(call.layer, call.then.parts)
            result = call.run(given[0], given[1] if count is None else given[1:])
            y, logdet = as_pair(call.layer, result)
            buffers.refuse_changes("reversible")
            call.random = before if before.differs_from(RandomState(x)) else None
            # What is drawn under `fork_rng` leaves none. Without one, the order does not matter.
            if call.random is None and not all(map(_KNOWN, call.then.parts)):
                call.start = before
            call.then.close()
        # Undone, layers inside would draw in the opposite order, each what another one drew.
        apart = call.random is not None and not call.layer.draws_alike
        # Saved, not held, so that autograd notices when somebody overwrites them.
        # The last holds no number: it is what second derivatives would go through, see below.
        way = x.new_empty(0)
        ctx.save_for_backward(y if call.keep else None, x if apart else None, way, *others)
        return y, logdet, way

    @staticmethod
    def backward(
        ctx: Any, grad_y: Tensor, grad_logdet: Tensor, _: Tensor
    ) -> tuple[Tensor | None, ...]:
        kept, x, way, *others = ctx.saved_tensors
        # Also where somebody's inference mode surrounds it, in which no graph would be made.
        with outside_inference(), torch.no_grad(), without_cached_weights():
            gradients = _differentiate(ctx, grad_y, grad_logdet, kept, x, others)
        return None, None, *once_only(_ONCE, gradients, way, grad_y, grad_logdet)


def _differentiate(
    ctx: Any,
    grad_y: Tensor,
    grad_logdet: Tensor,
    kept: Tensor | None,
    x: Tensor | None,
    others: Sequence[Tensor | None],
) -> list[Tensor | None]:
    """Rebuild the input, put it on the tape, return all gradients."""
    call: _Call = ctx.call
    y = call.tape.take() if kept is None else kept.detach()
    needed = ctx.needs_input_grad[3:]
    count = 1 if ctx.count is None else ctx.count
    conditions = [
        c if c is None else c.detach().requires_grad_(n)
        for c, n in zip(others[:count], needed, strict=False)
    ]
    condition: Any = conditions[0] if ctx.count is None else conditions
    step = ReverseStep(
        y, grad_y, grad_logdet, condition, call.then.params, call.inverse, call.random, x
    )
    with _autocast(ctx.autocast), replaying(call.start, y) if call.start else nullcontext():
        rebuilt = call.then.vjp(step)
    if call.hand_back and ctx.needs_input_grad[2]:
        call.tape.output = rebuilt.x
    grad_conditions = [rebuilt.grad_condition] if ctx.count is None else rebuilt.grad_condition
    grad_params = [rebuilt.grad_params.get(param) for param in step.params]
    return [rebuilt.grad_x, *map(_compact, grad_conditions), *grad_params]


def _compact(gradient: Tensor | None) -> Tensor | None:
    """Copy a part of something larger: a condition's gradient lives until its encoder's turn."""
    if gradient is None or is_batched(gradient):
        return gradient
    if gradient.untyped_storage().nbytes() <= gradient.nbytes:
        return gradient
    return gradient.clone()


def _autocast_state(device: str) -> dict[str, Any] | None:
    if not torch.amp.is_autocast_available(device):  # As the meta device.
        return None
    return {
        "device_type": device,
        "enabled": torch.is_autocast_enabled(device),
        "dtype": torch.get_autocast_dtype(device),
        "cache_enabled": False,  # Casts made where no gradients are recorded carry no graph.
    }


def _autocast(state: dict[str, Any] | None) -> AbstractContextManager[Any]:
    if state is None or not (state["enabled"] or torch.is_autocast_enabled(state["device_type"])):
        return nullcontext()  # Entering one takes longer than small layers do.
    return torch.autocast(**state)
