r"""ColTran: colours of coarse pixels one after another, then finer levels, then finer pixels."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from flowcolor.color import to_gray
from flowcolor.io.resizing import resize
from flowcolor.models.base import Colorizer, Content, Precision, Use
from flowcolor.models.color_symbols import (
    LEVELS,
    bin_levels,
    from_bytes,
    middle,
    show_broken,
    to_bins,
    to_bytes,
    to_levels,
)
from flowcolor.models.coltran_bits import channel_bits, symbol_bits
from flowcolor.models.coltran_core import ColTranCore
from flowcolor.models.coltran_sample import sample_colors
from flowcolor.models.coltran_sizes import check_coltran_sizes
from flowcolor.models.coltran_upsampler import ColTranUpsampler
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import check_precision
from flowcolor.models.new_networks import with_new_networks

_NETS = ("core", "color", "spatial")


class ColTran(Colorizer):
    r"""Draw the colours of a small image pixel by pixel, and refine them twice.

    1. The :class:`core <flowcolor.models.coltran_core.ColTranCore>` draws one of 512 colours for
       each pixel of a small image, from :math:`p(x_i \mid x_{<i}, g)`.
    2. An :class:`upsampler <flowcolor.models.coltran_upsampler.ColTranUpsampler>` takes the
       likeliest of 256 levels for each channel, instead of 8.
    3. Another one does so at the full size.

    Each is a stage of training. With a ``generator`` colours are drawn, without it each pixel gets
    its likeliest one. The learned places fix the sizes: other contents are stretched, and their
    results back.

    Args:
        size: Side of the images.
        core_size: Side of the small image.
        width: Channels of core and colour upsampler.
        heads: Heads of every attention.
        layers: Of the core's encoder, outer and inner decoder.
        color_layers: Of the colour upsampler.
        spatial_width: Channels of the spatial upsampler.
        spatial_layers: Of the spatial upsampler.
        with_reference: Whether a vector of a reference is added to what the core knows of the grey
            image, which is flowcolor's own addition.
        keep_luma: Whether results get the luma of the content, which nothing else ties them to.
        stage: How many of the three networks there are, of which the last is in training.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1].

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Kumar et al., "Colorization transformer" (2021). https://arxiv.org/abs/2102.04432

    Example:
        >>> model = ColTran(8, 4, 8, 2, (1, 1, 1), 1, 8, 1).eval()
        >>> model.colorize(torch.rand(1, 3, 8, 8)).shape
        torch.Size([1, 3, 8, 8])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "optional"
    stochastic: ClassVar[bool] = True

    def __init__(
        self,
        size: int = 256,
        core_size: int = 64,
        width: int = 512,
        heads: int = 4,
        layers: Sequence[int] = (4, 2, 2),
        color_layers: int = 4,
        spatial_width: int = 512,
        spatial_layers: int = 3,
        *,
        with_reference: bool = False,
        keep_luma: bool = False,
        stage: int = 3,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "size": size,
            "core_size": core_size,
            "width": width,
            "heads": heads,
            "layers": layers,
            "color_layers": color_layers,
            "spatial_width": spatial_width,
            "spatial_layers": spatial_layers,
            "with_reference": with_reference,
            "keep_luma": keep_luma,
            "stage": stage,
        }
        check_coltran_sizes(self, self.config)
        self.config["layers"] = list(layers)
        self.reference = "required" if with_reference else "unused"
        self.stage, self.size, self.core_size = stage, size, core_size
        self.keep_luma = keep_luma
        self.core = ColTranCore(core_size, width, heads, layers, with_reference=with_reference)
        if stage > 1:
            self.color = ColTranUpsampler(core_size, width, heads, color_layers, LEVELS)
        if stage > 2:
            self.spatial = ColTranUpsampler(size, spatial_width, heads, spatial_layers, 256)

    @property
    def learning(self) -> nn.Module:
        """The network of the stage."""
        module: nn.Module = getattr(self, _NETS[self.stage - 1])
        return module

    def upgraded(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the weights of an earlier stage, with new networks for those that it lacks."""
        return with_new_networks(self, state)

    def bits(
        self, content: Tensor, photo: Tensor, reference: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return bits per pixel of what the stage's network predicts, one number per sample.

        Args:
            content: As for :meth:`colorize`.
            photo: The true photographs.
            reference: As for :meth:`colorize`.

        Returns:
            In stage 1 ``core`` and ``parallel``, of one of 512 colours, given those before and
            given none; then ``color`` or ``spatial``, of one of 256 levels of a channel, which in
            training is drawn at random for each sample, and else all three in turn.
        """
        self.check_inputs(content, reference)
        self._check_image("photo", photo)
        check_precision(self, photo=photo)
        if len(photo) != len(content):
            raise ValueError(
                f"ColTran expects a photo for each content, got {len(photo)} and {len(content)}."
            )
        gray, truth = self._gray(content, self.core_size), self._fit(photo, self.core_size)
        if self.stage == 1:
            encoding = self.core.encode(gray, reference)
            bins = to_bins(truth)
            bits = {
                "core": symbol_bits(self.core(bins, encoding), bins),
                "parallel": symbol_bits(self.core.parallel(encoding), bins),
            }
        elif self.stage == 2:
            bits = {"color": channel_bits(self.color, gray, to_levels(truth), to_bytes(truth))}
        else:
            rough = to_bytes(self._fit(from_bytes(to_bytes(truth)), self.size))
            fine, gray = to_bytes(self._fit(photo, self.size)), self._gray(content, self.size)
            bits = {"spatial": channel_bits(self.spatial, gray, rough, fine)}
        return {name: show_broken(bit, content, photo, reference) for name, bit in bits.items()}

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
        """Return ``content`` in colours drawn by chance, or in the likeliest.

        Args:
            content: Drawings or grey photographs.
            reference: Photographs, for a model with ``with_reference``.
            reference_content: Not used.
            hints: Not used.
            temperature: Below 1 draws likelier colours, 0 the likeliest.
            generator: Source of chance; ``None`` for the likeliest colours.

        Raises:
            ValueError: As those of :meth:`Colorizer.colorize`.
        """
        self.check_inputs(content, reference, hints, temperature, generator)
        gray = self._gray(content, self.core_size)
        encoding = self.core.encode(gray, reference)
        bins, _ = sample_colors(self.core, encoding, temperature, generator)
        levels = bin_levels(bins)
        image = middle(levels)
        if self.stage > 1:
            image = from_bytes(self.color.likeliest(gray, levels))
        if self.stage > 2:
            rough = to_bytes(self._fit(image, self.size))
            image = from_bytes(self.spatial.likeliest(self._gray(content, self.size), rough))
        image = resize(image.to(content.dtype), (content.shape[-2], content.shape[-1]))
        image = image + to_gray(content) - to_gray(image) if self.keep_luma else image
        return show_broken(image, content, reference)

    def _gray(self, content: Tensor, side: int) -> Tensor:
        return to_bytes(to_gray(self._fit(content, side)))[:, 0]

    @staticmethod
    def _fit(image: Tensor, side: int) -> Tensor:
        return resize(image, (side, side))
