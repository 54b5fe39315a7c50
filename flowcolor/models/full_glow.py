r"""Full-Glow: the density of photographs under a drawing, in which every layer sees the drawing."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from flowcolor.arguments import (
    check_choice,
    check_count,
    check_generator,
    check_list,
    check_number,
    check_parameters,
)
from flowcolor.color import to_gray
from flowcolor.layers.base import check_tensor
from flowcolor.layers.chain import Memory
from flowcolor.layers.functional.scale import Scale
from flowcolor.models.base import Content, InvertibleColorizer, Precision, Use
from flowcolor.models.byte_values import to_image, to_values
from flowcolor.models.density import Density
from flowcolor.models.full_glow_flow import conditional_glow_flow
from flowcolor.models.full_glow_steps import start_from, with_outputs
from flowcolor.models.glow_flow import check_glow_sizes, glow_flow
from flowcolor.models.hints import Hints
from flowcolor.models.likelihood import Bits, bits_per_dim, dequantize, log_normal
from flowcolor.models.memory_mode import MemoryMode
from flowcolor.models.sample_noise import SampleNoise

_SIZE = 256


class FullGlow(MemoryMode, InvertibleColorizer, Density):
    r"""Two flows of one shape: of drawings, :math:`g`, and of photographs under them, :math:`f`.

    Every layer of :math:`f` is conditioned on the output of the same layer of :math:`g`, see
    :func:`~flowcolor.models.conditional_glow_flow`. Without a reference, a photograph is drawn
    under the content :math:`I_s`; with one, its latent under its own drawing is decoded under the
    content, which is the authors' content transfer:

    .. math::
        I_{rec} = f^{-1}(z; g(I_s)), \qquad z \sim \mathcal{N}(0, T^2)
        \quad\text{or}\quad z = f(I_{ref}; g(I_{ref,s}))

    Args:
        levels: How often resolution is halved.
        steps: Steps of each level.
        hidden: Channels inside of the networks.
        pool: Areas to each side over which features are averaged before layers are predicted from
            them. ``None``, the letter, sees every pixel, at ``size`` alone.
        size: Height and width of the images, of ``pool=None``.
        scale: How couplings form their scale, see :class:`~flowcolor.layers.AffineCoupling`;
            ``"sigmoid2"`` is the letter and loses the inverse in float32 when trained.
        padding_value: See :class:`~flowcolor.layers.ZeroConv2d`.
        memory: What training keeps, see :class:`~flowcolor.layers.Chain`; results and gradients
            are the same. ``"reversible"`` keeps the conditions. May be set on a built model.

    Attributes:
        content_flow: The flow :math:`g`, of drawings less one half.
        photo_flow: The flow :math:`f`, of photographs less one half.
        started: Whether the first batch has set where predicted scales and shifts begin.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Sorkhei et al., "Full-Glow: fully conditional Glow for more realistic image generation"
        (2021). https://arxiv.org/abs/2012.05846

    Example:
        >>> model = FullGlow(levels=2, steps=1, hidden=8).eval()
        >>> model.colorize(torch.rand(1, 3, 16, 16), temperature=0.7).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing"})
    precision: ClassVar[Precision] = "any"
    reference: Use = "optional"
    compares: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    parts = ("photo", "content")
    started: Tensor

    def __init__(
        self,
        levels: int = 4,
        steps: int = 8,
        hidden: int = 512,
        *,
        pool: int | None = 8,
        size: int = _SIZE,
        scale: Scale = "bounded",
        padding_value: float = 1.0,
        memory: Memory = "none",
    ) -> None:
        super().__init__()
        check_glow_sizes(self, levels, steps, hidden, matrices=100)
        check_choice(self, memory=(memory, Memory))  # Here: modules pass by properties.
        check_count(self, size=size, **({} if pool is None else {"pool": pool}))
        if pool is not None and size != _SIZE:
            raise ValueError(
                f"FullGlow expects size with pool None only, got {size} with pool {pool}, "
                "with which images of any size are taken."
            )
        if pool is None and (size % 2**levels or size < 5 * 2**levels):
            raise ValueError(
                f"FullGlow with pool None expects size to be a multiple of {2**levels} of at least "
                f"{5 * 2**levels}, got {size}."
            )
        # Two predictors in a step, each with 32 numbers of all areas, or of all pixels.
        areas, name = (size**2 // 3, "size") if pool is None else (4 * pool**2, "pool")
        check_parameters(self, 32 * areas * levels * steps, **{name: pool or size})
        sizes: dict[str, Any] = {"levels": levels, "steps": steps, "hidden": hidden}
        options: dict[str, Any] = {"scale": scale, "padding_value": padding_value}
        self.config: dict[str, Any] = {**sizes, "pool": pool, "size": size, **options}
        self.multiple = 2**levels
        self.content_flow = glow_flow(**sizes, **options)
        self.photo_flow = conditional_glow_flow(**sizes, pool=pool, size=size, **options)
        self.register_buffer("started", torch.tensor(False))
        self.memory = memory

    def bits(
        self, content: Tensor, photo: Tensor, generator: torch.Generator | None = None
    ) -> Mapping[str, Bits]:
        self._check_image("content", content)
        self._check_image("photo", photo)
        self._check_pairs(content, photo)
        both = dequantize(torch.cat([photo, content]), generator=generator) - 0.5
        x, drawing = both.split([len(photo), len(content)])
        content_z, content_logdet, conditions = with_outputs(self.content_flow, drawing)
        if self.training and len(photo) and not self.started:
            start_from(self.photo_flow, x, conditions)
            self.started.fill_(True)
        z, logdet = self.photo_flow(x, conditions)
        log_probs = log_normal(z) + logdet, log_normal(content_z) + content_logdet
        bits = (bits_per_dim(each, x.shape[1:].numel()) for each in log_probs)
        return dict(zip(self.parts, bits, strict=True))

    def sample(
        self,
        count: int,
        temperature: float = 1.0,
        size: int | tuple[int, int] = 64,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return photographs of drawings that nobody has seen, in [0, 1]."""
        shape = self._shape_of_samples(count, size)
        check_number(self, temperature=temperature, smallest=0.0)
        check_generator(self, generator)
        like = next(self.parameters()).new_empty(shape)
        self._check_image("noise", like)
        noise = temperature * _noise(like, generator)
        drawing = to_image(self.content_flow.inverse(noise)[0]).clamp(0, 1)
        return self.colorize(drawing, temperature=temperature, generator=generator).clamp(0, 1)

    def encode(self, image: Tensor, content: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """Return the latent of a photograph under its drawing, and what layers saw in that.

        Args:
            image: The photograph.
            content: Its drawing; ``None``: its grey takes its place.

        Raises:
            ValueError: One is no image that the model takes, or they differ in shape.
        """
        self._check_image("image", image)
        if content is not None:
            self._check_image("content", content)
            self._check_pairs(content, image)
        conditions = self._conditions(_gray(image) if content is None else content)
        z: Tensor = self.photo_flow(to_values(image), conditions)[0]
        return z, conditions

    def decode(self, z: Tensor, conditions: list[Tensor]) -> Tensor:
        """Return the photograph of a latent; not clamped.

        Raises:
            ValueError: They are not what :meth:`encode` returns.
        """
        check_tensor(self, z)
        check_list(self, conditions=conditions)
        for seen in conditions[:1]:
            sides = [2 * side for side in seen.shape[2:]] if isinstance(seen, Tensor) else []
            if sides and [z.shape[0], *z.shape[2:]] != [seen.shape[0], *sides]:
                raise ValueError(
                    f"FullGlow expects a latent of {seen.shape[0]} images of {sides[0]} x "
                    f"{sides[-1]}, as its conditions are, got {tuple(z.shape)}."
                )
        return to_image(self.photo_flow.inverse(z, conditions)[0])

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
        """Draw a photograph of ``content``, or give it the latent of ``reference``.

        Without ``reference_content``, which is the reference's own drawing, the reference's grey
        takes its place. With a reference there is no chance, and ``temperature`` does not count.

        Raises:
            ValueError: As those of :meth:`Colorizer.colorize`, or the reference or its drawing has
                another shape.
        """
        self.check_inputs(content, reference, hints, temperature, generator)
        conditions = self._conditions(content)
        if reference is None:
            return self.decode(temperature * _noise(content, generator), conditions)
        if reference_content is None:
            reference_content = _gray(reference)
        for name, image in (("reference", reference), ("reference_content", reference_content)):
            self._check_image(name, image)
            if image.shape != content.shape:
                raise ValueError(
                    f"FullGlow expects a content and a {name} of the same shape, got "
                    f"{tuple(content.shape)} and {tuple(image.shape)}."
                )
        return self.decode(self.encode(reference, reference_content)[0], conditions)

    def _conditions(self, content: Tensor) -> list[Tensor]:
        self._check_image("content", content)
        return with_outputs(self.content_flow, to_values(content))[2]

    def _check_image(self, name: str, image: Tensor) -> None:
        super()._check_image(name, image)
        height, width = image.shape[2:]
        size = self.config["size"]
        if self.config["pool"] is None and (height, width) != (size, size):
            raise ValueError(
                f"FullGlow with pool None expects the height and width of {name} to be {size}, "
                f"got {height} x {width}."
            )


def _noise(like: Tensor, generator: torch.Generator | None) -> Tensor:
    return SampleNoise(like, torch.default_generator if generator is None else generator)()


def _gray(image: Tensor) -> Tensor:
    return to_gray(image).expand(-1, 3, -1, -1)
