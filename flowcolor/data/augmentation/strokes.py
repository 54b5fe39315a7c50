"""Many hands: the same photograph drawn thin, bold, shaded, broken or wobbling, anew each time."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, shown_value
from flowcolor.color import to_gray
from flowcolor.data.augmentation.random_streams import STROKES, stream
from flowcolor.data.batch import Batch, require_batch, require_square
from flowcolor.errors import InputError
from flowcolor.values import require_colors, widen, without_autocast

_REACH = 3.5  # Standard deviations that a blur kernel reaches.


class StrokeAugmentation:
    r"""Redraw the drawings of a batch as other hands would.

    Every sample draws one of three starts: its own lines; ink, the extended difference of Gaussians
    of the truth with a line width of its own; or a soft pencil, the truth's grey divided by its
    blurred self. Then, each with probability one half, in this order: shading (darkness of the
    truth's grey, laid over the paper), bolder strokes, a wobble, and gaps. Last, ink is made
    lighter or darker, :math:`1 - d (1 - y)^g`.

    A model that has seen one filter only takes its strokes for a law. Numbers come from streams
    addressed by (seed, epoch, index), as those of all augmentation.

    Args:
        ink: Probability of ink.
        pencil: Probability of the soft pencil.
        shading: Largest darkness that shading adds.
        wobble: Largest standard deviation of the displacement, as a part of the side.
        gaps: Largest part of the strokes that is rubbed out.

    Raises:
        InputError: A probability or strength lies outside [0, 1], or both probabilities together
            are above 1.

    Reference:
        Winnemöller et al., "XDoG: an eXtended difference-of-Gaussians compendium" (2012), for ink.
        https://doi.org/10.1016/j.cag.2012.03.004

    Example:
        >>> images = torch.rand(2, 3, 32, 32)
        >>> batch = {"content": images, "truth": images, "index": torch.arange(2)}
        >>> batch = StrokeAugmentation()(batch | {"name": ["a", "b"]}, seed=0, epoch=0)
        >>> batch["content"].shape
        torch.Size([2, 3, 32, 32])
    """

    @plain_numbers
    def __init__(
        self,
        ink: float = 0.25,
        pencil: float = 0.15,
        shading: float = 0.4,
        wobble: float = 0.012,
        gaps: float = 0.15,
    ) -> None:
        strengths = {
            "ink": ink,
            "pencil": pencil,
            "shading": shading,
            "wobble": wobble,
            "gaps": gaps,
        }
        for name, value in strengths.items():
            if not is_number(value) or not 0 <= value <= 1:
                got = shown_value(value)
                raise InputError(f"{name} should lie between 0 and 1, got {got}.")
        if ink + pencil > 1:
            raise InputError(f"ink and pencil together should be at most 1, got {ink + pencil}.")
        self.ink = ink
        self.pencil = pencil
        self.shading = shading
        self.wobble = wobble
        self.gaps = gaps

    def __call__(self, batch: Batch, seed: int, epoch: int) -> Batch:
        """Return the batch with other drawings.

        Args:
            batch: ``content`` and ``truth`` (B, 3, S, S) in [0, 1], ``index`` (B,), and others.
            seed: The experiment's seed.
            epoch: New epochs draw new numbers.

        Raises:
            ValueError: An argument is none of those above.
        """
        require_batch(self, batch, "content", "truth")
        require_square(self, batch["content"])
        require_colors(type(self).__name__, batch["content"], batch["truth"])
        draws = [_draw(seed, epoch, int(i)) for i in batch["index"]]
        content = widen(batch["content"])
        numbers, fields = (
            torch.from_numpy(np.stack(parts)).to(content) for parts in zip(*draws, strict=True)
        )
        return {
            **batch,
            "content": self._redraw(content, batch["truth"].to(content.dtype), numbers, fields),
        }

    def _redraw(self, sketch: Tensor, truth: Tensor, u: Tensor, fields: Tensor) -> Tensor:
        side = sketch.shape[-1]
        gray = to_gray(truth)
        style, _, shade, bold, shake, gap, dark, gamma = u[:, :, None, None, None].unbind(1)
        drawing = torch.where(style < self.ink, _ink(gray, u[:, 1]), sketch[:, :1])
        soft = (self.ink <= style) & (style < self.ink + self.pencil)
        drawing = torch.where(soft, _pencil(gray, u[:, 1]), drawing)
        ink = 1 - drawing
        ink = torch.maximum(ink, self.shading * _half(shade) * (1 - gray).square())
        grown = functional.max_pool2d(ink, kernel_size=3, stride=1, padding=1)
        ink = ink + _half(bold) * (grown - ink)
        smooth = functional.interpolate(fields, (side, side), mode="bicubic", align_corners=False)
        ink = _move(ink, 2 * self.wobble * _half(shake) * smooth[:, :2])
        threshold = _normal_quantile(self.gaps * _half(gap))
        ink = ink * (8 * (smooth[:, 2:] - threshold)).sigmoid()
        ink = (0.5 + 0.6 * dark) * ink.clamp(0, 1) ** (0.5 + gamma)
        return (1 - ink.clamp(0, 1)).expand(-1, 3, -1, -1)


def _draw(seed: int, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
    random = stream(STROKES, seed, epoch, index)
    numbers = random.random(8, dtype=np.float32)
    # Of unit variance and coarse: a stroke is moved or rubbed out as a whole, not pixel by pixel.
    return numbers, random.standard_normal((3, 16, 16), dtype=np.float32)


def _half(u: Tensor) -> Tensor:
    """Turn a uniform number into 0 in one half of all cases, and a uniform number in the other."""
    return (2 * u - 1).clamp(min=0)


def _ink(gray: Tensor, width: Tensor) -> Tensor:
    sigma = 1.5 + 4.5 * width
    difference = _blur(gray, sigma, 6) - 0.98 * _blur(gray, 1.6 * sigma, 9.6)
    return 1 + torch.tanh(20 * difference).clamp(max=0)


def _pencil(gray: Tensor, width: Tensor) -> Tensor:
    floor = 1 / 255
    return ((gray + floor) / (_blur(gray, 3 + 12 * width, 15) + floor)).clamp(max=1)


def _blur(
    image: Float[Tensor, "batch 1 side side"], sigma: Float[Tensor, " batch"], largest: float
) -> Float[Tensor, "batch 1 side side"]:
    """Blur each image with a Gaussian of its own width, in pixels at a side of 256.

    All kernels reach as far as that of the largest width possible, not of the largest in the batch,
    or a drawing would depend on those beside it. Borders repeat.
    """
    scale = image.shape[-1] / 256
    sigma, reach = scale * sigma, math.ceil(_REACH * scale * largest)
    axis = torch.arange(-reach, reach + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-0.5 * (axis / sigma[:, None]) ** 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    stacked = functional.pad(image.movedim(0, 1), (reach,) * 4, mode="replicate")
    count = image.shape[0]
    with without_autocast(stacked):
        across = functional.conv2d(stacked, kernel[:, None, None, :], groups=count)
        return functional.conv2d(across, kernel[:, None, :, None], groups=count).movedim(0, 1)


def _move(ink: Tensor, field: Tensor) -> Tensor:
    side = ink.shape[-1]
    axis = (2 * torch.arange(side, device=ink.device, dtype=ink.dtype) + 1) / side - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    grid = torch.stack([x, y], -1) + field.movedim(1, -1)
    return functional.grid_sample(ink, grid, padding_mode="zeros", align_corners=False)


def _normal_quantile(part: Tensor) -> Tensor:
    """Return below which value so large a part of a normal distribution lies."""
    return math.sqrt(2) * torch.erfinv(2 * part.clamp(min=1e-6) - 1)
