r"""RevGAN: drawings to photographs and back, by one core that is run in either direction."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from flowcolor.arguments import (
    MOST_BLOCKS,
    MOST_PARAMETERS,
    check_count,
    check_flag,
    check_positive,
)
from flowcolor.layers.chain import Memory
from flowcolor.models.base import Colorizer, Content, Precision, Use
from flowcolor.models.hints import Hints
from flowcolor.models.initial_weights import gaussian_weights
from flowcolor.models.inputs import check_precision
from flowcolor.models.memory_mode import MemoryMode
from flowcolor.models.revgan_nets import revgan_core, revgan_decoder, revgan_encoder


class RevGAN(MemoryMode, Colorizer):
    r"""Turn drawings into photographs, and photographs into drawings by the same core backwards.

    .. math::
        \mathrm{colorize}(I_s) = D_{ph}\big(c(E_s(I_s))\big), \qquad
        \mathrm{draw}(I) = D_s\big(c^{-1}(E_{ph}(I))\big)

    Encoders :math:`E` bring an image to features at a quarter of its size, decoders :math:`D` bring
    them back. The core :math:`c` is a chain of additive couplings, in which all the depth is, so
    both directions share its weights and its training keeps none of its activations. It takes no
    reference: which colours a photograph has is learned.

    Args:
        width: Channels of the first convolution; the core has four times as many.
        blocks: Blocks of the core, of two couplings each.
        both: Whether the way back is learned, too: without it there is no :meth:`draw`.
        norm_eps: Added to the variance by the instance normalisations of the core. What is nearly
            constant over an image, of blank paper for instance, is magnified by up to one over its
            root, rounding included: with the published 1e-5 the core loses its inverse there.
        memory: What training keeps of the core, see :class:`~flowcolor.layers.Chain`; results and
            gradients are the same. May be set on a built model.

    Attributes:
        core: The chain :math:`c`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of 4, at least 8.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Van der Ouderaa and Worrall, "Reversible GANs for memory-efficient image-to-image
        translation" (2019), section 3. https://arxiv.org/abs/1902.02729

    Example:
        >>> import torch
        >>> model = RevGAN(width=4, blocks=1).eval()
        >>> photo = model.colorize(torch.rand(1, 3, 16, 16))
        >>> model.draw(photo).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "unused"
    multiple = 4
    least = 2

    def __init__(
        self,
        width: int = 64,
        blocks: int = 9,
        both: bool = True,
        *,
        norm_eps: float = 0.1,
        memory: Memory = "none",
    ) -> None:
        super().__init__()
        check_count(self, width=width, blocks=blocks)
        check_positive(self, norm_eps=norm_eps)
        check_flag(self, both=both)
        if blocks > MOST_BLOCKS or 144 * width**2 * (blocks + 1) > MOST_PARAMETERS:
            raise ValueError(
                f"RevGAN expects width and blocks of at most {MOST_PARAMETERS / 1e9:.0f} billion "
                f"parameters and {MOST_BLOCKS} blocks, got {width} and {blocks}."
            )
        self.config: dict[str, Any] = {
            "width": width,
            "blocks": blocks,
            "both": both,
            "norm_eps": norm_eps,
        }
        self.drawing_encoder = revgan_encoder(width)
        self.core = revgan_core(4 * width, blocks, norm_eps, memory)
        self.photo_decoder = revgan_decoder(width)
        self.photo_encoder = revgan_encoder(width) if both else None
        self.drawing_decoder = revgan_decoder(width) if both else None
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
        """Return the photograph that ``content`` may be a drawing of, with values in [0, 1]."""
        self.check_inputs(content, reference, hints, temperature, generator)
        features = self.core(self.drawing_encoder(2 * content - 1))[0]
        image: Tensor = self.photo_decoder(features)
        return (image + 1) / 2

    def draw(self, photo: Tensor) -> Tensor:
        """Return a drawing of ``photo``, with three channels and values in [0, 1].

        Raises:
            ValueError: The model learned one direction only, or the image has a wrong shape.
        """
        if self.photo_encoder is None or self.drawing_decoder is None:
            raise ValueError(
                "RevGAN expects both=True for the way from photographs to drawings, got False."
            )
        self._check_image("photo", photo)
        check_precision(self, photo=photo)
        features = self.core.inverse(self.photo_encoder(2 * photo - 1))[0]
        image: Tensor = self.drawing_decoder(features)
        return (image + 1) / 2
