r"""A layer for a part of the channels."""

from dataclasses import replace
from typing import ClassVar, Literal

import torch
from torch import Tensor

from flowcolor.arguments import check_choice, check_count, check_module
from flowcolor.layers.base import Features, InvertibleLayer, LogDet, as_pair, check_tensor
from flowcolor.layers.conditions import Conditions
from flowcolor.layers.reversible.several_steps import differentiate_steps
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep
from flowcolor.values import widen

Side = Literal["first", "last"]


class Partial(InvertibleLayer):
    r"""Let some channels go by and map the rest.

    .. math:: (p, r) = \mathrm{split}(x), \qquad y = [p,\; f(r; c)], \qquad
        \log|\det J| = \log|\det J_f|

    With an :math:`f` that squeezes, maps and un-squeezes this is what multi-scale flows are made
    of: the channels that go by leave at this resolution, the others at a coarser one, and the
    latent has the shape of the image, whatever that is.

    Args:
        inner: The layer :math:`f`. It has to return the spatial shape that it was given; one that
            changes the resolution ends in :class:`Inverted` of what changed it. With
            ``memory="reversible"`` its own layers are undone one by one.
        passed: How many channels go by. ``None``: half of them, as couplings split.
        side: Which channels go by, the ``"first"`` or the ``"last"``.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with more than ``passed`` channels.
        - ``condition``: whatever ``inner`` takes.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If there are too few channels, or ``inner`` changes the spatial shape.

    Reference:
        Dinh et al., "Density estimation using Real NVP" (2017), section 3.6.
        https://arxiv.org/abs/1605.08803

    Example:
        >>> from flowcolor.layers import Chain, InvertibleConv1x1, Inverted, Squeeze
        >>> coarser = Chain([Squeeze(), InvertibleConv1x1(8), Inverted(Squeeze())])
        >>> y, logdet = Partial(coarser, passed=1)(torch.randn(4, 3, 6, 4))
        >>> y.shape, logdet.shape
        (torch.Size([4, 3, 6, 4]), torch.Size([4]))
    """

    vjp_takes_lists: ClassVar[bool] = True

    def __init__(
        self, inner: InvertibleLayer, passed: int | None = None, side: Side = "first"
    ) -> None:
        super().__init__()
        check_module(self, InvertibleLayer, inner=inner)
        check_choice(self, side=(side, Side))
        if passed is not None:
            check_count(self, passed=passed)
        self.inner = inner
        self.passed = passed
        self.side: Side = side
        self.num_conditions = inner.num_conditions

    def forward(self, x: Features, condition: Conditions = None) -> tuple[Features, LogDet]:
        passed, rest = self._split(x)
        y, logdet = as_pair(self.inner, self.inner(rest, condition), "Partial")
        return self._join(passed, y), logdet

    def inverse(self, y: Features, condition: Conditions = None) -> tuple[Features, LogDet]:
        passed, rest = self._split(y)
        result = self.inner.inverse(rest, condition)  # type: ignore[arg-type]
        x, logdet = as_pair(self.inner, result, "Partial")
        return self._join(passed, x), logdet

    def vjp(self, step: ReverseStep) -> Rebuilt:
        (passed, out), (grad_passed, grad_out) = self._split(step.out), self._split(step.grad_out)
        steps = self.inner.steps(step.condition, inverse=step.inverse)
        rebuilt = differentiate_steps(steps, replace(step, out=out, grad_out=grad_out))
        x, grad_x = self._join(passed, rebuilt.x), self._join(grad_passed, rebuilt.grad_x)
        return replace(rebuilt, x=x, grad_x=grad_x)

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        check_tensor(self, x)
        x = widen(x)
        channels = x.shape[1] if x.ndim > 1 else 0
        least = 2 if self.passed is None else self.passed + 1
        if channels < least:
            raise ValueError(
                f"Partial expects an input of shape (batch, channels, *spatial) with at least "
                f"{least} channels, got {tuple(x.shape)}."
            )
        if self.side == "first":
            passed = (channels + 1) // 2 if self.passed is None else self.passed
            return x[:, :passed], x[:, passed:]
        rest = channels - (channels // 2 if self.passed is None else self.passed)
        return x[:, rest:], x[:, :rest]

    def _join(self, passed: Tensor, rest: Tensor) -> Tensor:
        if rest.shape[2:] != passed.shape[2:]:
            raise ValueError(
                f"Partial expects an inner layer that returns the spatial shape it is given, "
                f"{tuple(passed.shape[2:])}, got {tuple(rest.shape[2:])}; end it with the inverse "
                "of what changes the resolution, for instance Inverted(Squeeze())."
            )
        return torch.cat([passed, rest] if self.side == "first" else [rest, passed], 1)
