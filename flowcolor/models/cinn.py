r"""A conditional INN: the distribution of the colours that a grey photograph may have had."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_list, check_number, is_list
from flowcolor.color import lab_of, lab_to_rgb, to_gray
from flowcolor.layers.base import check_tensor
from flowcolor.layers.chain import Memory
from flowcolor.models.base import Content, InvertibleColorizer, Precision, Use
from flowcolor.models.cinn_flow import ConditionNet, cinn_flow
from flowcolor.models.cinn_large import large_cinn_flow
from flowcolor.models.cinn_large_condition import LargeConditionNet
from flowcolor.models.cinn_sizes import LAYOUTS, Layout, check_cinn_sizes
from flowcolor.models.density import ConditionalDensity
from flowcolor.models.hints import Hints
from flowcolor.models.lab_data import Data, LabData, lightness
from flowcolor.models.likelihood import Bits, bits_per_dim, log_normal
from flowcolor.models.memory_mode import MemoryMode
from flowcolor.models.sample_noise import SampleNoise
from flowcolor.values import kind_of


class CINN(MemoryMode, InvertibleColorizer, ConditionalDensity):
    r"""A flow from chroma to standard normal noise, under what a network sees in the lightness.

    .. math:: z = f\big(ab(I) \mid \phi(L(I_s))\big), \qquad
        I_{rec} = \mathrm{RGB}\big(L(I_s),\, f^{-1}(z \mid \phi(L(I_s)))\big)

    with CIE lightness :math:`L` and chroma :math:`ab`. The content keeps its lightness exactly, so
    every line of it stays; what is drawn by chance is which colours it has. With a reference,
    :math:`z` is not noise but the latent of the reference's chroma under the reference's lightness:
    how its colours differ from the expected ones is handed on. That is flowcolor's own reading.

    Args:
        data: ``"chroma"``; or ``"color"``, where the flow makes lightness, too, for drawings, whose
            lightness is not that of a photograph. With ``"chroma"`` a drawing becomes a tinted one.
        shrink: How much coarser chroma is than the content, 1, 2 or 4: means of patches on the way
            in, linear interpolation on the way out.
        layout: ``"small"``, the published example for 64x64, see
            :func:`~flowcolor.models.cinn_flow`; or ``"large"``, the published network for 256x256
            with chroma of 64x64, see :func:`~flowcolor.models.large_cinn_flow`, whose ``shrink`` is
            4.
        blocks: Of each level. ``None``: as published.
        widths: Channels inside of the networks of each level. ``None``: as published.
        features: Channels of the first convolution of :math:`\phi`.
        coarse: Side of what the last level sees as one, in its own pixels. ``None``: as published,
            16 or 4, which is 64 pixels of chroma.
        noise: Deviation of the noise that training adds to the data, whose own deviation is 1.
        memory: What training keeps, see :class:`~flowcolor.layers.Chain`; results and gradients
            are the same. May be set on a built model.

    Attributes:
        flow: The flow :math:`f`, of data of mean 0 and deviation 1, or about that. Its latent has
            the shape of the data.
        condition_net: The network :math:`\phi`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``. A
          reference has the content's shape.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Ardizzone et al., "Guided image generation with conditional invertible neural networks"
        (2019), sections 3 and 4.2. https://arxiv.org/abs/1907.02392

    Example:
        >>> model = CINN(blocks=[1, 1, 1, 1], widths=[4, 4, 4, 4], features=4, coarse=1).eval()
        >>> gray = torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1)
        >>> model.colorize(gray, temperature=0.7).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "optional"
    stochastic: ClassVar[bool] = True
    parts = ("photo",)

    def __init__(
        self,
        data: Data = "chroma",
        shrink: int = 1,
        layout: Layout = "small",
        blocks: Sequence[int] | None = None,
        widths: Sequence[int] | None = None,
        features: int = 64,
        coarse: int | None = None,
        *,
        noise: float = 0.05,
        memory: Memory = "none",
    ) -> None:
        super().__init__()
        # Here: modules pass by properties.
        check_choice(self, data=(data, Data), layout=(layout, Layout), memory=(memory, Memory))
        check_number(self, noise=noise, smallest=0.0)
        published = LAYOUTS[layout]
        for name, numbers in (("blocks", blocks), ("widths", widths)):
            check_list(self, **{name: [] if numbers is None else numbers})
        blocks = published.blocks if blocks is None else list(blocks)
        widths = published.widths if widths is None else list(widths)
        coarse = published.coarse if coarse is None else coarse
        check_cinn_sizes(self, data, shrink, layout, blocks, widths, features, coarse)
        self.config: dict[str, Any] = {
            "data": data,
            "shrink": shrink,
            "layout": layout,
            "blocks": blocks,
            "widths": widths,
            "features": features,
            "coarse": coarse,
            "noise": noise,
        }
        self.multiple = published.step * coarse * shrink
        self.lab_data, self.noise = LabData(data, shrink), noise
        channels = self.lab_data.channels
        if layout == "small":
            self.condition_net: nn.Module = ConditionNet(features, shrink, coarse, blocks)
            self.flow = cinn_flow(channels, blocks, widths, features, coarse)
            for parameter in self.parameters():
                nn.init.normal_(parameter, std=0.02)
        else:
            self.condition_net = LargeConditionNet(features, widths, blocks, coarse)
            self.flow = large_cinn_flow(channels, blocks, widths, features, coarse)
        self.memory = memory

    def bits(
        self, content: Tensor, photo: Tensor, generator: torch.Generator | None = None
    ) -> Mapping[str, Bits]:
        """Return bits per dimension of the data with its noise; they may be negative.

        They compare with those of other models of the same data alone.
        """
        self._check_image("photo", photo)
        self.check_inputs(content, photo, generator=generator)
        self._check_pairs(content, photo)
        data = self.lab_data.read(lab_of(photo))
        noise = torch.randn(data.shape, generator=generator, dtype=data.dtype, device=data.device)
        z, logdet = self.flow(data + self.noise * noise, self._conditions(content))
        # Of continuous numbers, not of bytes: 0 is an even density of height 1.
        density = log_normal(z) + logdet
        return {"photo": bits_per_dim(density, data.shape[1:].numel()) - 8}

    def encode(self, image: Tensor) -> tuple[Tensor, tuple[list[Tensor], Tensor]]:
        """Return the latent of an image under its own grey.

        Beside it stand the conditions, and what the flow does not see of the image's L, a and b.
        """
        self._check_image("image", image)
        conditions = self._conditions(to_gray(image).expand(-1, 3, -1, -1))
        lab = lab_of(image)
        data = self.lab_data.read(lab)
        z: Tensor = self.flow(data, conditions)[0]
        return z, (conditions, lab - self.lab_data.write(data))

    def decode(self, z: Tensor, conditions: tuple[list[Tensor], Tensor]) -> Tensor:
        """Return the image of a latent; not clamped.

        Raises:
            ValueError: They are not what :meth:`encode` returns.
        """
        check_tensor(self, z)
        if not is_list(conditions) or len(conditions) != 2:
            raise ValueError(
                "CINN expects conditions to be a list of tensors and a tensor, as encode returns "
                f"them, got {kind_of(conditions)}."
            )
        seen, rest = conditions
        self._check_image("conditions", rest)
        expected = self.lab_data.read(rest).shape
        if z.shape != expected:
            raise ValueError(
                f"CINN expects a latent of shape {tuple(expected)} under these conditions, got "
                f"{tuple(z.shape)}."
            )
        return lab_to_rgb(rest + self.lab_data.write(self.flow.inverse(z, seen)[0]))

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
        """Return ``content`` in colours drawn by chance, or in those of ``reference``.

        Args:
            content: Grey photographs or drawings.
            reference: Photographs whose latents take the place of noise.
            reference_content: Under what they are encoded; without it, under their grey.
            hints: Not used.
            temperature: Times the latent, 0 for the colours in the middle of the distribution.
            generator: Source of the noise.
        """
        self.check_inputs(content, reference, hints, temperature, generator)
        lab = lab_of(content)
        start = self.lab_data.start  # What stands before, lightness or nothing, is the content's.
        rest = torch.cat([lab[:, :start], torch.zeros_like(lab[:, start:])], 1)
        if reference is None:
            like = self.lab_data.read(lab)
            z = SampleNoise(like, torch.default_generator if generator is None else generator)()
        else:
            z = self._latent(content, reference, reference_content)
        return self.decode(temperature * z, (self._conditions(content), rest)).to(content.dtype)

    def _latent(
        self, content: Tensor, reference: Tensor, reference_content: Tensor | None
    ) -> Tensor:
        if reference_content is None:
            reference_content = to_gray(reference).expand(-1, 3, -1, -1)
        for name, image in (("reference", reference), ("reference_content", reference_content)):
            self._check_image(name, image)
            if image.shape != content.shape:
                raise ValueError(
                    f"CINN expects a content and a {name} of the same shape, got "
                    f"{tuple(content.shape)} and {tuple(image.shape)}."
                )
        conditions = self._conditions(reference_content)
        z: Tensor = self.flow(self.lab_data.read(lab_of(reference)), conditions)[0]
        return z

    def _conditions(self, content: Tensor) -> list[Tensor]:
        """Return the condition of each coupling: the two of a block have the same."""
        blocks = self.condition_net(lightness(lab_of(content)))
        return [block for block in blocks for _ in range(2)]
