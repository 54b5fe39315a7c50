r"""Layers for other runtimes: fixed matrices, no log-dets, nothing but operators that all know.

Runtimes know convolutions, but neither the exponential nor the inverse of a matrix. What is
computed from weights alone is therefore computed beforehand, in float64 where the layer does so.
Each module has ``forward`` and ``inverse``, from tensor to tensor.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    ConditionalAffineCoupling,
    InvertibleConv1x1,
    InvertibleLayer,
    OrthogonalDownsample,
)
from flowcolor.layers.functional.scale import positive_scale


class Fixed(nn.Module, ABC):
    """A layer for other runtimes."""

    @abstractmethod
    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map data towards the latent."""

    @abstractmethod
    def inverse(self, y: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map a latent towards data."""


class FixedNorm(Fixed):
    """An :class:`~flowcolor.layers.ActNorm` as it is now."""

    def __init__(self, layer: ActNorm) -> None:
        super().__init__()
        log_scale = layer.log_scale.detach().double()[:, None, None]
        self.loc = nn.Buffer(layer.loc.detach()[:, None, None].clone())
        self.scale = nn.Buffer(log_scale.exp().to(layer.loc.dtype))
        self.unscale = nn.Buffer((-log_scale).exp().to(layer.loc.dtype))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return (x - self.loc) * self.scale

    def inverse(self, y: Tensor, condition: Tensor | None = None) -> Tensor:
        return y * self.unscale + self.loc


class FixedConv1x1(Fixed):
    """An :class:`~flowcolor.layers.InvertibleConv1x1` as it is now."""

    def __init__(self, layer: InvertibleConv1x1) -> None:
        super().__init__()
        weight, inverse = layer.matrix.weight(), layer.matrix.inverse_weight()
        self.weight = nn.Buffer(weight.detach()[:, :, None, None].clone())
        self.unweight = nn.Buffer(inverse.detach()[:, :, None, None].to(weight.dtype).clone())

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return functional.conv2d(x, self.weight)

    def inverse(self, y: Tensor, condition: Tensor | None = None) -> Tensor:
        return functional.conv2d(y, self.unweight)


class FixedDownsample(Fixed):
    """An :class:`~flowcolor.layers.OrthogonalDownsample` as it is now: a convolution in steps."""

    def __init__(self, layer: OrthogonalDownsample) -> None:
        super().__init__()
        self.channels, self.factor = layer.channels, layer.factor
        kernel = layer.kernel().detach().expand(layer.channels, -1, -1)
        self.kernel = nn.Buffer(kernel.reshape(-1, 1, layer.factor, layer.factor).clone())

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return functional.conv2d(x, self.kernel, stride=self.factor, groups=self.channels)

    def inverse(self, y: Tensor, condition: Tensor | None = None) -> Tensor:
        # Orthogonal: the transpose of the way there is the way back.
        return functional.conv_transpose2d(y, self.kernel, stride=self.factor, groups=self.channels)


class FixedInstanceNorm(nn.Module):
    """An instance normalisation without weights that asks nothing about the image's shape.

    Every question becomes a condition under which the program holds, and is answered at each call.
    """

    def __init__(self, layer: nn.InstanceNorm2d) -> None:
        super().__init__()
        self.eps = layer.eps

    def forward(self, x: Tensor) -> Tensor:
        return torch.instance_norm(x, None, None, None, None, True, 0.1, self.eps, False)


class FixedCoupling(Fixed):
    """A coupling with two networks; its modules are used, and changed, not copied."""

    def __init__(self, layer: AffineCoupling | ConditionalAffineCoupling) -> None:
        super().__init__()
        self.net, self.shift_net, self.scale = layer.net, layer.shift_net, layer.scale
        for module in list(layer.modules()):
            for name, part in module.named_children():
                if isinstance(part, nn.InstanceNorm2d):
                    setattr(module, name, FixedInstanceNorm(part))
        self.aggregate = getattr(layer, "aggregate", None)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        a, b = x.chunk(2, dim=1)
        scale, shift = self._affine(b, condition)
        return torch.cat([a * scale + shift, b], 1)

    def inverse(self, y: Tensor, condition: Tensor | None = None) -> Tensor:
        a, b = y.chunk(2, dim=1)
        scale, shift = self._affine(b, condition)
        return torch.cat([(a - shift) / scale, b], 1)

    def _affine(self, b: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        h = b if self.aggregate is None else self.aggregate(b, condition)
        return positive_scale(self.net(h), self.scale)[0], self.shift_net(h)  # type: ignore[misc]


class FixedChain(Fixed):
    """A :class:`~flowcolor.layers.Chain` of the others, all under one condition."""

    def __init__(self, layer: Chain) -> None:
        super().__init__()
        self.layers = nn.ModuleList(fixed(part) for part in layer)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        for layer in self.layers:
            x = layer(x, condition)
        return x

    def inverse(self, y: Tensor, condition: Tensor | None = None) -> Tensor:
        layers: Any = reversed(self.layers)
        for layer in layers:
            y = layer.inverse(y, condition)
        return y


def fixed(layer: InvertibleLayer) -> Fixed:
    """Return the module for other runtimes that computes what a layer computes now.

    Raises:
        TypeError: There is none for this kind of layer.
    """
    match layer:
        case ActNorm():
            return FixedNorm(layer)
        case InvertibleConv1x1():
            return FixedConv1x1(layer)
        case OrthogonalDownsample():
            return FixedDownsample(layer)
        case AffineCoupling() | ConditionalAffineCoupling():
            return FixedCoupling(layer)
        case Chain():
            return FixedChain(layer)
    raise TypeError(f"No other runtime is given a {type(layer).__name__}.")
