r"""CIC: the colours of a grey photograph as a choice among bins, not as one mean."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from flowcolor.arguments import check_count, check_positive
from flowcolor.models.ab_bins import COUNT, annealed_mean
from flowcolor.models.base import Colorizer, Content, Precision, Use
from flowcolor.models.chroma_paint import centered_lightness, paint_chroma
from flowcolor.models.dilated_stages import middle, stage
from flowcolor.models.hints import Hints
from flowcolor.values import widen


class CIC(Colorizer):
    r"""Say of each place of a grey photograph how likely each colour is, and mix the likeliest.

    .. math::
        ab = \mathrm{up}_4\Big(\sum_q ab_q\, \mathrm{softmax}_q\big(C(\tfrac{L - 50}{100}) / T
        \big)\Big)

    with CIE lightness :math:`L` of the content, a network :math:`C` to logits of 529 bins at a
    quarter of the size, see :func:`~flowcolor.models.ab_bins.soft_targets`, and linear
    interpolation. The result has the content's luma. A regression would answer the mean of all
    that is possible, which is grey; this one can decide. Trained by
    :class:`~flowcolor.training.objectives.Rebalanced`.

    Args:
        width: Channels of the first stage; 64 as published.
        annealing: The temperature :math:`T`, see :func:`~flowcolor.models.ab_bins.annealed_mean`.

    Attributes:
        net: The network :math:`C`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of 8.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Zhang et al., "Colorful image colorization" (2016), section 2.
        https://arxiv.org/abs/1603.08511

    Example:
        >>> model = CIC(width=4).eval()
        >>> gray = torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1)
        >>> model.logits(gray).shape, model.colorize(gray).shape
        (torch.Size([1, 529, 4, 4]), torch.Size([1, 3, 16, 16]))
    """

    content: ClassVar[frozenset[Content]] = frozenset({"gray"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "unused"
    keeps_luminance: ClassVar[bool] = True
    multiple = 8

    def __init__(self, width: int = 64, annealing: float = 0.38) -> None:
        super().__init__()
        check_count(self, width=width)
        check_positive(self, annealing=annealing)
        if width > 512:  # Two billion parameters.
            raise ValueError(f"CIC expects width to be at most 512, got {width}.")
        self.config: dict[str, Any] = {"width": width, "annealing": annealing}
        self.annealing = annealing
        four = 4 * width
        self.net = nn.Sequential(
            stage(1, width, 2, stride=2),
            stage(width, 2 * width, 2, stride=2),
            stage(2 * width, four, 3, stride=2),
            middle(width),
            nn.ConvTranspose2d(8 * width, four, 4, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(four, four, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(four, four, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(four, COUNT, 1),
        )

    def logits(self, content: Tensor) -> Tensor:
        """Return for each 4x4 pixels the logits of all bins, :math:`(B, 529, H/4, W/4)`."""
        self.check_inputs(content)
        return widen(self.net(centered_lightness(content)))

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
        """Return ``content`` in the colours that are likely."""
        self.check_inputs(content, reference, hints, temperature, generator)
        chroma = annealed_mean(self.logits(content), self.annealing)
        return paint_chroma(content, interpolate(chroma, scale_factor=4.0, mode="bilinear"))
