r"""Learned square matrices: three parametrisations for channels, orthogonal ones for patches."""

import math
from abc import ABC, abstractmethod
from functools import reduce
from typing import TypeAlias

import torch
from torch import Tensor, nn

from flowcolor.layers.base import to_float64
from flowcolor.values import widen

Folded: TypeAlias = tuple[Tensor, Tensor, Tensor]  # See `fold_affine`.


class ChannelMatrix(nn.Module, ABC):
    """An invertible matrix :math:`W`, at first a random orthogonal one, not always a rotation."""

    @abstractmethod
    def weight(self) -> Tensor:
        """Return :math:`W` in float32 or wider."""

    @abstractmethod
    def inverse_weight(self) -> Tensor:
        """Return the inverse, computed in float64 where that is more exact."""

    @abstractmethod
    def logabsdet(self) -> Tensor:
        r"""Return :math:`\log|\det W|`."""


class Full(ChannelMatrix):
    r"""Learn all entries of :math:`W`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        entries = random_rotation(channels).to(torch.get_default_dtype())
        # `qr` returns a transposed view, and `fully_shard` refuses what is not contiguous.
        self.entries = nn.Parameter(entries.contiguous())

    def weight(self) -> Tensor:
        return widen(self.entries)

    def inverse_weight(self) -> Tensor:
        inverse: Tensor = torch.linalg.inv(to_float64(self.entries))
        return inverse

    def logabsdet(self) -> Tensor:
        logabsdet: Tensor = torch.linalg.slogdet(to_float64(self.entries)).logabsdet
        return logabsdet


class LU(ChannelMatrix):
    r"""Learn :math:`W = P L (U + \mathrm{diag}(\sigma e^{s}))`."""

    permutation: Tensor
    sign: Tensor
    below: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        permutation, lower, upper = torch.linalg.lu(random_rotation(channels))
        diagonal, dtype = upper.diagonal(), torch.get_default_dtype()
        self.register_buffer("permutation", permutation.to(dtype))
        self.register_buffer("sign", diagonal.sign().to(dtype))
        # Multiplied by: `tril` wakes all threads, which takes longer than the arithmetic on so
        # small a matrix.
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
        lower, upper, diagonal = (to_float64(factor) for factor in self._factors())
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


def _restore_below(matrix: LU, _: object) -> None:
    """Make the constant again: built without memory and then loaded, a model has none."""
    lower = matrix.lower
    matrix.below = _below_diagonal(lower.shape[0], lower.dtype).to(lower.device)


class Orthogonal(ChannelMatrix):
    r"""Learn :math:`W = Q \exp(A - A^T)`."""

    rotation: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        dtype = torch.get_default_dtype()
        self.register_buffer("rotation", random_rotation(channels).to(dtype))
        self.generator = nn.Parameter(torch.zeros(channels, channels))

    def weight(self) -> Tensor:
        return orthogonal_matrix(self.rotation, self.generator)

    def inverse_weight(self) -> Tensor:
        return self.weight().mT

    def logabsdet(self) -> Tensor:
        return self.generator.new_zeros((), dtype=widen(self.generator).dtype)


def fold_affine(
    loc: Tensor, log_scale: Tensor, matrix: ChannelMatrix, dtype: torch.dtype
) -> Folded:
    r"""Return what undoes :math:`y = W (e^s \odot (x - \mu))` in one pass over the pixels.

    .. math:: x = (e^{-s} \odot W^{-1})\, y + \mu

    The other direction is not worth it: :math:`x - \mu` first is what keeps the digits of a channel
    that hardly varies.

    Args:
        loc: :math:`\mu`.
        log_scale: :math:`s`.
        matrix: Of :math:`W`.
        dtype: Precision of the result; it is computed in float64.

    Returns:
        The matrix, :math:`\mu`, and the log-determinant of one pixel.
    """
    log_scale = to_float64(log_scale)
    inverse = (-log_scale).exp()[:, None] * to_float64(matrix.inverse_weight())
    logdet = -log_scale.sum() - to_float64(matrix.logabsdet())
    return inverse.to(dtype), loc.to(dtype), logdet.to(dtype)


def random_rotation(channels: int) -> Tensor:
    """Return a rotation in float64, uniformly distributed."""
    q, r = torch.linalg.qr(torch.randn(channels, channels, dtype=torch.float64))
    rotation: Tensor = (
        q * r.diagonal().sign()
    )  # Without the signs it is not uniform (Mezzadri, 2007).
    rotation[0] *= torch.linalg.det(rotation).sign()  # Otherwise every second is a reflection.
    return rotation.contiguous()  # `qr` transposes, and files take only what lies in order.


def orthogonal_matrix(base: Tensor, generator: Tensor) -> Tensor:
    r"""Return :math:`Q \exp(A - A^T)`, orthogonal whenever the base :math:`Q` is."""
    # A policy of mixed precision, of FSDP for one, rounds parameters and leaves buffers.
    dtype = torch.promote_types(widen(generator).dtype, base.dtype)
    generator, base = generator.to(dtype), base.to(dtype)
    for _ in range(3):  # Newton's steps to the nearest orthogonal matrix: a base that was rounded
        base = 1.5 * base - 0.5 * base @ (base.mT @ base)  # when stored is exact again.
    matrix: Tensor = base @ torch.linalg.matrix_exp(generator - generator.mT)
    return matrix


def cosine_basis(factor: int, dims: int = 2) -> Tensor:
    """Return the orthonormal DCT-II of a patch of ``dims`` axes; Haar's matrix for factor 2.

    Rows are coefficients, the mean first; columns are pixels in reading order.
    """
    n = torch.arange(factor, dtype=torch.float64)
    one = torch.cos(math.pi / factor * (n + 0.5) * n[:, None]) * math.sqrt(2 / factor)
    one[0] /= math.sqrt(2)
    return reduce(torch.kron, [one] * dims).to(torch.get_default_dtype())
