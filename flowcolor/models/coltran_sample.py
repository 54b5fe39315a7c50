"""Colours drawn one pixel after another, each looked at once."""

import torch
from torch import Tensor

from flowcolor.models.axial_attention import Map, Past
from flowcolor.models.axial_block import blocks_of
from flowcolor.models.coltran_core import ColTranCore


@torch.no_grad()
def sample_colors(
    core: ColTranCore,
    encoding: Map,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw the colours of an image, and return them with the logits that they were drawn by.

    Keys and values of pixels that are there are kept: the inner decoder sees one pixel at a time,
    the outer one row, instead of everything for every pixel.

    Args:
        core: The probabilities.
        encoding: Of the grey images, as the core encodes them.
        temperature: Divides the logits; 0 takes the likeliest colour of each pixel.
        generator: Source of chance. ``None``: the likeliest colours.

    Returns:
        Bins :math:`(B, H, W)` and logits :math:`(B, H, W, 512)`.
    """
    outer, inner = blocks_of(core.outer), blocks_of(core.inner)
    outer_scales = [block.scales(encoding) for block in outer]
    inner_scales = [block.scales(encoding) for block in inner]
    outer_places, inner_places = core.outer_places(), core.inner_places()
    outer_past: list[Past | None] = [None] * len(outer)
    above = torch.zeros_like(encoding[:, :1])
    rows, logits = [], []
    for y in range(core.side):
        conditions = torch.cat([encoding[:, y : y + 1], above], -1)
        inner_past: list[Past | None] = [None] * len(inner)
        left, colors = torch.zeros_like(encoding[:, :1, :1]), []
        for x in range(core.side):
            found = left + inner_places[y, x]
            condition = conditions[:, :, x : x + 1]
            for i, block in enumerate(inner):
                found, inner_past[i] = block(found, condition, inner_scales[i], inner_past[i])
            logits.append(core.logits(found)[:, 0, 0])
            colors.append(_draw(logits[-1], temperature, generator))
            left = core.symbol(colors[-1])[:, None, None]
        rows.append(torch.stack(colors, 1))
        above = core.symbol(rows[-1])[:, None] + outer_places[y]
        for i, block in enumerate(outer):
            # Along its row a pixel sees that row alone, which is whole.
            past = outer_past[i] if block.attention.along == "column" else None
            above, outer_past[i] = block(above, encoding[:, y : y + 1], outer_scales[i], past)
    return torch.stack(rows, 1), torch.stack(logits, 1).unflatten(1, (core.side, core.side))


def _draw(logits: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
    if generator is None or temperature == 0:
        return logits.argmax(-1)
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[:, 0]
