r"""The contract that every flowcolor layer obeys."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch._compile import _disable_dynamo

from flowcolor.layers.gradients import Gradients, invert_then_differentiate

Features: TypeAlias = Float[Tensor, "batch channels *spatial"]
Latent: TypeAlias = Float[Tensor, " batch *latent"]
Condition: TypeAlias = Float[Tensor, "batch ..."]  # Those of one list differ in shape.
LogDet: TypeAlias = Float[Tensor, " batch"]


# `torch.compiler.disable` as torch's own optimizers use it: the public one imports the compiler
# where a function is defined, this one where it is called. That is seconds of every import.
uncompiled = _disable_dynamo


class InvertibleLayer(nn.Module, ABC):
    r"""A bijection :math:`y = f(x; c)` that reports its own log-determinant.

    Concrete layers keep these promises; :func:`flowcolor.testing.check_invertible` tests them.

    1. ``inverse`` undoes ``forward`` under the same ``condition``, and the other way round.
    2. ``logdet`` is :math:`\log|\det J|` of the direction that was called: one number per sample,
       float32 (float64 for a float64 input), so the log-dets of a round trip sum to zero.
    3. Samples do not influence each other: what happens to an image does not depend on its batch.
    4. A layer without use for ``condition`` ignores it, so that any layer fits into any chain.
       One that needs a condition and gets none raises ``ValueError``.
    5. The caller's tensors are never changed.
    6. Under autocast only sub-networks run in low precision. A bfloat16 or float16 ``x`` is widened
       to float32 first, because rounding is not a bijection.

    Attributes:
        num_conditions: How many conditions the layer consumes from the list that a
            :class:`~flowcolor.layers.Chain` is given: 0 if unconditional, 1 if conditional.
    """

    num_conditions: int = 0

    @abstractmethod
    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Latent, LogDet]:
        """Map data towards the latent, returning ``(y, logdet)``."""

    @abstractmethod
    def inverse(self, y: Latent, condition: Condition | None = None) -> tuple[Features, LogDet]:
        """Map a latent towards data, returning ``(x, logdet)``."""

    def invert_and_differentiate(
        self,
        out: Tensor,
        condition: Tensor | None,
        grad_out: Tensor,
        grad_logdet: LogDet,
        params: Sequence[Tensor],
        *,
        inverse: bool = False,
    ) -> tuple[Tensor, Tensor, Tensor | None, Gradients]:
        """Rebuild the input from the output and differentiate: one step of a reversible backward.

        This one works for every layer: it inverts, then evaluates again with gradients. Override
        it where one evaluation serves both, as in a coupling, or where a closed form exists; it is
        called without gradients enabled and, under autocast, with autocast as in the forward pass.

        Args:
            out: What ``forward`` returned, or ``inverse`` if that was run. Not to be changed.
            condition: The condition; its gradient is wanted if it requires one.
            grad_out: Gradient with respect to ``out``.
            grad_logdet: Gradient with respect to the log-det, one number per sample.
            params: The parameters whose gradients are wanted.
            inverse: Which direction was run.

        Returns:
            The input, its gradient, the condition's gradient (or ``None``), and one gradient (or
            ``None``) for each of ``params``.
        """
        there, back = (self.inverse, self.forward) if inverse else (self.forward, self.inverse)
        grads_out = (grad_out, grad_logdet)
        return invert_then_differentiate(there, back, out, condition, grads_out, params)


def check_channels(layer: nn.Module, x: Tensor, channels: int) -> None:
    """Raise ``ValueError`` unless ``x`` looks like ``(batch, channels, *spatial)``."""
    if x.ndim < 2 or x.shape[1] != channels:
        raise ValueError(
            f"{type(layer).__name__} expects an input of shape (batch, {channels}, *spatial), "
            f"got {tuple(x.shape)}."
        )


def widen(x: Tensor) -> Tensor:
    """Return ``x`` in float32 or wider; half precision cannot carry a bijection."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def double(x: Tensor) -> Tensor:
    """Return ``x`` in float64 where the device has it (Apple's GPUs do not)."""
    return x if x.device.type == "mps" else x.double()
