r"""pix2pix: from a drawing to a photograph by one U-Net, which learns against a critic."""

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from flowcolor.arguments import MOST_PARAMETERS, check_choice, check_count, check_flag, check_number
from flowcolor.color import lab_of
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.chroma_paint import REACH, centered_lightness, paint_chroma
from flowcolor.models.hints import Hints
from flowcolor.models.initial_weights import gaussian_weights
from flowcolor.models.unet import UNet
from flowcolor.values import widen

Space = Literal["rgb", "lab"]


class Pix2Pix(Colorizer):
    r"""Turn a content into a photograph whose colours are learned, or taken from a reference.

    .. math:: I_{rec} = \tfrac12 \big(1 + \tanh G([I_s, I_{ref}])\big) \qquad \text{or} \qquad
              ab = 110 \tanh G\big(\big[\tfrac{L(I_s) - 50}{50}, \ldots\big]\big)

    with the :class:`~flowcolor.models.unet.UNet` :math:`G`. In L*a*b* the result has the content's
    luma. Its only chance is dropout, which is at
    work in training and wherever a ``generator`` is given: the same generator draws the same
    picture, another one another. Without, a model in eval mode drops nothing.

    Args:
        width: Channels of the first level.
        levels: How often sides are halved.
        dropout: Share that is dropped of the innermost features.
        with_reference: Whether the model sees a reference beside the content, which is flowcolor's
            own addition. It looks where it looks in the content, and suits references that lie
            alike.
        space: Colours that the network makes: ``"rgb"``, or ``"lab"``, the chroma of a grey
            photograph, whose lightness it then sees, and a reference in L*a*b*. The critic judges
            pictures in RGB either way.

    Attributes:
        net: The network :math:`G`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``,
          :math:`2^n` for :math:`n` levels. A reference has the content's shape.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Isola et al., "Image-to-image translation with conditional adversarial networks" (2017),
        section 3. https://arxiv.org/abs/1611.07004

    Example:
        >>> model = Pix2Pix(width=4, levels=3).eval()
        >>> model.colorize(torch.rand(1, 3, 16, 16)).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "optional"
    stochastic: ClassVar[bool] = True

    def __init__(
        self,
        width: int = 64,
        levels: int = 8,
        dropout: float = 0.5,
        *,
        with_reference: bool = False,
        space: Space = "rgb",
    ) -> None:
        super().__init__()
        check_choice(self, space=(space, Space))
        check_flag(self, with_reference=with_reference)
        check_count(self, width=width, levels=levels)
        check_number(self, dropout=dropout, smallest=0.0)
        if dropout >= 1:
            raise ValueError(f"Pix2Pix expects dropout below 1, got {dropout:g}.")
        if levels > 16 or 16 * 192 * width**2 * levels > MOST_PARAMETERS:
            raise ValueError(
                "Pix2Pix expects up to 16 levels and a width that gives up to "
                f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, got {levels} and {width}."
            )
        self.config: dict[str, Any] = {
            "width": width,
            "levels": levels,
            "dropout": dropout,
            "with_reference": with_reference,
            "space": space,
        }
        self.space = space
        self.keeps_luminance = space == "lab"  # type: ignore[misc]
        self.reference = "required" if with_reference else "unused"
        self.multiple = 2**levels
        self.dropout = dropout
        inputs, outputs = (3, 3) if space == "rgb" else (1, 2)
        self.net = UNet(inputs + 3 * with_reference, outputs, width, levels)
        gaussian_weights(self, std=0.02)

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
        """Return the photograph that ``content`` may come from; RGB has values in [0, 1].

        Args:
            content: Drawings or grey photographs.
            reference: Photographs beside them, for a model with ``with_reference``.
            reference_content: Not used.
            hints: Not used.
            temperature: Times the share that is dropped, 0 for none.
            generator: Source of what is dropped.

        Raises:
            ValueError: As those of :meth:`Colorizer.colorize`, or all or more would be dropped, or
                the reference has another shape.
        """
        self.check_inputs(content, reference, hints, temperature, generator)
        rate = self.dropout * temperature
        if rate >= 1:
            raise ValueError(
                "Pix2Pix expects a temperature by which less than all is dropped, "
                f"got {temperature:g}."
            )
        if reference is not None and reference.shape != content.shape:
            raise ValueError(
                "Pix2Pix expects a content and a reference of the same shape, got "
                f"{tuple(content.shape)} and {tuple(reference.shape)}."
            )
        rate = rate if self.training or generator is not None else 0.0
        if self.space == "rgb":
            seen = content if reference is None else torch.cat([content, reference], 1)
            image: Tensor = self.net(2 * seen - 1, rate, generator)
            return (image.tanh() + 1) / 2
        light = 2 * centered_lightness(content)
        seen = light if reference is None else torch.cat([light, _around_zero(reference)], 1)
        found: Tensor = self.net(seen.to(content.dtype), rate, generator)
        return paint_chroma(content, REACH * widen(found).tanh())


def _around_zero(photo: Tensor) -> Tensor:
    """Return L*a*b* from -1 to 1."""
    return torch.cat([2 * centered_lightness(photo), lab_of(photo)[:, 1:] / REACH], 1)
