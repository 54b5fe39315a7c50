r"""Self-supervised sketch-to-image: an autoencoder that tells content from style, and a refiner."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_count, check_flag, is_list
from flowcolor.errors import InputError
from flowcolor.io.resizing import resize
from flowcolor.models.base import Colorizer, Content, Precision, Use
from flowcolor.models.batch_statistics import has_own_statistics
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import check_precision
from flowcolor.models.new_networks import with_new_networks
from flowcolor.models.s2i_autoencoder import Autoencoder
from flowcolor.models.s2i_refiner import Refiner
from flowcolor.values import kind_of

_SMALLEST = 64  # Three halvings above the 8x8 of the innermost maps.
MOST_WIDTH = 256


class SelfSupervisedS2I(Colorizer):
    r"""Paint a drawing in the style of a photograph, whose content does not matter.

    .. math:: I_{rec} = \tfrac12 \Big(1 + G\big(D(E_c(I_s), E_s(I_{ref})), E_s(I_{ref})\big)\Big)

    with the encoders :math:`E_c` and :math:`E_s` and the decoder :math:`D`, which the first stage
    trains, and a refiner :math:`G`, which the second one does. Levels follow from the size: the
    innermost maps have 8x8 pixels.

    Args:
        width: :math:`n`; maps and vectors have :math:`2n, 4n, 8n` channels.
        size: Side of the training images, 64 times a power of 2. Others are painted, too.
        unit_gains: Whether the gains of normalisations are a vector of length 1, as the published
            code's spectral normalisation makes them, instead of any.
        stage: 1: without the refiner, 2: with it.

    Attributes:
        autoencoder: Both encoders and the decoder.
        refiner: The refiner, in stage 2.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``, and
          at least two of them. A reference may have any.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Liu et al., "Self-supervised sketch-to-image synthesis" (2021).
        https://arxiv.org/abs/2012.09290

    Example:
        >>> model = SelfSupervisedS2I(width=2, size=64).eval()
        >>> model.colorize(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64)).shape
        torch.Size([1, 3, 64, 64])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "required"
    free_reference: ClassVar[bool] = True
    least = 2  # Innermost maps of one pixel have no variance.

    def __init__(
        self, width: int = 64, size: int = 512, *, unit_gains: bool = False, stage: int = 2
    ) -> None:
        super().__init__()
        check_count(self, width=width, size=size, stage=stage)
        check_flag(self, unit_gains=unit_gains)
        stems = int(size // _SMALLEST).bit_length() - 1
        if size != _SMALLEST * 2 ** max(stems, 0) or stems > 6:
            raise ValueError(
                "SelfSupervisedS2I expects size to be 64 times a power of 2, up to 4096, got "
                f"{size}."
            )
        least = 2 ** max(stems - 1, 0)  # Below, the first of the halvings would have no channel.
        if width < least:
            raise ValueError(
                f"SelfSupervisedS2I expects width to be at least {least} for size {size}, "
                f"got {width}."
            )
        if width > MOST_WIDTH or stage > 2:
            raise ValueError(
                f"SelfSupervisedS2I expects width up to {MOST_WIDTH} and stage 1 or 2, got "
                f"{width} and {stage}."
            )
        self.config: dict[str, Any] = {
            "width": width,
            "size": size,
            "unit_gains": unit_gains,
            "stage": stage,
        }
        self.stage, self.size, self.multiple = stage, size, size // 8
        self.autoencoder = Autoencoder(width, stems, unit_gains=unit_gains)
        if stage > 1:
            self.refiner = Refiner(width, stems)

    @property
    def learning(self) -> nn.Module:
        """The autoencoder in stage 1, the refiner in stage 2."""
        module: nn.Module = self.autoencoder if self.stage == 1 else self.refiner
        return module

    def upgraded(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the weights of stage 1 with a new refiner."""
        return with_new_networks(self, state)

    def maps(self, content: Tensor) -> list[Tensor]:
        """Return the three maps of drawings, the finest first."""
        self._check_image("content", content)
        check_precision(self, content=content)
        maps: list[Tensor] = self.autoencoder.content(2 * content[:, :1] - 1)
        return maps

    def vectors(self, photo: Tensor) -> list[Tensor]:
        """Return the three style vectors of photographs of any size."""
        self._check_image("reference", photo)
        check_precision(self, reference=photo)
        small = resize(photo, (self.size, self.size))
        vectors: list[Tensor] = self.autoencoder.style(2 * small - 1)
        return vectors

    def decode(self, maps: list[Tensor], vectors: list[Tensor]) -> Tensor:
        """Return the autoencoder's image in [-1, 1].

        Raises:
            InputError: A single sample in training: it has no statistics of a batch.
            ValueError: They are not what :meth:`maps` and :meth:`vectors` return.
        """
        for name, given, axes in (("maps", maps, 4), ("vectors", vectors, 2)):
            good = is_list(given) and all(isinstance(one, Tensor) for one in given)
            good = good and all(one.ndim == axes for one in given)
            if not good or len(given) != 3:
                raise ValueError(
                    f"SelfSupervisedS2I expects {name} to be a list of three tensors of {axes} "
                    f"axes, got {kind_of(given)}."
                )
        images, photos = maps[0].shape[0], vectors[0].shape[0]
        if photos not in (images, 1):
            raise ValueError(
                f"SelfSupervisedS2I expects vectors of as many images as the maps, {images}, or of "
                f"one, got those of {photos}."
            )
        decoder = self.autoencoder.decoder
        if decoder.training and vectors[0].shape[0] == 1 and has_own_statistics(decoder):
            raise InputError(
                "SelfSupervisedS2I, in training, expects batches of two samples or more, got 1."
            )
        image: Tensor = self.autoencoder.decoder(maps, vectors)
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
        """Return ``content`` in the style of ``reference``, with values in [0, 1]."""
        self.check_inputs(content, reference, hints, temperature, generator)
        assert reference is not None  # noqa: S101 - it is required
        vectors = self.vectors(reference)
        image = self.decode(self.maps(content), vectors)
        if self.stage > 1:
            image = self.refiner(image, vectors)
        return (image + 1) / 2
