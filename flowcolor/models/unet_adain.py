r"""UNetAdaIN: a small U-Net, into which a reference speaks by means and deviations of features."""

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from flowcolor.arguments import MOST_PARAMETERS, check_choice, check_count, check_flag, check_number
from flowcolor.color import lab_of, to_gray
from flowcolor.errors import InputError
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.batch_statistics import has_own_statistics
from flowcolor.models.chroma_paint import REACH, centered_lightness, paint_chroma
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import check_precision
from flowcolor.models.style_encoder import StyleEncoder
from flowcolor.models.styled_unet import StyledUNet
from flowcolor.values import widen

Space = Literal["rgb", "lab"]


class UNetAdaIN(Colorizer):
    r"""Colour a grey photograph by a network whose features take their statistics of a reference.

    .. math:: I = U\big(Y(I_s),\; E(I_{ref})\big) \qquad \text{or} \qquad
              ab = 110\; U\big(\tfrac{L(I_s) - 50}{100},\; E(\tfrac{ab(I_{ref})}{110})\big)

    with the :class:`~flowcolor.models.styled_unet.StyledUNet` :math:`U` and the
    :class:`~flowcolor.models.style_encoder.StyleEncoder` :math:`E`. The latent has no place for
    where a colour is: a reference of any composition will do. In L*a*b* the result has the
    content's luma. The latent may come to be the same for all references, which are then ignored:
    see :func:`~flowcolor.models.collapse.latent_spread`.

    Args:
        width: Channels of the first level of :math:`U`; 16 as published, 64 at its full width.
        latent: Length of the latent; 0 is the plain U-Net, which takes no reference.
        dropout: Share of :math:`U`'s features that training drops.
        space: Colours of the result, ``"rgb"`` or ``"lab"``.
        style_width: Channels of the first convolution of :math:`E`.
        sigmoid: Whether the latent passes a sigmoid, which the document tries against collapse.
        letter: The document's program: its first normalisation passes over the first two
            convolutions, which are never used nor trained, all scales start as one common gain, and
            dropout is at work always, by chance (``generator``, times ``temperature``).

    Attributes:
        net: The network :math:`U`.
        encoder: The network :math:`E`, ``None`` without a latent.

    Shape:
        - content: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of 16.
        - reference: :math:`(B, 3, H', W')`, RGB in [0, 1], of any size.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Prioteasa, Malvestiti and Smoleń, "Artistic colourization with adaptive instance
        normalization" (2024), section 2.1 and table 3.

    Example:
        >>> model = UNetAdaIN(width=2, style_width=2).eval()
        >>> gray = torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1)
        >>> model.colorize(gray, torch.rand(1, 3, 20, 20)).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "required"
    multiple = 16
    free_reference: ClassVar[bool] = True

    def __init__(
        self,
        width: int = 16,
        latent: int = 32,
        dropout: float = 0.2,
        space: Space = "rgb",
        *,
        style_width: int = 64,
        sigmoid: bool = False,
        letter: bool = False,
    ) -> None:
        super().__init__()
        check_count(self, width=width, style_width=style_width)
        if type(latent) is not int or latent != 0:
            check_count(self, latent=latent)
        check_number(self, dropout=dropout, smallest=0.0)
        check_choice(self, space=(space, Space))
        check_flag(self, sigmoid=sigmoid, letter=letter)
        if dropout >= 1:
            raise ValueError(f"UNetAdaIN expects dropout below 1, got {dropout:g}.")
        about = 7000 * width**2 + 380 * style_width**2 + 80 * latent * (width + style_width)
        if about > MOST_PARAMETERS:
            raise ValueError(
                "UNetAdaIN expects width, style_width and latent that give up to "
                f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, got {width}, {style_width} and "
                f"{latent}."
            )
        self.config: dict[str, Any] = {
            "width": width,
            "latent": latent,
            "dropout": dropout,
            "space": space,
            "style_width": style_width,
            "sigmoid": sigmoid,
            "letter": letter,
        }
        self.dropout, self.space, self.letter = dropout, space, letter
        # Of the class: at most. What one model does is a fact of its own arguments.
        self.reference = "required" if latent else "unused"
        self.keeps_luminance = space == "lab"  # type: ignore[misc]
        self.stochastic = letter and dropout > 0  # type: ignore[misc]
        channels = 3 if space == "rgb" else 2
        self.net = StyledUNet(channels, width, latent, letter=letter)
        self.encoder = (
            StyleEncoder(channels, latent, style_width, sigmoid=sigmoid) if latent else None
        )

    def encode(self, reference: Tensor) -> Tensor:
        """Return the latents of photographs, :math:`(B, D)`.

        Raises:
            ValueError: The model was built without a latent.
        """
        if self.encoder is None:
            raise ValueError("UNetAdaIN expects a latent of at least 1 number, got 0.")
        self._check_image("reference", reference)
        check_precision(self, reference=reference)
        seen = reference if self.space == "rgb" else lab_of(reference)[:, 1:] / REACH
        code: Tensor = self.encoder(seen.to(reference))
        return code

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
        """Return ``content`` in colours that the reference's latent asks for.

        Args:
            content: Grey photographs or drawings.
            reference: Photographs that lend their colours, unless there is no latent.
            reference_content: Not used.
            hints: Not used.
            temperature: With ``letter``, times the share that is dropped.
            generator: Source of what is dropped.

        Raises:
            ValueError: As those of :meth:`Colorizer.colorize`, or all or more would be dropped.
        """
        self.check_inputs(content, reference, hints, temperature, generator)
        # The innermost level is then one number per channel, of which there are no statistics.
        one = content.shape[0] == 1 and content.shape[2:] == (16, 16)
        if self.training and one and has_own_statistics(self):
            raise InputError(
                "UNetAdaIN, training on images of 16x16, expects batches of two samples or more, "
                "got 1."
            )
        rate = self.dropout * temperature if self.training or self.letter else 0.0
        if rate >= 1:
            raise ValueError(
                "UNetAdaIN expects a temperature by which less than all is dropped, "
                f"got {temperature:g}."
            )
        code = None if reference is None else self.encode(reference)
        if self.space == "rgb":
            image: Tensor = self.net(to_gray(content), code, rate, generator)
            return image
        seen = centered_lightness(content).to(content)
        return paint_chroma(content, REACH * widen(self.net(seen, code, rate, generator)))
