r"""Guided colorization: the colours of a grey photograph, learned, and corrected by a few dots."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from flowcolor.arguments import check_count
from flowcolor.models.base import Colorizer, Content, Precision, Use
from flowcolor.models.chroma_paint import REACH, light_and_points, paint_chroma
from flowcolor.models.guided_net import GuidedNet
from flowcolor.models.hints import Hints
from flowcolor.values import widen


class Guided(Colorizer):
    r"""Give a grey photograph the colours that it may have had, and has at given points.

    .. math::
        ab = 110 \tanh G\big(\tfrac{L - 50}{100},\; \tfrac{m\,ab_h}{110},\; m - \tfrac12\big)

    with CIE lightness :math:`L` of the content, hints :math:`ab_h` where the mask :math:`m` is
    above 0, and the network :math:`G`, see :class:`~flowcolor.models.guided_net.GuidedNet`. The
    result has the content's luma. Without hints all of :math:`m` is 0.

    Args:
        width: Channels of the first stage; 64 as published.

    Attributes:
        net: The network :math:`G`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of 8.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Zhang et al., "Real-time user-guided image colorization with learned deep priors" (2017),
        section 3. https://arxiv.org/abs/1705.02999

    Example:
        >>> model, mask = Guided(width=4).eval(), torch.zeros(1, 1, 16, 16)
        >>> mask[..., 4, 4] = 1
        >>> gray = torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1)
        >>> model.colorize(gray, hints=Hints(torch.rand(1, 3, 16, 16), mask)).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"gray"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "unused"
    hints: Use = "optional"
    keeps_luminance: ClassVar[bool] = True
    multiple = 8

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        check_count(self, width=width)
        if width > 512:  # Two billion parameters.
            raise ValueError(f"Guided expects width to be at most 512, got {width}.")
        self.config: dict[str, Any] = {"width": width}
        self.net = GuidedNet(width)

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
        """Return ``content`` in the colours that it may have had, near the hints in theirs."""
        self.check_inputs(content, reference, hints, temperature, generator)
        seen = light_and_points(content, hints)
        return paint_chroma(content, REACH * widen(self.net(seen)).tanh())
