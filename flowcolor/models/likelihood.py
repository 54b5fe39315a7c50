r"""Densities of images: bytes made continuous, and what a density is worth in bits."""

import math
from numbers import Integral

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.arguments import check_count, check_generator, plain_numbers
from flowcolor.bounds import is_endless, shown_value
from flowcolor.layers.base import LogDet
from flowcolor.values import require_colors, require_floats, require_real, widen

Bits = Float[Tensor, " batch"]


def dequantize(
    images: Tensor, bits: int = 8, generator: torch.Generator | None = None
) -> Float[Tensor, "batch ..."]:
    r"""Spread each value of an image evenly over its bin.

    .. math:: v = \frac{k + u}{2^n}, \qquad
        k = \Big\lfloor \frac{\mathrm{round}(255\,x)}{2^{8-n}} \Big\rfloor, \qquad
        u \sim \mathrm{U}[0, 1)

    A density of :math:`v` bounds the probability of the bytes from below; without the noise it
    could grow without bound where images have many equal values. Images that are no bytes, resized
    ones for instance, are rounded to bytes first; what is not finite becomes NaN.

    Args:
        images: Values in [0, 1], of any shape.
        bits: How many bits :math:`n` of each byte count, 1 to 8.
        generator: Source of the noise.

    Returns:
        Values in [0, 1), float32 or wider.

    Raises:
        ValueError: If ``bits`` is no number from 1 to 8, or ``images`` are no float images or have
            values of another range.

    Reference:
        Theis et al., "A note on the evaluation of generative models" (2016), section 3.1.
        https://arxiv.org/abs/1511.01844

    Example:
        >>> (32 * dequantize(torch.tensor([0.0, 1.0]), bits=5)).floor()
        tensor([ 0., 31.])
    """
    bits = whole_bits("dequantize", bits)
    require_floats("dequantize", images)
    check_generator(dequantize, generator)
    wide = widen(images)
    known = wide.where(wide.isfinite(), torch.nan)
    require_colors("dequantize", known)  # Clamped, images of 0 to 255 would be all white.
    bytes_ = (255 * known).round().clamp(0, 255)
    bins = (bytes_ / 2 ** (8 - bits)).floor()
    noise = torch.rand(bins.shape, generator=generator, dtype=bins.dtype, device=bins.device)
    # Rounding may take 0.9999999 to the next bin, which the last one has not.
    values: Tensor = (bins + noise) / 2**bits
    return values.clamp(max=1 - torch.finfo(bins.dtype).eps)


def log_normal(z: Tensor) -> LogDet:
    r"""Return the log-density of standard normal noise, one number per sample.

    .. math:: \log \mathcal{N}(z; 0, 1) = -\tfrac12 \|z\|^2 - \tfrac N2 \log 2\pi

    Example:
        >>> log_normal(torch.zeros(2, 3, 4, 4)).shape
        torch.Size([2])
    """
    require_floats("log_normal", z)
    if z.ndim < 2:
        shown = f"a tensor of shape {tuple(z.shape)}"
        raise ValueError(f"log_normal expects a batch, (batch, ...), got {shown}.")
    z = widen(z).flatten(1)
    squares: Tensor = z.square().sum(1)
    return -0.5 * (squares + z.shape[1] * math.log(2 * math.pi))


@plain_numbers
def bits_per_dim(log_prob: Bits, count: int, bits: int = 8) -> Bits:
    r"""Return the bits that a code of this density needs for each value of an image.

    .. math:: b = \frac{-\log p(v) + N \log 2^n}{N \log 2}

    A density that is even over all images of 8 bits has 8.

    Args:
        log_prob: :math:`\log p(v)` in nats, of images as :func:`dequantize` returns them.
        count: Values of one image, :math:`N`.
        bits: As :func:`dequantize` was told, :math:`n`.

    Example:
        >>> bits_per_dim(torch.zeros(2), 3 * 64 * 64, bits=5)
        tensor([5., 5.])
    """
    bits = whole_bits("bits_per_dim", bits)
    check_count(bits_per_dim, count=count)
    if is_endless(count):
        raise ValueError(
            f"bits_per_dim expects count to be of up to 64 bits, got {shown_value(count)}."
        )
    require_real("bits_per_dim", log_prob)
    return bits - log_prob / (count * math.log(2))


def whole_bits(owner: str, bits: object) -> int:
    """Return ``bits`` as Python's own number: of NumPy's bytes, the powers would overflow.

    Raises:
        ValueError: They are no whole number from 1 to 8.
    """
    if not isinstance(bits, Integral) or isinstance(bits, bool) or int(bits) not in range(1, 9):
        got = shown_value(bits)
        raise ValueError(f"{owner} expects bits to be a whole number from 1 to 8, got {got}.")
    return int(bits)
