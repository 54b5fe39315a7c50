r"""Invertible 1x1 convolution: a learned mixing of channels."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from flowcolor.layers.base import (
    Condition,
    Features,
    InvertibleLayer,
    LogDet,
    check_channels,
    double,
    widen,
)
from flowcolor.layers.gradients import Gradients, gradients_of
from flowcolor.layers.layout import has_channels_last

Parametrization = Literal["full", "lu", "orthogonal"]


class InvertibleConv1x1(InvertibleLayer):
    r"""Multiply the channels of every pixel by one learned matrix, at first a random rotation.

    .. math:: y_{bij} = W x_{bij}, \qquad \log|\det J| = H W \log|\det W|

    The inverse multiplies by :math:`W^{-1}` computed in float64, because a float32 inverse of an
    ill-conditioned :math:`W` loses three digits. In eval mode without gradients that inverse is
    kept until the weights change. Everything stays in float32 or wider under autocast.

    Args:
        channels: Number of channels :math:`C`.
        parametrization: ``"full"`` learns the entries of :math:`W`, log-det by ``slogdet`` in
            :math:`O(C^3)`. ``"lu"`` learns :math:`W = P L (U + \mathrm{diag}(\sigma e^{s}))` with
            a fixed permutation :math:`P` and fixed signs :math:`\sigma`; its log-det is
            :math:`\sum_c s_c` and it cannot become singular. ``"orthogonal"`` learns
            :math:`W = Q \exp(A - A^T)` from a fixed rotation :math:`Q`; the log-det is zero.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with any spatial axes, for images :math:`(B, C, H, W)`.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If ``parametrization`` is not one of the three.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), section 3.2, equations 9 to 11.
        https://arxiv.org/abs/1807.03039

    Example:
        >>> y, logdet = InvertibleConv1x1(3, "lu")(torch.randn(8, 3, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([8, 3, 4, 4]), torch.Size([8]))
    """

    def __init__(self, channels: int, parametrization: Parametrization = "full") -> None:
        super().__init__()
        matrices: dict[str, type[_Full | _LU | _Orthogonal]]
        matrices = {"full": _Full, "lu": _LU, "orthogonal": _Orthogonal}
        if parametrization not in matrices:
            raise ValueError(
                f"InvertibleConv1x1 expects parametrization to be one of {sorted(matrices)}, "
                f"got {parametrization!r}."
            )
        self.channels = channels
        self.parametrization = parametrization
        self.matrix: _Full | _LU | _Orthogonal = matrices[parametrization](channels)
        self._kept: tuple[list[Tensor], Tensor] | None = None

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, x, self.channels)
        x = widen(x)
        with torch.autocast(x.device.type, enabled=False):
            return _mix(self.matrix.weight(), x), self._logdet(x)

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_channels(self, y, self.channels)
        y = widen(y)
        with torch.autocast(y.device.type, enabled=False):
            return _mix(self._inverse_weight(), y), -self._logdet(y)

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
        # y = W x gives grad x = W^T grad y and grad W = grad y x^T. For x = V y with V = W^-1,
        # grad y = V^T grad x and grad W = -V^T (grad x y^T) V^T = -grad y x^T.
        with torch.autocast(out.device.type, enabled=False):
            with torch.enable_grad():
                weight = self.matrix.weight()
                logabsdet = None if isinstance(self.matrix, _Full) else self.matrix.logabsdet()
            inverse_weight = self.matrix.inverse_weight()
            there, back = weight.detach(), inverse_weight
            sign = 1
            if inverse:
                there, back, sign = back, there, -1
            start = _mix(back, out)
            grad_start = _mix(there.mT, grad_out)
            latent, data = (grad_start, out) if inverse else (grad_out, start)
            grad_weight = sign * _correlate(latent, data)
            grad_logabsdet = sign * out.shape[2:].numel() * grad_logdet.sum()
            if logabsdet is None:  # The gradient of log|det W| is W^-T, which is there already.
                grad_weight += (grad_logabsdet * inverse_weight.mT).to(grad_weight.dtype)
                grads = gradients_of((weight,), params, (grad_weight,))
            else:
                known = grad_weight, grad_logabsdet
                grads = gradients_of((weight, logabsdet), params, known)
        return start, grad_start, None, grads

    def _logdet(self, x: Tensor) -> LogDet:
        logdet = x.shape[2:].numel() * self.matrix.logabsdet()
        return logdet.to(x.dtype).expand(x.shape[0]).clone()

    def _inverse_weight(self) -> Tensor:
        if self.training or torch.is_grad_enabled() or torch.compiler.is_compiling():
            return self.matrix.inverse_weight()
        weights = [w.detach() for w in (*self.matrix.parameters(), *self.matrix.buffers())]
        if self._kept is None or not all(map(same, weights, self._kept[0])):
            self._kept = ([w.clone() for w in weights], self.matrix.inverse_weight())
        return self._kept[1]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_kept": None}  # A copy must not trust the original's inverse.


def _mix(weight: Tensor, x: Tensor) -> Tensor:
    if has_channels_last(x):
        return linear(x.movedim(1, -1), weight.to(x.dtype)).movedim(-1, 1)
    # Batched: for one matrix and many, `matmul` copies the pixels into another order first.
    # `shape`, not `len`: exported programs would take this batch for every batch.
    weights = weight.to(x.dtype).expand(x.shape[0], -1, -1)
    return torch.bmm(weights, pixels(x)).view_as(x)


def _correlate(x: Tensor, y: Tensor) -> Tensor:
    """Sum over images and pixels of the outer products of two pixels' channels."""
    if has_channels_last(x) and has_channels_last(y):
        return x.movedim(1, -1).flatten(0, -2).mT @ y.movedim(1, -1).flatten(0, -2)
    return torch.bmm(pixels(x), pixels(y).mT).sum(0)


def pixels(x: Tensor) -> Tensor:
    """Return all pixels in one axis, whose length an empty batch would not tell."""
    return x.reshape(x.shape[0], x.shape[1], math.prod(x.shape[2:]))


def same(a: Tensor, b: Tensor) -> bool:
    """Tell whether two tensors hold the same values in the same way."""
    # By value: neither addresses nor version counters notice every change, `p.data.copy_` for one.
    return a.dtype == b.dtype and a.device == b.device and torch.equal(a, b)


def _random_rotation(channels: int) -> Tensor:
    q, r = torch.linalg.qr(torch.randn(channels, channels, dtype=torch.float64))
    rotation: Tensor = q * r.diagonal().sign()  # Uniform (Mezzadri, 2007).
    rotation[0] *= torch.linalg.det(rotation).sign()  # A rotation, not a reflection.
    return rotation


class _Full(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        entries = _random_rotation(channels).to(torch.get_default_dtype())
        self.entries = nn.Parameter(entries.contiguous())  # Sharding demands it.

    def weight(self) -> Tensor:
        return widen(self.entries)

    def inverse_weight(self) -> Tensor:
        inverse: Tensor = torch.linalg.inv(double(self.entries))
        return inverse

    def logabsdet(self) -> Tensor:
        logabsdet: Tensor = torch.linalg.slogdet(double(self.entries)).logabsdet
        return logabsdet


class _LU(nn.Module):
    permutation: Tensor
    sign: Tensor
    below: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        permutation, lower, upper = torch.linalg.lu(_random_rotation(channels))
        diagonal, dtype = upper.diagonal(), torch.get_default_dtype()
        self.register_buffer("permutation", permutation.to(dtype))
        self.register_buffer("sign", diagonal.sign().to(dtype))
        # Multiplied by: `tril` wakes all threads, which takes longer than so small a matrix.
        self.register_buffer("below", _below_diagonal(channels, dtype), persistent=False)
        self.register_load_state_dict_post_hook(_restore_below)
        self.lower = nn.Parameter(lower.tril(-1).to(dtype).contiguous())
        self.upper = nn.Parameter(upper.triu(1).to(dtype).contiguous())
        self.log_diagonal = nn.Parameter(diagonal.abs().log().to(dtype))

    def weight(self) -> Tensor:
        # P L (U + D) with as few operators as there can be: for small images they are what costs.
        lower, upper, diagonal = self._factors()
        permutation = self.permutation.to(lower.dtype)
        mixed = torch.addmm(permutation, permutation, lower)
        return torch.addmm(mixed * diagonal, mixed, upper)

    def inverse_weight(self) -> Tensor:
        lower, upper, diagonal = (double(factor) for factor in self._factors())
        inverse: Tensor = torch.linalg.solve_triangular(
            lower, self.permutation.to(lower.dtype).T, upper=False, unitriangular=True
        )
        inverse = torch.linalg.solve_triangular(upper + diagonal.diag(), inverse, upper=True)
        return inverse  # noqa: RET504  (mypy wants the annotation above)

    def logabsdet(self) -> Tensor:
        return widen(self.log_diagonal).sum()

    def _factors(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return L below its diagonal, U above its diagonal, and the diagonal of U."""
        diagonal = self.sign * widen(self.log_diagonal).exp()
        return widen(self.lower) * self.below, widen(self.upper) * self.below.mT, diagonal


def _below_diagonal(channels: int, dtype: torch.dtype) -> Tensor:
    return torch.ones(channels, channels, dtype=dtype).tril(-1)


def _restore_below(matrix: _LU, _: object) -> None:
    """Make the constant again: built without memory and then loaded, a model has none."""
    lower = matrix.lower
    matrix.below = _below_diagonal(lower.shape[0], lower.dtype).to(lower.device)


class _Orthogonal(nn.Module):
    rotation: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        dtype = torch.get_default_dtype()
        self.register_buffer("rotation", _random_rotation(channels).to(dtype))
        self.generator = nn.Parameter(torch.zeros(channels, channels))

    def weight(self) -> Tensor:
        return orthogonal_matrix(self.rotation, self.generator)

    def inverse_weight(self) -> Tensor:
        return self.weight().mT

    def logabsdet(self) -> Tensor:
        return self.generator.new_zeros((), dtype=widen(self.generator).dtype)


def orthogonal_matrix(base: Tensor, generator: Tensor) -> Tensor:
    r"""Return :math:`Q \exp(A - A^T)`, orthogonal whenever the base :math:`Q` is."""
    generator, base = widen(generator), widen(base)
    for _ in range(3):  # Newton's steps to the nearest orthogonal matrix: a base that was rounded
        base = 1.5 * base - 0.5 * base @ (base.mT @ base)  # when stored is exact again.
    matrix: Tensor = base @ torch.linalg.matrix_exp(generator - generator.mT)
    return matrix
