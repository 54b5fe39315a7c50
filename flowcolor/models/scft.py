r"""SCFT: each place of a drawing finds its colour at a place of the reference, by attention."""

from typing import Any, ClassVar, NamedTuple, cast

import torch
from torch import Tensor, nn

from flowcolor.arguments import MOST_BLOCKS, MOST_PARAMETERS, check_choice, check_count
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.hints import Hints
from flowcolor.models.position_attention import PositionAttention
from flowcolor.models.scft_nets import Norm, ScftDecoder, ScftEncoder, ScftResidual, pooled_maps


class Match(NamedTuple):
    """A picture, and what the places of drawing and reference were compared by."""

    image: Tensor
    query: Tensor
    key: Tensor


class SCFT(Colorizer):
    r"""Paint a drawing with colours that each of its places fetches from the reference.

    .. math::
        c = \mathrm{attend}\big(E_s(I_s), E_r(I_{ref})\big), \qquad
        I_{rec} = \tfrac12 \big(1 + D([c + R(c), c], E_s(I_s))\big)

    with encoders :math:`E`, whose maps of all levels are averaged to the size of the coarsest, a
    :class:`~flowcolor.models.position_attention.PositionAttention`, residual blocks :math:`R`, and
    a decoder :math:`D`, which sees the maps of the drawing again.

    Args:
        width: Channels of the finest level; they double at each further one.
        levels: How often sides are halved.
        blocks: Residual blocks.
        inner: Channels of attention and residual blocks, to which a 1x1 convolution brings the
            maps. ``None``: the sum of all maps' channels, as published.
        norm: ``"batch"`` as published, where a result in training depends on the batch;
            ``"instance"`` normalises each image by itself, in training and in use.

    Attributes:
        attention: The attention.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``,
          :math:`2^n` for :math:`n` levels, and at least two of them. A reference may be of another
          size than the content.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Lee et al., "Reference-Based Sketch Image Colorization using Augmented-Self Reference and
        Dense Semantic Correspondence" (2020), section 3. https://arxiv.org/abs/2005.05207

    Example:
        >>> model = SCFT(width=4, levels=2, blocks=1).eval()
        >>> model.colorize(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 8, 24)).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "required"
    least = 2

    def __init__(
        self,
        width: int = 16,
        levels: int = 4,
        blocks: int = 4,
        inner: int | None = None,
        norm: Norm = "batch",
    ) -> None:
        super().__init__()
        check_count(self, width=width, levels=levels, blocks=blocks)
        if inner is not None:
            check_count(self, inner=inner)
        check_choice(self, norm=(norm, Norm))
        self.config: dict[str, Any] = {
            "width": width,
            "levels": levels,
            "blocks": blocks,
            "inner": inner,
            "norm": norm,
        }
        self._check_sizes()
        widths = [width * 2**level for level in range(levels + 1)]
        total = 2 * sum(widths)
        channels = total if inner is None else inner
        self.multiple = 2**levels
        self.drawing_encoder = ScftEncoder(1, widths, norm)
        self.reference_encoder = ScftEncoder(3, widths, norm)
        self.drawing_projection, self.reference_projection = (
            nn.Identity() if inner is None else nn.Conv2d(total, inner, 1) for _ in range(2)
        )
        self.attention = PositionAttention(channels)
        self.residual = nn.Sequential(*(ScftResidual(channels, norm) for _ in range(blocks)))
        self.decoder = ScftDecoder(2 * channels, widths, norm)

    def colorize(
        self,
        content: Tensor,
        reference: Tensor | None = None,
        *,
        reference_content: Tensor | None = None,
        hints: Hints | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Paint ``content`` with the colours of ``reference``; values lie in [0, 1]."""
        self.check_inputs(content, reference, hints, temperature, generator)
        return self.match(content, cast(Tensor, reference)).image

    def match(self, content: Tensor, reference: Tensor) -> Match:
        """Return the picture, and the queries and keys by which it was found.

        Shape:
            - ``query``, ``key``: :math:`(B, C, H / 2^n, W / 2^n)` of the content and of the
              reference, the similarity of two places being their product over the root of C.
        """
        self.check_inputs(content, reference)
        maps = self.drawing_encoder(2 * content[:, :1] - 1)
        drawing = self.drawing_projection(pooled_maps(maps))
        photo = self.reference_projection(pooled_maps(self.reference_encoder(2 * reference - 1)))
        features, query, key = self.attention(drawing, photo)
        deep = torch.cat([features + self.residual(features), features], 1)
        return Match((self.decoder(deep, maps) + 1) / 2, query, key)

    def _check_sizes(self) -> None:
        """Refuse what no machine could build before memory is asked for."""
        width, levels, blocks = (self.config[name] for name in ("width", "levels", "blocks"))
        inner = self.config["inner"] or 2 * width * (2 ** min(levels + 1, 16) - 1)
        parameters = (18 * blocks + 3) * inner**2 + 60 * (width * 2 ** min(levels, 16)) ** 2
        if levels > 16 or blocks > MOST_BLOCKS or parameters > MOST_PARAMETERS:
            raise ValueError(
                f"SCFT expects up to 16 levels, {MOST_BLOCKS} blocks and "
                f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, got {self.config}."
            )
