r"""Glow: a density of images, which colours by arithmetic of latents."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from flowcolor.arguments import check_choice, check_generator, check_number
from flowcolor.color import to_gray
from flowcolor.layers.chain import Memory
from flowcolor.layers.functional.patches import shuffle, unshuffle
from flowcolor.layers.functional.scale import Scale
from flowcolor.models.base import Content, InvertibleColorizer, Precision, Use
from flowcolor.models.byte_values import to_image, to_values
from flowcolor.models.density import Density
from flowcolor.models.glow_flow import check_glow_sizes, glow_flow
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import check_unconditional
from flowcolor.models.likelihood import Bits, bits_per_dim, dequantize, log_normal, whole_bits
from flowcolor.models.memory_mode import MemoryMode


class Glow(MemoryMode, InvertibleColorizer, Density):
    r"""A flow from images to standard normal noise, see :func:`~flowcolor.models.glow_flow`.

    One model knows photographs and drawings. To colour, it goes as far from the content's latent as
    the reference's is from that of the reference's own drawing:

    .. math:: I_{rec} = f^{-1}\big(f(I_s) + \alpha\,(f(I_{ref}) - f(I_{ref,s}))\big)

    Without a reference that way is the mean one of the photographs seen last in training. The
    paper moves along means of an attribute; that a drawing is one, and that one image is mean
    enough, is flowcolor's own reading: Glow itself is no published colorizer.

    Args:
        levels: How often resolution is halved.
        steps: Steps of each level.
        hidden: Channels inside of the networks.
        scale: How couplings form their scale, see :class:`~flowcolor.layers.AffineCoupling`;
            ``"sigmoid2"`` is the letter and loses the inverse in float32 when trained, ``"none"``
            only shifts, as published for faces of 256x256.
        bits: How many bits of each byte count, 8, or 5 as published for faces.
        strength: :math:`\alpha`.
        padding_value: See :class:`~flowcolor.layers.ZeroConv2d`.
        memory: What training keeps, see :class:`~flowcolor.layers.Chain`; results and gradients
            are the same. May be set on a built model.

    Attributes:
        flow: The flow :math:`f`, of images less one half. Its latent has the image's shape.
        mean_way: The mean of :math:`f(I) - f(I_s)` over photographs and places, by channel.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Kingma and Dhariwal, "Glow: generative flow with invertible 1x1 convolutions" (2018).
        https://arxiv.org/abs/1807.03039

    Example:
        >>> model = Glow(levels=2, steps=1, hidden=8).eval()
        >>> model.colorize(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)).shape
        torch.Size([1, 3, 16, 16])
        >>> model.sample(4, temperature=0.7, size=16).shape
        torch.Size([4, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    precision: ClassVar[Precision] = "any"
    reference: Use = "optional"
    parts = ("photo", "content")
    mean_way: Tensor
    seen: Tensor

    def __init__(
        self,
        levels: int = 4,
        steps: int = 8,
        hidden: int = 512,
        *,
        scale: Scale = "bounded",
        bits: int = 8,
        strength: float = 1.0,
        padding_value: float = 1.0,
        memory: Memory = "none",
    ) -> None:
        super().__init__()
        check_glow_sizes(self, levels, steps, hidden)
        check_choice(self, memory=(memory, Memory))  # Here: modules pass by properties.
        bits = whole_bits("Glow", bits)
        check_number(self, strength=strength)
        self.config: dict[str, Any] = {
            "levels": levels,
            "steps": steps,
            "hidden": hidden,
            "scale": scale,
            "bits": bits,
            "strength": strength,
            "padding_value": padding_value,
        }
        self.multiple = 2**levels
        self.byte_bits, self.strength = bits, strength
        self.flow = glow_flow(levels, steps, hidden, scale=scale, padding_value=padding_value)
        self.register_buffer("mean_way", torch.zeros(3 * 4**levels))
        self.register_buffer("seen", torch.tensor(0))
        self.memory = memory

    def log_prob(self, values: Tensor) -> Bits:
        """Return the log-density in nats of images as :func:`dequantize` returns them.

        Raises:
            ValueError: They are no images that the model takes.
        """
        self._check_image("values", values)
        z, logdet = self.flow(values - 0.5)
        log_prob: Tensor = log_normal(z) + logdet
        return log_prob

    def bits(
        self, content: Tensor, photo: Tensor, generator: torch.Generator | None = None
    ) -> Mapping[str, Bits]:
        self._check_image("content", content)
        self._check_image("photo", photo)
        self._check_pairs(content, photo)
        both = dequantize(torch.cat([photo, content]), self.byte_bits, generator)
        z, logdet = self.flow(both - 0.5)
        bits = bits_per_dim(log_normal(z) + logdet, photo.shape[1:].numel(), self.byte_bits)
        if self.training and len(photo):  # No mean of none.
            self._remember(*z.detach().split([len(photo), len(content)]))
        return dict(zip(self.parts, bits.split([len(photo), len(content)]), strict=True))

    def sample(
        self,
        count: int,
        temperature: float = 1.0,
        size: int | tuple[int, int] = 64,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        shape = self._shape_of_samples(count, size)
        check_number(self, temperature=temperature, smallest=0.0)
        check_generator(self, generator)
        like = next(self.parameters())
        noise = torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
        self._check_image("noise", noise)
        return self.decode(temperature * noise, None).clamp(0, 1)

    def encode(self, image: Tensor) -> tuple[Tensor, None]:
        """Return the latent of an image, each value in the middle of its bin."""
        self._check_image("image", image)
        z: Tensor = self.flow(to_values(image))[0]
        return z, None

    def decode(self, z: Tensor, conditions: None = None) -> Tensor:
        """Return the image of a latent; not clamped.

        Raises:
            ValueError: ``conditions`` are given, of which there are none.
        """
        check_unconditional(self, conditions)
        return to_image(self.flow.inverse(z)[0])

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
        """Paint ``content`` with what distinguishes ``reference`` from its own drawing.

        Without ``reference_content``, which is that drawing, the reference's grey takes its place.

        Raises:
            ValueError: As those of :meth:`Colorizer.colorize`, or the reference or its drawing has
                another shape.
        """
        self.check_inputs(content, reference, hints, temperature, generator)
        if reference is None:
            z = self.encode(content)[0]
            places = self.mean_way.to(z.dtype)[:, None, None]
            way = shuffle(places.expand(1, -1, *self._coarse(z)), self.multiple)
            return self.decode(z + self.strength * way)
        if reference_content is None:
            reference_content = to_gray(reference).expand(-1, 3, -1, -1)
        for name, image in (("reference", reference), ("reference_content", reference_content)):
            self._check_image(name, image)
            if image.shape != content.shape:
                raise ValueError(
                    f"Glow expects a content and a {name} of the same shape, got "
                    f"{tuple(content.shape)} and {tuple(image.shape)}."
                )
        latents = self.encode(torch.cat([content, reference_content, reference]))[0]
        # Not in chunks, whose number an exported program would take from its batch.
        z, start, end = latents.unflatten(0, (3, content.shape[0]))
        return self.decode(z + self.strength * (end - start))

    @torch.no_grad()
    def _remember(self, photo: Tensor, content: Tensor) -> None:
        way = unshuffle(photo - content, self.multiple).mean((0, 2, 3))
        usable = way.isfinite().all()  # What is not finite would stay for ever.
        self.seen += usable
        # The mean of all at first, then of about the last hundred: the latents move in training.
        share = (1 / self.seen).clamp(min=0.01).to(self.mean_way.dtype)
        moved = self.mean_way.lerp(way.to(self.mean_way.dtype), share)
        self.mean_way.copy_(moved.where(usable, self.mean_way))

    def _coarse(self, z: Tensor) -> list[int]:
        return [side // self.multiple for side in z.shape[2:]]
