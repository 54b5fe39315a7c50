"""Chroma put onto a grey photograph, whose luma stays."""

import torch
from torch import Tensor

from flowcolor.color import lab_of, lab_to_rgb, to_gray
from flowcolor.models.hints import Hints
from flowcolor.values import require_fractions, widen

REACH = 110.0  # No a and no b of a colour that a screen can show is further from 0.


def paint_chroma(content: Tensor, chroma: Tensor) -> Tensor:
    r"""Return the image of a content's lightness and given a and b, with the content's luma.

    .. math:: I = J + Y(I_s) - Y(J), \qquad J = \mathrm{RGB}\big(L(I_s), ab\big)

    A grey photograph is the luma :math:`Y` of the true one. Its lightness is not: colours of one
    lightness differ in luma, so what the conversion adds is taken back.

    Args:
        content: :math:`(B, 3, H, W)` in [0, 1], three equal channels.
        chroma: a and b, :math:`(B, 2, H, W)`.

    Raises:
        ValueError: These are no float tensors of such shapes.

    Example:
        >>> gray = torch.full((1, 3, 1, 1), 0.5)
        >>> red = paint_chroma(gray, torch.tensor([40.0, 20.0]).view(1, 2, 1, 1))
        >>> bool(torch.isclose(to_gray(red), gray[:, :1]).all()), bool(red[0, 0] > red[0, 2])
        (True, True)
    """
    require_fractions("paint_chroma", content, chroma)
    planes = content.ndim == chroma.ndim == 4
    if not planes or (content.shape[1], chroma.shape[1]) != (3, 2):
        raise ValueError(
            "paint_chroma expects content of shape (batch, 3, height, width) and chroma of shape "
            f"(batch, 2, height, width), got {tuple(content.shape)} and {tuple(chroma.shape)}."
        )
    image = lab_to_rgb(torch.cat([lab_of(content)[:, :1], widen(chroma)], 1))
    return (image + to_gray(content) - to_gray(image)).to(content.dtype)


def centered_lightness(content: Tensor) -> Tensor:
    """Return the lightness as networks read it, from -1/2 for black to 1/2 for white."""
    return (lab_of(content)[:, :1] - 50) / 100


def light_and_points(content: Tensor, hints: Hints | None) -> Tensor:
    """Return lightness, chroma at given points, and where these are, all of them around zero."""
    light = centered_lightness(content)
    if hints is None:
        given = light.new_zeros(light.shape[0], 3, *light.shape[2:])
    else:
        mask = hints.mask.to(light)
        colors = hints.colors.where(hints.mask > 0, 0).to(light)
        given = torch.cat([mask * lab_of(colors)[:, 1:] / REACH, mask], 1)
    return torch.cat([light, given[:, :2], given[:, 2:] - 0.5], 1)
