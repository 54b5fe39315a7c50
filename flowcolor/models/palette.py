r"""Palette: a photograph drawn by chance from noise, which a network removes little by little."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from flowcolor.arguments import (
    MOST_PARAMETERS,
    check_choice,
    check_count,
    check_flag,
    check_number,
    is_list,
)
from flowcolor.bounds import shown_value
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.diffusion import TRAINING, Sampler, even_levels, sample, signal_levels
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import check_precision
from flowcolor.models.noise_net import NoiseNet
from flowcolor.models.sample_noise import SampleNoise
from flowcolor.values import require_fractions, widen

_PUBLISHED = (1000, 1e-4, 0.09)  # Steps and variances of sampling.


class Palette(Colorizer):
    r"""Begin with noise and remove what a network takes for noise, under a drawing or a grey.

    .. math:: y_\gamma = \sqrt\gamma\, y_0 + \sqrt{1 - \gamma}\, \epsilon, \qquad
              \hat\epsilon = f\big(I_s, y_\gamma, \log \tfrac{\gamma}{1 - \gamma}\big), \qquad
              I_{rec} = \tfrac12 (1 + y_0)

    with the :class:`~flowcolor.models.noise_net.NoiseNet` :math:`f` and the way down of
    :func:`~flowcolor.models.diffusion.sample`. A thousand levels are as many passes through the
    network; ``"ddim"`` with 50 comes close. Trained by
    :class:`~flowcolor.training.objectives.Denoising`.

    The network is told the logarithm of signal to noise. The published code gives it
    :math:`\gamma` itself, between 0 and 1, by which it can hardly tell the noisier levels apart.
    Half of the published thousand levels are noisier than any that the published training shows;
    there the network is told the noisiest of those.

    Each picture of a batch has noise of its own, drawn by ``generator``. Without one all pictures
    begin with the same noise, always.

    Args:
        width: Channels that ``factors`` multiply, a multiple of 4.
        factors: One for each level.
        blocks: Residual blocks of a level.
        attention: Levels, from 0, with attention.
        head_width: Channels of a head of attention.
        dropout: Share of features that is dropped in training.
        unshuffle: Side of the squares whose pixels become channels before the network, so that it
            works at a fraction of the size.
        with_reference: Whether the model sees a reference beside the content, which is flowcolor's
            own addition. It looks where it looks in the content, and suits references that lie
            alike.
        sampler: ``"ancestral"`` (the paper's algorithm 2), ``"posterior"`` (the public code's) or
            ``"ddim"``.
        steps: Levels on the way down, evenly spaced in the log-ratio of signal to noise. ``None``:
            the thousand that are published. Up to 2000, the levels of the published training: more
            would only take longer.

    Attributes:
        net: The network :math:`f`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``,
          :math:`u\, 2^{n - 1}` for :math:`n` levels and ``unshuffle`` :math:`u`. A reference has
          the content's shape.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Saharia et al., "Palette: image-to-image diffusion models" (2022), section 3 and appendix.
        https://arxiv.org/abs/2111.05826

    Example:
        >>> model = Palette(4, [1, 2], 1, [], head_width=4, sampler="ddim", steps=2).eval()
        >>> chance = torch.Generator().manual_seed(0)
        >>> model.colorize(torch.rand(1, 3, 8, 8), generator=chance).shape
        torch.Size([1, 3, 8, 8])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "optional"
    stochastic: ClassVar[bool] = True

    def __init__(
        self,
        width: int = 256,
        factors: Sequence[int] = (1, 1, 2, 2, 4, 4),
        blocks: int = 2,
        attention: Sequence[int] = (3, 4, 5),
        *,
        head_width: int = 64,
        dropout: float = 0.0,
        unshuffle: int = 1,
        with_reference: bool = False,
        sampler: Sampler = "ancestral",
        steps: int | None = None,
    ) -> None:
        super().__init__()
        check_count(self, width=width, blocks=blocks, head_width=head_width, unshuffle=unshuffle)
        check_count(self, steps=1 if steps is None else steps)
        check_number(self, dropout=dropout, smallest=0.0)
        check_choice(self, sampler=(sampler, Sampler))
        check_flag(self, with_reference=with_reference)
        if dropout >= 1:
            raise ValueError(f"Palette expects dropout below 1, got {dropout:g}.")
        _check_sizes(width, factors, blocks, attention, head_width)
        if unshuffle > 16:
            raise ValueError(f"Palette expects unshuffle up to 16, got {unshuffle}.")
        if steps is not None and steps > TRAINING[0]:  # Each is a pass through the network.
            raise ValueError(
                f"Palette expects steps up to {TRAINING[0]}, as many as its training has, "
                f"got {steps}."
            )
        self.config: dict[str, Any] = {
            "width": width,
            "factors": list(factors),
            "blocks": blocks,
            "attention": list(attention),
            "head_width": head_width,
            "dropout": dropout,
            "unshuffle": unshuffle,
            "with_reference": with_reference,
            "sampler": sampler,
            "steps": steps,
        }
        self.reference = "required" if with_reference else "unused"
        self.multiple = unshuffle * 2 ** (len(factors) - 1)
        self.unshuffle, self.sampler = unshuffle, sampler
        if steps is None:
            self.levels: list[float] = signal_levels(*_PUBLISHED).flip(0).tolist()
        else:
            self.levels = even_levels(steps)
        own = 3 * unshuffle**2
        inputs = 3 * own if with_reference else 2 * own
        self.net = NoiseNet(inputs, own, width, factors, blocks, attention, head_width, dropout)

    def predict_noise(
        self, noisy: Tensor, log_snr: Tensor, content: Tensor, reference: Tensor | None = None
    ) -> Tensor:
        r"""Return :math:`\hat\epsilon`, what of an image in [-1, 1] is taken for noise.

        Args:
            noisy: :math:`y_\gamma`, of the shape of ``content``.
            log_snr: :math:`\log(\gamma / (1 - \gamma))` of each image, :math:`(B,)`.
            content: As for :meth:`colorize`.
            reference: As for :meth:`colorize`.
        """
        self.check_inputs(content, reference)
        self._check_image("noisy", noisy)
        check_precision(self, noisy=noisy)
        for name, image in (("reference", reference), ("noisy", noisy)):
            if image is not None and image.shape != content.shape:
                raise ValueError(
                    f"Palette expects a content and a {name} of the same shape, got "
                    f"{tuple(content.shape)} and {tuple(image.shape)}."
                )
        require_fractions("Palette", log_snr)
        if log_snr.shape != content.shape[:1]:
            raise ValueError(
                f"Palette expects log_snr of shape {tuple(content.shape[:1])}, a number for each "
                f"image, got {tuple(log_snr.shape)}."
            )
        given = [content] if reference is None else [content, reference]
        seen = torch.cat([*(2 * image - 1 for image in given), noisy], 1)
        found = self.net(pixel_unshuffle(seen, self.unshuffle), log_snr.to(seen))
        return widen(pixel_shuffle(found, self.unshuffle))

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
        """Return a photograph that ``content`` may come from.

        Args:
            content: Drawings or grey photographs.
            reference: Photographs beside them, for a model with ``with_reference``.
            reference_content: Not used.
            hints: Not used.
            temperature: Times all noise.
            generator: Source of the noise.

        Raises:
            ValueError: As those of :meth:`Colorizer.colorize`, or the reference has another shape.
        """
        self.check_inputs(content, reference, hints, temperature, generator)

        def predict(y: Tensor, signal: float) -> Tensor:
            log_snr = y.new_full((len(y),), max(_log_snr(signal), _LOWEST))
            return self.predict_noise(y, log_snr, content, reference).to(y)

        noise = SampleNoise(content, generator)
        return (sample(predict, self.levels, noise, self.sampler, temperature) + 1) / 2


def _log_snr(signal: float) -> float:
    return math.log(signal) - math.log1p(-signal)


# The noisiest that training shows. Half of the published levels of sampling are beyond it, where
# hardly anything but noise is left to see, so that the network may take them for this one.
_LOWEST = _log_snr(float(signal_levels(*TRAINING)[-1]))


def _check_sizes(
    width: int, factors: Sequence[int], blocks: int, attention: Sequence[int], head_width: int
) -> None:
    """Refuse what cannot be built, before memory is taken for it."""
    if not _are_whole(factors) or not 1 <= len(factors) <= 10 or min(factors) < 1:
        raise ValueError(
            f"Palette expects factors to be 1 to 10 whole numbers of at least 1, got "
            f"{shown_value(factors)}."
        )
    if not _are_whole(attention) or not all(0 <= level < len(factors) for level in attention):
        raise ValueError(
            f"Palette expects attention to be levels from 0 to {len(factors) - 1}, got "
            f"{shown_value(attention)}."
        )
    if width % 4:
        raise ValueError(f"Palette expects width to be a multiple of 4, got {width}.")
    # About forty times the square of the channels are the parameters of the widest block.
    if 40 * len(factors) * (2 * blocks + 1) * (width * max(factors)) ** 2 > 2 * MOST_PARAMETERS:
        raise ValueError(
            "Palette expects width, factors and blocks that give up to "
            f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, got {width}, {factors} and {blocks}."
        )
    for level in {*attention, len(factors) - 1}:
        if width * factors[level] % head_width:
            raise ValueError(
                f"Palette expects head_width to divide the {width * factors[level]} channels of "
                f"level {level}, got {head_width}."
            )


def _are_whole(numbers: object) -> bool:
    """Return whether these are several whole numbers."""
    return is_list(numbers) and all(
        isinstance(number, Integral) and not isinstance(number, bool) for number in numbers
    )
