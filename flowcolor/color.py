"""Colour spaces: grey and luma, YUV, hue, and what people see, CIE 1976 L*a*b*."""

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.values import (
    is_float,
    require_colors,
    require_floats,
    require_tensors,
    widen,
    without_autocast,
)

_LUMA = (0.299, 0.587, 0.114)
# Of JPEG, whose luma is Rec. 601's; chroma reaches from -1/2 to 1/2.
_YUV = (
    (0.299, 0.587, 0.114),
    (-0.299 / 1.772, -0.587 / 1.772, 0.5),
    (0.5, -0.587 / 1.402, -0.114 / 1.402),
)
# sRGB's primaries and the white point D65 (IEC 61966-2-1), to the digits that scikit-image uses.
_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)
_DARK = 0.008856  # Of white: below, lightness grows in a straight line.


def to_gray(image: Float[Tensor, "*b 3 h w"]) -> Float[Tensor, "*b 1 h w"]:
    """Return luma of Rec. 601, as Pillow's and OpenCV's grey.

    Raises:
        ValueError: If ``image`` is not a float image of three channels, or of one, which is grey
            already: whole numbers cannot hold the weights.
    """
    require_floats("to_gray", image)
    if image.ndim < 3 or image.shape[-3] not in (1, 3):
        raise ValueError(
            f"to_gray expects images of shape (*, 3, height, width), got {tuple(image.shape)}."
        )
    weight = image.new_tensor(_LUMA)[:, None, None]
    return (image * weight).sum(-3, keepdim=True)


def rgb_to_yuv(
    images: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    """Return luma of Rec. 601 and chroma from -1/2 to 1/2, in float32 or wider.

    With bytes, JPEG writes chroma as 255 times ours plus 128.

    Raises:
        ValueError: If ``images`` are not float images of shape (batch, 3, height, width).
    """
    _require_three("rgb_to_yuv", images)
    wide = widen(images)
    with without_autocast(wide):  # It would round the product.
        yuv: Tensor = torch.tensordot(wide, wide.new_tensor(_YUV), ([1], [1])).movedim(-1, 1)
    return yuv


def yuv_to_rgb(
    images: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    r"""Undo :func:`rgb_to_yuv` exactly, not by the rounded constants of JPEG's tables.

    .. math:: R = Y + 1.402 V, \qquad B = Y + 1.772 U, \qquad
              G = (Y - 0.299 R - 0.114 B) / 0.587

    Values are not clamped: not every luma has every chroma, see :func:`into_gamut`.

    Raises:
        ValueError: If ``images`` are not float images of shape (batch, 3, height, width).

    Example:
        >>> image = torch.rand(1, 3, 4, 4)
        >>> torch.allclose(yuv_to_rgb(rgb_to_yuv(image)), image, atol=1e-6)
        True
    """
    _require_three("yuv_to_rgb", images)
    y, u, v = widen(images).unbind(1)
    red, blue = y + 1.402 * v, y + 1.772 * u
    return torch.stack([red, (y - _LUMA[0] * red - _LUMA[2] * blue) / _LUMA[1], blue], 1)


def with_luma(
    image: Float[Tensor, "batch 3 height width"], luma: Float[Tensor, "batch 1 height width"]
) -> Float[Tensor, "batch 3 height width"]:
    """Return the chroma of an image under another luma, in float32 or wider, not clamped.

    Raises:
        ValueError: If they are not float images of three channels and of one and of the same size.

    Example:
        >>> image, gray = torch.rand(1, 3, 4, 4), torch.rand(1, 1, 4, 4)
        >>> torch.allclose(to_gray(with_luma(image, gray)), gray, atol=1e-6)
        True
    """
    _require_three("with_luma", image)
    require_floats("with_luma", image, luma)
    expected = (image.shape[0], 1, *image.shape[2:])
    if luma.shape != expected:
        raise ValueError(f"with_luma expects luma of shape {expected}, got {tuple(luma.shape)}.")
    return yuv_to_rgb(torch.cat([luma, rgb_to_yuv(image)[:, 1:]], 1))


def into_gamut(
    image: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    r"""Move colours outside of [0, 1] towards the grey of their own luma until they fit.

    .. math:: x' = Y + s\,(x - Y), \qquad
              s = \max \{s \le 1 : 0 \le Y + s\,(x_k - Y) \le 1 \text{ for all } k\}

    Clamping instead would change luma and hue. Luma outside of [0, 1] is clamped; what fits stays
    as it is.

    Raises:
        ValueError: If ``image`` is not a float image of shape (batch, 3, height, width).

    Example:
        >>> too_red = torch.tensor([1.4, 0.2, 0.2]).view(1, 3, 1, 1)
        >>> fitting = into_gamut(too_red)
        >>> float(fitting.amax()), bool(torch.isclose(to_gray(fitting), to_gray(too_red)).all())
        (1.0, True)
    """
    _require_three("into_gamut", image)
    luma = to_gray(image)
    gray = luma.clamp(0, 1)
    away = image - luma
    room = torch.where(away > 0, 1 - gray, gray)
    share = torch.where(away.abs() > room, room / away.abs().clamp(min=1e-12), 1)
    fitting = (gray + share.amin(1, keepdim=True) * away).clamp(0, 1)
    fits = (image.amin(1, keepdim=True) >= 0) & (image.amax(1, keepdim=True) <= 1)
    return torch.where(fits, image, fitting)


def turn_hue(image: Tensor, turn: Tensor) -> Tensor:
    """Turn the hue by a part of a full circle, keeping HSV's saturation and value.

    Args:
        image: :math:`(B, 3, H, W)` in [0, 1].
        turn: Of each image, :math:`(B, 1, 1, 1)`, or one for all.

    Raises:
        ValueError: If ``image`` is not a float image of shape (batch, 3, height, width), or
            ``turn`` no float tensor of those shapes.
    """
    _require_three("turn_hue", image)
    require_tensors("turn_hue", image, turn)
    if not is_float(turn) or turn.shape not in ((image.shape[0], 1, 1, 1), (1,) * 4, ()):
        raise ValueError(
            f"turn_hue expects turn to be float numbers of shape ({image.shape[0]}, 1, 1, 1) or "
            f"one, got {turn.dtype} of shape {tuple(turn.shape)}."
        )
    wide = widen(image)
    value, smallest = wide.amax(1, keepdim=True), wide.amin(1, keepdim=True)
    chroma = value - smallest
    red, green, blue = wide.split(1, dim=1)
    safe = torch.where(chroma > 0, chroma, 1)
    sector = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    offsets = wide.new_tensor([5.0, 3.0, 1.0]).view(1, 3, 1, 1)
    k = (offsets + sector + 6 * turn.to(wide)).remainder(6)
    return (value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)).to(image.dtype)


def rgb_to_lab(
    image: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    r"""Convert sRGB images to CIE L*a*b* under D65.

    Linear light is weighted to :math:`(X, Y, Z)`, divided by the white point and compressed,

    .. math:: f(t) = \begin{cases} \sqrt[3]{t} & t > 0.008856 \\ 7.787\,t + 16/116 &
              \text{otherwise,} \end{cases} \qquad
              L = 116 f(Y) - 16, \quad a = 500 (f(X) - f(Y)), \quad b = 200 (f(Y) - f(Z)).

    Args:
        image: Values are clamped to :math:`[0, 1]` first; NaN stays NaN, and infinity becomes it
            where it is not refused.

    Returns:
        L in :math:`[0, 100]`, a and b in about :math:`[-108, 99]`, float32 or wider.

    Raises:
        ValueError: If ``image`` is not a float image of shape (batch, 3, height, width), or has
            values far outside [0, 1].

    Reference:
        IEC 61966-2-1 (1999); CIE 15 (2004). The same numbers as ``skimage.color.rgb2lab``.

    Example:
        >>> rgb_to_lab(torch.rand(2, 3, 4, 4)).shape
        torch.Size([2, 3, 4, 4])
    """
    _require_three("rgb_to_lab", image)
    require_colors("rgb_to_lab", image)
    return lab_of(image)


def lab_of(
    image: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    """Do what :func:`rgb_to_lab` does without looking at the values, which are clamped.

    For networks, whose GPU must not wait for a look, and for what they paint before they have
    learned to, which may have any values. What is not finite becomes NaN.

    Raises:
        ValueError: If ``image`` is not a float image of shape (batch, 3, height, width).
    """
    _require_three("lab_of", image)
    rgb = widen(image)
    rgb = rgb.clamp(0, 1).where(rgb.isfinite(), torch.nan)
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    white = rgb.new_tensor(_WHITE).view(3, 1)
    # A sum of products rather than a matrix product, which autocast and TF32 would round.
    weights = (rgb.new_tensor(_TO_XYZ) / white)[None, :, :, None, None]
    xyz = (weights * linear[:, None]).sum(2)
    # Clamped, because the root's infinite slope at 0, times 0, would be the gradient of black.
    root = xyz.clamp(min=_DARK).pow(1 / 3)
    x, y, z = torch.where(xyz > _DARK, root, 7.787 * xyz + 16 / 116).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def lab_to_rgb(
    lab: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    r"""Convert CIE L*a*b* under D65 to sRGB: undo :func:`rgb_to_lab`.

    Args:
        lab: L in :math:`[0, 100]`, a and b, of any size.

    Returns:
        RGB in float32 or wider, not clamped: what no screen can show lies outside of
        :math:`[0, 1]`, where negative light is bent as positive light is.

    Raises:
        ValueError: If ``lab`` is not a float image of shape (batch, 3, height, width).

    Reference:
        IEC 61966-2-1 (1999); CIE 15 (2004). The same numbers as ``skimage.color.lab2rgb``, which
        clamps.

    Example:
        >>> image = torch.rand(2, 3, 4, 4)
        >>> torch.allclose(lab_to_rgb(rgb_to_lab(image)), image, atol=1e-5)
        True
    """
    require_tensors("lab_to_rgb", lab)
    if lab.ndim != 4 or lab.shape[1] != 3 or not is_float(lab):
        raise ValueError(
            "lab_to_rgb expects float images of shape (batch, 3, height, width), got "
            f"{lab.dtype} of shape {tuple(lab.shape)}."
        )
    lightness, a, b = widen(lab).unbind(1)
    y = (lightness + 16) / 116
    bent = torch.stack([y + a / 500, y, y - b / 200], 1)
    xyz = torch.where(bent > _DARK ** (1 / 3), bent**3, (bent - 16 / 116) / 7.787)
    # In float64: rounded, the inverse would lose a digit.
    white, matrix = (
        torch.tensor(values, dtype=torch.float64, device="cpu") for values in (_WHITE, _TO_XYZ)
    )
    back = (matrix.inverse() * white).to(xyz)
    linear = (back[None, :, :, None, None] * xyz[:, None]).sum(2)
    bend = 0.04045 / 12.92
    size = linear.abs()
    powers = linear.sign() * (1.055 * size.clamp(min=bend).pow(1 / 2.4) - 0.055)
    return torch.where(size > bend, powers, 12.92 * linear)


def _require_three(name: str, images: Tensor) -> None:
    require_tensors(name, images)
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(
            f"{name} expects images of shape (batch, 3, height, width), got {tuple(images.shape)}."
        )
    require_floats(name, images)
