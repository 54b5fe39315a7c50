"""Colours drawn one pixel after another, each looked at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from flowcolor.models.axial_attention import Map, Past
from flowcolor.models.axial_block import blocks_of
from flowcolor.models.color_symbols import BINS
from flowcolor.models.coltran_core import ColTranCore
from flowcolor.models.sample_noise import sample_streams


@torch.no_grad()
def sample_colors(
    core: ColTranCore,
    encoding: Map,
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    r"""Draw the colours of an image, and return them with the logits that they were drawn by.

    .. math:: x = \arg\max_k (l_k - T \log e_k), \qquad e_k \sim \mathrm{Exp}(1)

    has the probabilities :math:`\mathrm{softmax}(l / T)` of the logits :math:`l` at the temperature
    :math:`T`, and needs no sums of them. The :math:`e` of each image are a stream of its own.

    Keys and values of pixels that are there are kept: the inner decoder sees one pixel at a time,
    the outer one row, instead of everything for every pixel.

    Args:
        core: The probabilities.
        encoding: Of the grey images, as the core encodes them.
        temperature: :math:`T`; 0 takes the likeliest colour of each pixel.
        generator: Source of chance. ``None``: the likeliest colours.

    Returns:
        Bins :math:`(B, H, W)` and logits :math:`(B, H, W, 512)`.
    """
    streams = None if generator is None else sample_streams(len(encoding), generator)
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
        luck = None if streams is None else _luck(streams, core.side).to(encoding.device)
        for x in range(core.side):
            found = left + inner_places[y, x]
            condition = conditions[:, :, x : x + 1]
            for i, block in enumerate(inner):
                found, inner_past[i] = block(found, condition, inner_scales[i], inner_past[i])
            logits.append(core.logits(found)[:, 0, 0])
            scores = logits[-1] if luck is None else logits[-1] + temperature * luck[:, x]
            colors.append(scores.argmax(-1))
            left = core.symbol(colors[-1])[:, None, None]
        rows.append(torch.stack(colors, 1))
        above = core.symbol(rows[-1])[:, None] + outer_places[y]
        for i, block in enumerate(outer):
            # Along its row a pixel sees that row alone, which is whole.
            past = outer_past[i] if block.attention.along == "column" else None
            above, outer_past[i] = block(above, encoding[:, y : y + 1], outer_scales[i], past)
    return torch.stack(rows, 1), torch.stack(logits, 1).unflatten(1, (core.side, core.side))


def _luck(streams: Sequence[torch.Generator], count: int) -> Tensor:
    """Return what chance adds to the logits of so many pixels, (B, N, 512)."""
    # Drawn in float64, whose smallest numbers make the tail. Then float32 whatever the model's
    # type: else the same seed would draw another picture in float64.
    # On the CPU, where the streams are, whatever torch's default device.
    empty = [torch.empty(count, BINS, dtype=torch.float64, device="cpu") for _ in streams]
    drawn = [e.exponential_(generator=s) for e, s in zip(empty, streams, strict=True)]
    return torch.stack(drawn).log().neg().float()
