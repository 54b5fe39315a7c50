r"""ArtFlow: one flow, in whose latent a photograph lends its statistics to a drawing."""

from typing import Any, ClassVar, cast

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from flowcolor.arguments import check_choice, check_positive
from flowcolor.layers import ActNorm, InvertibleLayer
from flowcolor.layers.chain import Memory
from flowcolor.models.art_flow_chain import art_flow_chain, check_art_flow_sizes
from flowcolor.models.base import Content, InvertibleColorizer, Precision, Use
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import check_unconditional
from flowcolor.models.latent_transfer import TRANSFERS, Transfer
from flowcolor.models.memory_mode import MemoryMode


class ArtFlow(MemoryMode, InvertibleColorizer):
    r"""Encode content and reference, exchange the statistics of the latents, and decode.

    .. math:: I_{rec} = f^{-1}\big(\mathrm{transfer}(f(I_s), f(I_{ref}))\big)

    The flow :math:`f` is Glow's without its splits: each level is a squeeze and then ``steps``
    times :class:`~flowcolor.layers.ActNorm`, a 1x1 convolution (LU) and a coupling that only
    shifts. As no step loses anything, an image that lends its own statistics to itself comes back,
    and so does a drawing that is given its own again ("no leak").

    Content and reference start every ActNorm together. The code released with the paper starts it
    from contents alone; of drawings, whose channels are nearly flat, it would learn scales that
    blow up every photograph.

    Args:
        levels: How often resolution is halved.
        steps: Steps of each level.
        hidden: Channels inside of the networks, see :class:`~flowcolor.models.GlowNet`.
        transfer: ``"adain"`` gives each channel the reference's mean and deviation, see
            :func:`~flowcolor.models.transfer_mean_and_std`; ``"wct"`` gives all channels its
            covariance, see :func:`~flowcolor.models.transfer_covariance`.
        eps: The smallest variance that counts.
        padding_value: See :class:`~flowcolor.layers.ZeroConv2d`.
        memory: What training keeps, see :class:`~flowcolor.layers.Chain`; results and gradients
            are the same. May be set on a built model.

    Attributes:
        flow: The flow :math:`f`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``, at
          least two of them. Content and reference may differ in size.
        - latents: :math:`(B, 3 \cdot 4^L, H/2^L, W/2^L)` for :math:`L` levels.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        An et al., "ArtFlow: unbiased image style transfer via reversible neural flows" (2021),
        section 3. https://arxiv.org/abs/2103.16877

    Example:
        >>> model = ArtFlow(levels=2, steps=1, hidden=8).eval()
        >>> drawing, photo = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 24, 16)
        >>> model.colorize(drawing, photo).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    precision: ClassVar[Precision] = "any"
    reference: Use = "required"
    least = 2  # One pixel of a latent has no variance.

    def __init__(
        self,
        levels: int = 2,
        steps: int = 8,
        hidden: int = 512,
        *,
        transfer: Transfer = "adain",
        eps: float = 1e-5,
        padding_value: float = 1.0,
        memory: Memory = "none",
    ) -> None:
        super().__init__()
        check_art_flow_sizes(self, levels, steps, hidden)
        # Here: modules pass by properties.
        check_choice(self, transfer=(transfer, Transfer), memory=(memory, Memory))
        check_positive(self, eps=eps)
        self.config: dict[str, Any] = {
            "levels": levels,
            "steps": steps,
            "hidden": hidden,
            "transfer": transfer,
            "eps": eps,
            "padding_value": padding_value,
        }
        self.multiple = 2**levels
        self.transfer: Transfer = transfer
        self.eps = eps
        self.flow = art_flow_chain(levels, steps, hidden, padding_value)
        self.memory = memory

    def encode(self, image: Tensor) -> tuple[Tensor, None]:
        """Return the latent of an image."""
        self._check_image("image", image)
        z: Tensor = self.flow(image)[0]
        return z, None

    def decode(self, z: Tensor, conditions: None = None) -> Tensor:
        """Return the image of a latent; not clamped.

        Raises:
            ValueError: ``conditions`` are given, of which there are none.
        """
        check_unconditional(self, conditions)
        image: Tensor = self.flow.inverse(z)[0]
        return image

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
        self.check_inputs(content, reference, hints, temperature, generator)
        z, style = self._encode_both(content, cast(Tensor, reference))
        return self.decode(TRANSFERS[self.transfer](z, style, self.eps))

    def _encode_both(self, content: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
        if content.shape == reference.shape:
            # Not in chunks, whose number an exported program would take from its batch.
            both = self.encode(torch.cat([content, reference]))[0]
            return both[: content.shape[0]], both[content.shape[0] :]
        if self.training and any(_awaits_data(layer) for layer in self.flow):
            with torch.no_grad():
                alike = interpolate(reference, size=content.shape[2:], mode="area")
                self.encode(torch.cat([content, alike]))
        return self.encode(content)[0], self.encode(reference)[0]


def _awaits_data(layer: InvertibleLayer) -> bool:
    return isinstance(layer, ActNorm) and layer.awaits_data
