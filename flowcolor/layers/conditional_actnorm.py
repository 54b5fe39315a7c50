r"""An ActNorm whose numbers are predicted for each image."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_count, check_module
from flowcolor.layers.base import (
    Condition,
    Features,
    InvertibleLayer,
    LogDet,
    check_channels,
)
from flowcolor.layers.functional.pixels import count_pixels
from flowcolor.layers.functional.predict import predict
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep, gradients_of
from flowcolor.values import widen


class ConditionalActNorm(InvertibleLayer):
    r"""Shift and scale each channel by what a network says of the condition, image by image.

    .. math:: (s, \mu) = \mathrm{net}(c), \qquad y = e^{s} \odot (x - \mu), \qquad
        \log|\det J| = H W \textstyle\sum_k s_k

    Nothing is set from the first batch. A network that starts at zero makes it start as identity.

    Args:
        channels: Number of channels :math:`C`.
        net: Gives :math:`s`, then :math:`\mu`, :math:`2C` numbers for each image.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)`.
        - ``condition``: whatever ``net`` takes; it gives :math:`(B, 2C)` or :math:`(B, 2C, 1, 1)`.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If no condition is given, or ``net`` returns another number of values.

    Reference:
        Sorkhei et al., "Full-Glow: fully conditional Glow for more realistic image generation"
        (2021), section 3. https://arxiv.org/abs/2012.05846

    Example:
        >>> layer = ConditionalActNorm(3, nn.Linear(5, 6))
        >>> y, logdet = layer(torch.randn(8, 3, 4, 4), torch.randn(8, 5))
        >>> y.shape, logdet.shape
        (torch.Size([8, 3, 4, 4]), torch.Size([8]))
    """

    num_conditions = 1
    draws_alike: ClassVar[bool] = True

    def __init__(self, channels: int, net: nn.Module) -> None:
        super().__init__()
        check_count(self, channels=channels)
        check_module(self, net=net)
        self.channels = channels
        self.net = net

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, x, self.channels)
        x = widen(x)
        log_scale, loc, logdet = self._affine(x, condition)
        return (x - loc) * log_scale.exp(), logdet

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, y, self.channels)
        y = widen(y)
        log_scale, loc, logdet = self._affine(y, condition)
        return y * (-log_scale).exp() + loc, -logdet

    def vjp(self, step: ReverseStep) -> Rebuilt:
        out, grad_out, c = step.out, step.grad_out, step.condition
        with torch.enable_grad():
            ends = self._affine(out, c.view_as(c))
        log_scale, loc = (end.detach() for end in ends[:2])
        if step.inverse:
            x, grad_x = (out - loc) * log_scale.exp(), grad_out * (-log_scale).exp()
            grads = [-grad_x * x, grad_out]
        else:
            x, grad_x = out * (-log_scale).exp() + loc, grad_out * log_scale.exp()
            grads = [grad_out * out, -grad_x]
        grad_logdet = -step.grad_logdet if step.inverse else step.grad_logdet
        wanted = [c] if c.requires_grad else []
        each = (*(grad.sum_to_size(log_scale.shape) for grad in grads), grad_logdet)
        found = gradients_of(ends, (*wanted, *step.params), each)
        return Rebuilt(x, grad_x, found.pop(c, None) if wanted else None, found)

    def _affine(self, x: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor, LogDet]:
        numbers = predict(self, self.net, condition, x, 2 * self.channels)
        shape = (x.shape[0], self.channels, *[1] * (x.ndim - 2))
        log_scale, loc = (part.reshape(shape) for part in numbers.chunk(2, dim=1))
        return log_scale, loc, count_pixels(x) * log_scale.flatten(1).sum(1)
