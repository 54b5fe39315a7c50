r"""Give one latent the statistics of another, image by image."""

import math
from collections.abc import Callable
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.arguments import check_positive
from flowcolor.layers.base import to_float64
from flowcolor.values import is_float, require_tensors, without_autocast

Transfer = Literal["adain", "wct"]
Latents = Float[Tensor, "batch channels _ _"]


def transfer_mean_and_std(content: Latents, style: Latents, eps: float = 1e-5) -> Latents:
    r"""Give each channel the mean and the standard deviation of the style's (AdaIN).

    .. math:: y = \sqrt{\frac{\sigma_s^2 + \epsilon}{\sigma_c^2 + \epsilon}} \odot (c - \mu_c)
        + \mu_s

    Args:
        content: :math:`c`. Means and unbiased variances are those of one image's pixels, at least
            two.
        style: :math:`s`, as many images of as many channels; other sizes are fine.
        eps: :math:`\epsilon`, so that a flat channel is magnified by
            :math:`\sqrt{\sigma_s^2 / \epsilon}` at most.

    Reference:
        Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance
        normalization" (2017), equation 8. https://arxiv.org/abs/1703.06868
    """
    _check_latents("transfer_mean_and_std", content, style)
    check_positive(transfer_mean_and_std, eps=eps)
    over = {"dim": (2, 3), "keepdim": True}
    variances = (latent.var(**over) + eps for latent in (style, content))  # type: ignore[call-overload]
    style_variance, variance = variances
    ratio = (style_variance / variance).sqrt()
    return (content - content.mean(**over)) * ratio + style.mean(**over)  # type: ignore[call-overload,no-any-return]


def transfer_covariance(content: Latents, style: Latents, eps: float = 1e-5) -> Latents:
    r"""Give each image the mean and the covariance of the style's channels (WCT).

    .. math:: y = \Sigma_s^{1/2}\, \Sigma_c^{-1/2} (c - \mu_c) + \mu_s, \qquad
        \Sigma = V \max(\Lambda, \epsilon) V^T

    for the covariance :math:`V \Lambda V^T` of one image's pixels. Smaller eigenvalues are raised
    to :math:`\epsilon`; the code released with ArtFlow drops them, by which an image of few colours
    would not come back from a transfer of its own statistics. The roots are taken in float64, and
    their gradients are finite for equal eigenvalues, too.

    Args:
        content: :math:`c`, of at least two pixels.
        style: :math:`s`, as many images of as many channels; other sizes are fine.
        eps: :math:`\epsilon`.

    Reference:
        Li et al., "Universal style transfer via feature transforms" (2017), equations 2 and 3.
        https://arxiv.org/abs/1705.08086
    """
    _check_latents("transfer_covariance", content, style)
    check_positive(transfer_covariance, eps=eps)
    (mean, covariance), (style_mean, style_covariance) = map(_moments, (content, style))
    color = symmetric_root(style_covariance, eps)
    matrix = (color @ symmetric_root(covariance, eps, inverse=True)).to(content.dtype)
    centred = content.flatten(2) - mean
    with without_autocast(content):
        return (matrix @ centred + style_mean).view(content.shape)


def symmetric_root(
    matrix: Float[Tensor, "batch n n"], eps: float, *, inverse: bool = False
) -> Float[Tensor, "batch n n"]:
    r"""Return :math:`V \max(\Lambda, \epsilon)^{\pm 1/2} V^T` of :math:`V \Lambda V^T`.

    Args:
        matrix: Symmetric.
        eps: :math:`\epsilon`.
        inverse: Whether the sign is minus.
    """
    root: Tensor = _SymmetricRoot.apply(matrix, eps, inverse)[0]
    return root


class _SymmetricRoot(torch.autograd.Function):
    r"""A root with the derivative of Daleckii and Krein.

    Autograd's own, by way of ``eigh``, divides by differences of eigenvalues, which are zero for
    all that a drawing has no colour for. Here these differences cancel:

    .. math:: \dot M = V \big( K \odot (V^T \dot R V) \big) V^T, \qquad
        K_{ij} = \frac{f(\lambda_i) - f(\lambda_j)}{\lambda_i - \lambda_j}
    """

    generate_vmap_rule = True  # For all of `torch.func`.

    @staticmethod
    def forward(matrix: Tensor, eps: float, inverse: bool) -> tuple[Tensor, Tensor, Tensor]:
        values, vectors = _eigen(matrix)
        roots = values.clamp(min=eps).sqrt()
        scaled = vectors / roots[:, None] if inverse else vectors * roots[:, None]
        return scaled @ vectors.mT, values, vectors

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        matrix, ctx.eps, ctx.inverse = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(matrix, *output[1:])
        ctx.save_for_forward(matrix, *output[1:])

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor, None, None]:
        return _along(ctx, grad), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> tuple[Tensor, None, None]:
        return _along(ctx, (tangent + tangent.mT) / 2), None, None


def _eigen(matrix: Tensor) -> tuple[Tensor, Tensor]:
    # NaN would end in an exception of LAPACK; the caller's latents hand it on anyway.
    known = matrix.isfinite().all(-1, keepdim=True).all(-2, keepdim=True)
    values, vectors = torch.linalg.eigh(torch.where(known, matrix, 0.0))
    return values, vectors


def _along(ctx: Any, change: Tensor) -> Tensor:
    """Return the derivative in the direction of a symmetric change; it is its own transpose."""
    matrix, values, vectors = ctx.saved_tensors
    if torch.is_grad_enabled():  # To be differentiated again: with their own derivatives.
        values, vectors = _eigen(matrix)
    raised = values.clamp(min=ctx.eps)
    low, high = (op(values[:, :, None], values[:, None]) for op in _ENDS)
    # How much of a difference is left by raising: all above eps, nothing below.
    gap = torch.where(high > low, high - low, 1.0)
    left = (high.clamp(min=ctx.eps) - low.clamp(min=ctx.eps)) / gap
    left = torch.where(high > low, left, (low > ctx.eps).to(left.dtype))
    root = raised.sqrt()
    factor = left / (root[:, :, None] + root[:, None])
    if ctx.inverse:
        factor = -factor / (root[:, :, None] * root[:, None])
    inner = factor * (vectors.mT @ change @ vectors)
    derivative: Tensor = vectors @ ((inner + inner.mT) / 2) @ vectors.mT
    return derivative


_ENDS = (torch.minimum, torch.maximum)


def _moments(latents: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean of each image's pixels, (B, C, 1), and their covariance in float64."""
    pixels = latents.flatten(2)
    mean = pixels.mean(2, keepdim=True)
    centred = to_float64(pixels - mean)
    return mean, centred @ centred.mT / (pixels.shape[2] - 1)


TRANSFERS: dict[Transfer, Callable[[Tensor, Tensor, float], Tensor]] = {
    "adain": transfer_mean_and_std,
    "wct": transfer_covariance,
}


def _check_latents(name: str, content: Tensor, style: Tensor) -> None:
    """Refuse what would broadcast, and single pixels, which have no variance."""
    require_tensors(name, content, style)
    good = all(x.ndim == 4 and is_float(x) for x in (content, style))
    if not good or content.shape[:2] != style.shape[:2]:
        shown = " and ".join(f"{x.dtype} of shape {tuple(x.shape)}" for x in (content, style))
        raise ValueError(
            f"{name} expects two float latents of shape (batch, channels, height, width) with as "
            f"many images and channels, got {shown}."
        )
    if min(math.prod(x.shape[2:]) for x in (content, style)) < 2:
        raise ValueError(
            f"{name} expects at least two pixels, got sides of {tuple(content.shape[2:])} and "
            f"{tuple(style.shape[2:])}."
        )
