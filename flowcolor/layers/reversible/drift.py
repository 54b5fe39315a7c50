"""How far reversible training's reconstructed states are from the true ones."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from flowcolor.arguments import check_module
from flowcolor.layers.base import InvertibleLayer, Step, check_tensor
from flowcolor.layers.chain import Chain
from flowcolor.layers.conditions import serves
from flowcolor.layers.reversible.snapshot import Snapshot
from flowcolor.layers.reversible.torch_private import is_sharded
from flowcolor.layers.reversible.vjp import ReverseStep
from flowcolor.values import widen


@torch.no_grad()
def measure_drift(
    chain: InvertibleLayer, x: Tensor, condition: Tensor | Sequence[Tensor] | None = None
) -> list[tuple[str, float]]:
    """Compare the states that a reversible backward pass rebuilds with the true ones.

    ``chain`` is run with all its states kept, then walked back from its last output by the very
    step that training with ``memory="reversible"`` takes, anchors included; what each layer
    rebuilds is the input of the layer before. The chain is left untouched: a copy in eval mode is
    measured, in whatever precision (autocast included) this is called.

    What to expect in float32 is a drift below ``1e-5`` times the largest state, which moves
    gradients by as little. It grows with depth, by the factors by which the layers undone so far
    magnify rounding errors: up to 2 for a coupling with the ``"bounded"`` scale, without limit for
    ``"sigmoid"``, and the ratio of largest to smallest scale for an :class:`ActNorm` or a 1x1
    convolution. If it exceeds ``1e-3``, set ``anchor_every`` of the chain or train with
    ``memory="checkpoint"``.

    Args:
        chain: A chain, or any other layer. Pass :class:`~flowcolor.layers.Inverted` of it for the
            drift of training through ``inverse``.
        x: A batch on the side that the chain is called with.
        condition: Its condition or list of conditions.

    Returns:
        For each layer, chains inside taken apart, in the order in which they are applied: its name
        as in ``chain.named_modules()`` and the largest absolute error of its rebuilt input; 0 for
        an empty batch.

    Raises:
        ValueError: If ``chain`` is no layer, or sharded, or ``condition`` neither a tensor nor a
            list of them.

    Example:
        >>> from flowcolor.layers import ActNorm, InvertibleConv1x1
        >>> chain = Chain([ActNorm(3), InvertibleConv1x1(3)])
        >>> drifts = measure_drift(chain, torch.randn(8, 3, 4, 4))
        >>> [name for name, _ in drifts], max(drift for _, drift in drifts) < 1e-5
        (['layers.0', 'layers.1'], True)
    """
    check_module(measure_drift, InvertibleLayer, chain=chain)
    check_tensor(chain, x)
    if not serves(condition):
        raise ValueError(
            "measure_drift expects condition to be a tensor or a list of tensors, got "
            f"{type(condition).__name__}."
        )
    if any(map(is_sharded, chain.modules())):  # Which cannot be copied.
        raise ValueError(
            "measure_drift expects a chain that is whole, got one that fully_shard has divided: "
            "measure it before that."
        )
    chain = copy.deepcopy(chain).eval().requires_grad_(False)
    names = {id(module): name for name, module in chain.named_modules()}
    anchor_every = chain.anchor_every if isinstance(chain, Chain) else None
    steps, states = chain.steps(condition, inverse=False), [widen(x)]
    for step in steps:
        states.append(step.run(states[-1])[0])
    drifts, rebuilt = [], states[-1]
    for number in range(len(steps), 0, -1):
        if anchor_every and number % anchor_every == 0:
            rebuilt = states[number]
        rebuilt = _undo(steps[number - 1], rebuilt)
        errors = (rebuilt - states[number - 1]).abs()
        drift = errors.max().item() if errors.numel() else 0.0
        drifts.append((names[id(steps[number - 1].layer)], drift))
    return drifts[::-1]


def _undo(step: Step, out: Tensor) -> Tensor:
    nothing = torch.zeros_like(out), out.new_zeros(out.shape[0])
    layer = Snapshot(step.layer)
    return layer.vjp(ReverseStep(out, *nothing, step.condition, inverse=step.inverse)).x
