r"""A 1x1 convolution whose matrix is predicted for each image."""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_count, check_module, check_parameters
from flowcolor.layers.base import (
    Condition,
    Features,
    InvertibleLayer,
    LogDet,
    check_channels,
    to_float64,
)
from flowcolor.layers.functional.matrices import random_rotation
from flowcolor.layers.functional.pixels import columns, count_pixels, mix
from flowcolor.layers.functional.predict import predict
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep, gradients_of
from flowcolor.values import widen, without_autocast

PredictedMatrix = Literal["lu", "full"]


class ConditionalConv1x1(InvertibleLayer):
    r"""Multiply the channels of every pixel by a matrix that depends on the image's condition.

    .. math:: y_{bij} = W(c_b)\, x_{bij}, \qquad \log|\det J_b| = H W \log|\det W(c_b)|

    With a network that starts at zero, :math:`W` starts as the same random matrix for all images.

    Args:
        channels: Number of channels :math:`C`.
        net: Gives :math:`C^2` numbers for each image.
        parametrization: ``"lu"``: :math:`W = P L (U + \mathrm{diag}(\sigma e^{s}))` with a fixed
            permutation and fixed signs, which cannot become singular; the numbers are :math:`s`,
            and a matrix with :math:`L` below its diagonal and :math:`U` above it, row by row.
            ``"full"``: a fixed rotation plus the numbers, row by row.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)`.
        - ``condition``: whatever ``net`` takes; it gives :math:`(B, C^2)` or
          :math:`(B, C^2, 1, 1)`.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If no condition is given, or ``net`` returns another number of values.

    Reference:
        Sorkhei et al., "Full-Glow: fully conditional Glow for more realistic image generation"
        (2021), section 3. https://arxiv.org/abs/2012.05846

    Example:
        >>> layer = ConditionalConv1x1(3, nn.Linear(5, 9))
        >>> y, logdet = layer(torch.randn(8, 3, 4, 4), torch.randn(8, 5))
        >>> y.shape, logdet.shape
        (torch.Size([8, 3, 4, 4]), torch.Size([8]))
    """

    num_conditions = 1
    draws_alike: ClassVar[bool] = True
    base: Tensor
    sign: Tensor

    def __init__(
        self, channels: int, net: nn.Module, parametrization: PredictedMatrix = "lu"
    ) -> None:
        super().__init__()
        check_count(self, channels=channels)
        check_module(self, net=net)
        check_choice(self, parametrization=(parametrization, PredictedMatrix))
        # The rotation at the start is made in float64.
        check_parameters(self, 4 * channels**2, channels=channels)
        self.channels = channels
        self.net = net
        self.parametrization: PredictedMatrix = parametrization
        rotation = random_rotation(channels)
        permutation, _, upper = torch.linalg.lu(rotation)
        base = permutation if parametrization == "lu" else rotation
        self.register_buffer("base", base.to(torch.get_default_dtype()))
        self.register_buffer("sign", upper.diagonal().sign().to(torch.get_default_dtype()))

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, x, self.channels)
        x = widen(x)
        with without_autocast(x):
            weight, logdet = self._matrix(x, self._numbers(x, condition))
            return mix(weight, x), logdet

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, y, self.channels)
        y = widen(y)
        with without_autocast(y):
            weight, logdet = self._matrix(y, self._numbers(y, condition))
            return mix(torch.linalg.inv(to_float64(weight)).to(y.dtype), y), -logdet

    def vjp(self, step: ReverseStep) -> Rebuilt:
        out, grad_out, c = step.out, step.grad_out, step.condition
        with without_autocast(out):
            with torch.enable_grad():
                weight, logdet = self._matrix(out, self._numbers(out, c.view_as(c)))
            own = weight.detach()
            inverse = torch.linalg.inv(to_float64(own)).to(own.dtype)
            # As for one matrix, see `InvertibleConv1x1`, but image by image.
            if step.inverse:
                x, grad_x = mix(own, out), mix(inverse.mT, grad_out)
                sign, latent, data = -1, grad_x, out
            else:
                x, grad_x = mix(inverse, out), mix(own.mT, grad_out)
                sign, latent, data = 1, grad_out, x
            grad_weight = sign * torch.bmm(columns(latent), columns(data).mT)
            wanted = [c] if c.requires_grad else []
            grads = grad_weight, sign * step.grad_logdet
            found = gradients_of((weight, logdet), (*wanted, *step.params), grads)
        return Rebuilt(x, grad_x, found.pop(c, None) if wanted else None, found)

    def _numbers(self, x: Tensor, condition: Tensor | None) -> Tensor:
        return predict(self, self.net, condition, x, self.channels**2)

    def _matrix(self, x: Tensor, numbers: Tensor) -> tuple[Tensor, LogDet]:
        size, pixels = self.channels, count_pixels(x)
        base = self.base.to(numbers.dtype)
        if self.parametrization == "full":
            weight = base + numbers.view(-1, size, size)
            logabsdet = torch.linalg.slogdet(to_float64(weight)).logabsdet
            return weight, pixels * logabsdet.to(numbers.dtype)
        log_diagonal, rest = numbers.split([size, size**2 - size], dim=1)
        entries = rest.new_zeros(rest.shape[0], size**2)
        # Between two entries of the diagonal are as many others as a row is long.
        others = torch.arange(size**2 - size, device=rest.device)
        outside = 1 + others + others // size
        entries = entries.index_copy(1, outside, rest).view(-1, size, size)
        identity = torch.eye(size, dtype=rest.dtype, device=rest.device)
        diagonal = torch.diag_embed(self.sign.to(rest.dtype) * log_diagonal.exp())
        weight = base @ (entries.tril(-1) + identity) @ (entries.triu(1) + diagonal)
        return weight, pixels * log_diagonal.sum(1)
