r"""Invertible 1x1 convolution: a learned mixing of channels."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from torch.nn.utils.parametrize import is_parametrized

from flowcolor.arguments import check_choice, check_count, check_flag, check_parameters
from flowcolor.layers.actnorm import ActNorm
from flowcolor.layers.base import (
    Condition,
    Features,
    InvertibleLayer,
    LogDet,
    Result,
    check_channels,
)
from flowcolor.layers.functional.kept import Kept, may_keep
from flowcolor.layers.functional.matrices import (
    LU,
    ChannelMatrix,
    Folded,
    Full,
    Orthogonal,
    fold_affine,
)
from flowcolor.layers.functional.more_matrices import Householder, Permutation
from flowcolor.layers.functional.pixels import correlate, count_pixels, mix, mix_then_shift
from flowcolor.layers.reversible.torch_private import has_numbers, own_tensors, parts_of
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep, gradients_of
from flowcolor.values import widen, without_autocast

Parametrization = Literal["full", "lu", "orthogonal", "householder", "permutation"]


class InvertibleConv1x1(InvertibleLayer):
    r"""Multiply the channels of every pixel by one learned matrix, at first random and orthogonal.

    .. math:: y_{bij} = W x_{bij}, \qquad \log|\det J| = H W \log|\det W|

    The first three kinds of matrix start as rotations; :math:`C` reflections have the determinant
    :math:`(-1)^C`, and a permutation has either.

    The inverse multiplies by :math:`W^{-1}` computed in float64, because a float32 inverse of an
    ill-conditioned :math:`W` loses three digits. In eval mode without gradients that inverse is
    kept until the weights change, and a chain undoes an :class:`ActNorm` right before the layer
    together with it. Everything stays in float32 or wider under autocast.

    Args:
        channels: Number of channels :math:`C`.
        parametrization: ``"full"`` learns the entries of :math:`W`, log-det by ``slogdet`` in
            :math:`O(C^3)`. ``"lu"`` learns :math:`W = P L (U + \mathrm{diag}(\sigma e^{s}))` with
            a fixed permutation :math:`P` and fixed signs :math:`\sigma`; its log-det is
            :math:`\sum_c s_c` and it cannot become singular. ``"orthogonal"`` learns
            :math:`W = Q \exp(A - A^T)` from a fixed rotation :math:`Q`; the log-det is zero.
            ``"householder"`` learns a product of :math:`C` reflections, whose log-det is zero, too.
            ``"permutation"`` learns nothing: channels are exchanged in a random order.
        learn: Whether :math:`W` is learned. If not, it stays what it was at first, for instance a
            random rotation, as in conditional INNs; its parameters do not require gradients.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with any spatial axes, for images :math:`(B, C, H, W)`.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If ``parametrization`` is not one of the five.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), section 3.2, equations 9 to 11.
        https://arxiv.org/abs/1807.03039

    Example:
        >>> y, logdet = InvertibleConv1x1(3, "lu")(torch.randn(8, 3, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([8, 3, 4, 4]), torch.Size([8]))
    """

    def __init__(
        self, channels: int, parametrization: Parametrization = "full", *, learn: bool = True
    ) -> None:
        super().__init__()
        matrices: dict[str, Callable[[int], ChannelMatrix]] = {
            "full": Full,
            "lu": LU,
            "orthogonal": Orthogonal,
            "householder": Householder,
            "permutation": Permutation,
        }
        check_count(self, channels=channels)
        check_choice(self, parametrization=(parametrization, Parametrization))
        check_flag(self, learn=learn)
        # The rotation at the start is made in float64.
        check_parameters(self, 4 * channels**2, channels=channels)
        self.channels = channels
        self.parametrization = parametrization
        self.matrix: ChannelMatrix = matrices[parametrization](channels)
        self.matrix.requires_grad_(learn)
        self._kept: Kept[Tensor] = Kept()
        self._folded: Kept[Folded] = Kept()

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, x, self.channels)
        x = widen(x)
        with without_autocast(x):
            return mix(self.matrix.weight(), x), self._logdet(x)

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, y, self.channels)
        y = widen(y)
        with without_autocast(y):
            return mix(self._inverse_weight(y), y), -self._logdet(y)

    def vjp(self, step: ReverseStep) -> Rebuilt:
        # In closed form, which needs no second pass over the pixels with a graph of its own:
        # y = W x has grad x = W^T grad y and grad W = grad y x^T. For x = V y with V = W^-1,
        # grad y = V^T grad x and grad W = -V^T (grad x y^T) V^T = -grad y x^T.
        with without_autocast(step.out):
            with torch.enable_grad():
                ends = self.matrix.weight(), self.matrix.logabsdet()
            weight, inverse = ends[0].detach(), self.matrix.inverse_weight()
            way_back, way_there = (weight, inverse) if step.inverse else (inverse, weight)
            x, grad_x = mix(way_back, step.out), mix(way_there.mT, step.grad_out)
            pair, sign = ((grad_x, step.out), -1) if step.inverse else ((step.grad_out, x), 1)
            grad_weight = sign * correlate(*pair).to(weight.dtype)
            grad_logabsdet = sign * count_pixels(step.out) * step.grad_logdet.sum()
            grads_out = grad_weight, grad_logabsdet.to(ends[1].dtype)
            grads = gradients_of(ends, step.params, grads_out)
        return Rebuilt(x, grad_x, grad_params=grads)

    def fold_inverse(self, before: InvertibleLayer) -> Callable[[Tensor], Result] | None:
        # Of these very classes and methods: what is derived from one of them, or has taken the
        # place of its `inverse`, as what records calls does, may do something else.
        if type(self) is not InvertibleConv1x1 or type(before) is not ActNorm:
            return None
        if "inverse" in vars(self) or "inverse" in vars(before):
            return None
        if before.channels != self.channels or not self._may_keep():
            return None
        return partial(self._undo_both, before)

    def _undo_both(self, norm: ActNorm, y: Features) -> tuple[Features, LogDet]:
        check_channels(self, y, self.channels)
        y = widen(y)
        affine = norm.loc, norm.log_scale
        with without_autocast(y):
            fold = partial(fold_affine, *affine, self.matrix, y.dtype)
            weights = [*affine, *self._weights()]
            found = self._folded.get(weights, y.dtype, fold) if has_numbers(y) else fold()
            weight, loc, logdet = found
            logdet = (count_pixels(y) * logdet).expand(y.shape[0]).clone()
            return mix_then_shift(weight, y, loc), logdet

    def _logdet(self, x: Tensor) -> LogDet:
        logdet = count_pixels(x) * self.matrix.logabsdet()
        return logdet.to(x.dtype) + x.new_zeros(x.shape[0])

    def _inverse_weight(self, y: Tensor) -> Tensor:
        if not self._may_keep(y):
            return self.matrix.inverse_weight()
        weights = self._weights()
        return self._kept.get(weights, weights[0].dtype, self.matrix.inverse_weight)

    def _may_keep(self, y: Tensor | None = None) -> bool:
        # What a matrix is computed from may be more than tensors where it is parametrized.
        return not self.training and may_keep(y) and not is_parametrized(self.matrix)

    def _weights(self) -> list[Tensor]:
        return [tensor for tensor in own_tensors(parts_of(self.matrix)) if tensor is not None]
