"""The self-augmented reference: a photograph teaches how to colour its own drawing.

All random numbers of a sample come from a stream of its own, addressed by (seed, epoch, index), so
that its pixels depend on nothing else: not on loader processes, ranks, batch size or order.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import check_flag, is_function, is_list, plain_numbers
from flowcolor.bounds import is_number, is_one_of, shown_value
from flowcolor.data.augmentation.hint_points import HintPoints
from flowcolor.data.augmentation.jitter import jitter_colors
from flowcolor.data.augmentation.random_streams import AUGMENTING, stream
from flowcolor.data.augmentation.strokes import StrokeAugmentation
from flowcolor.data.batch import Batch, converted, require_batch, require_square
from flowcolor.errors import InputError
from flowcolor.values import require_colors, widen, without_autocast

_GRID = 64  # The elastic field is drawn at this size whatever the image's, so it scales with it.
_FIELD_SIGMA = _GRID / 16
_RADIUS = 4 * _GRID // 16


class SelfAugmentedReference:
    r"""Turn photos and their content into (content, reference, truth) for training.

    1. Photo and sketch get the same flip, rotation and centre crop. The photo is now the truth.
    2. The reference is the photo with other colours (if ``jitter="reference"``) or with the same
       as the truth (``"both"``), seen through one warp

       .. math::
           \text{reference}(p) = \text{photo}(A p + d(p))

       with a random similarity :math:`A` (flip, rotation, scale, shift) and an elastic field
       :math:`d`: Gaussian noise, smoothed with a Gaussian of a sixteenth of the image and scaled to
       a standard deviation of ``elastic`` times the image's side. Borders are reflected.

    The warp must be strong, or copying the reference is a good answer and the drawing is ignored.

    Args:
        jitter: Whose colours change. ``"both"``: truth and reference alike, so that colours have
            to be read from the reference. ``"reference"``: the reference alone.
        brightness: Brightness is multiplied by a factor from 1 - brightness to 1 + brightness.
        contrast: Likewise, the distance from the mean grey.
        saturation: Likewise, the distance from each pixel's grey.
        hue: Hue is turned by -hue to hue of a full circle, at most 0.5.
        elastic: Standard deviation of the elastic field as a part of the image's side. The default
            is that of alpha 1.2 times the side and sigma a sixteenth of it.
        rotation: Largest rotation of the reference, in degrees.
        shift: Largest shift of the reference as a part of the side.
        scale: Smallest and largest magnification of the reference.
        shared_rotation: Largest rotation of truth and sketch, in degrees.
        shared_crop: Smallest part of the side that the centre crop keeps.
        flip: Probability of a flip, of truth and sketch and again of the reference.
        strokes: Redraws the sketches in training, after all else. ``None``: they stay as they are.
        hints: Gives colours of the truth at points, in training. ``None``: no hints.
        warp: Whether batches say which place of the truth each pixel of the reference shows, as
            ``warp`` (B, S, S, 2): ``grid_sample(truth, warp)`` has the reference's geometry.

    Reference:
        Lee et al., "Reference-Based Sketch Image Colorization using Augmented-Self Reference and
        Dense Semantic Correspondence" (2020). https://arxiv.org/abs/2005.05207

    Example:
        >>> images = torch.rand(2, 3, 32, 32)
        >>> batch = {"photo": images, "content": images, "index": torch.arange(2)}
        >>> example = SelfAugmentedReference()(batch | {"name": ["a", "b"]}, seed=0, epoch=0)
        >>> sorted(example)
        ['content', 'index', 'name', 'reference', 'truth']
    """

    @plain_numbers
    def __init__(
        self,
        jitter: Literal["reference", "both"] = "both",
        brightness: float = 0.3,
        contrast: float = 0.3,
        saturation: float = 0.3,
        hue: float = 0.1,
        elastic: float = 0.05,
        rotation: float = 20.0,
        shift: float = 0.1,
        scale: tuple[float, float] = (0.8, 1.25),
        shared_rotation: float = 10.0,
        shared_crop: float = 0.8,
        flip: float = 0.5,
        strokes: StrokeAugmentation | None = None,
        hints: HintPoints | None = None,
        warp: bool = False,
    ) -> None:
        if not is_one_of(jitter, ("reference", "both")):
            got = shown_value(jitter)
            raise InputError(f'jitter should be "reference" or "both", got {got}.')
        _within("brightness", brightness, 0, 1)
        _within("contrast", contrast, 0, 1)
        _within("saturation", saturation, 0, 1)
        _within("hue", hue, 0, 0.5)
        _within("flip", flip, 0, 1)
        _within("shared_crop", shared_crop, 0.1, 1)
        _within("elastic", elastic, 0, 1)
        _within("rotation", rotation, 0, 360)
        _within("shared_rotation", shared_rotation, 0, 360)
        _within("shift", shift, 0, 1)
        pair = is_list(scale) and len(scale) == 2 and all(map(is_number, scale))
        if not pair or not 0.01 <= scale[0] <= scale[1] <= 100:
            got = shown_value(tuple(scale) if isinstance(scale, list) else scale)
            raise InputError(f"scale should be two rising numbers from 0.01 to 100, got {got}.")
        for name, change in (("strokes", strokes), ("hints", hints)):
            if change is not None and not is_function(change):
                raise InputError(f"{name} should change batches, got {shown_value(change)}.")
        check_flag(self, warp=warp)
        self.jitter = jitter
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
        self.elastic = elastic
        self.rotation = rotation
        self.shift = shift
        self.scale = scale
        self.shared_rotation = shared_rotation
        self.shared_crop = shared_crop
        self.flip = flip
        self.strokes = strokes
        self.hints = hints
        self.warp = warp

    def __call__(self, batch: Batch, seed: int, epoch: int, shared_geometry: bool = True) -> Batch:
        """Augment a batch on the device it is on.

        Args:
            batch: ``photo`` and ``content`` (B, 3, S, S) in [0, 1], ``index`` (B,), ``name``.
            seed: The experiment's seed.
            epoch: New epochs draw new numbers.
            shared_geometry: ``False`` is for evaluation: truth and content stay as they are, and so
                do all colours; only the reference is warped.

        Returns:
            ``content``, ``reference`` and ``truth`` (B, 3, S, S), ``index`` and ``name``, and
            ``warp`` (B, S, S, 2) if it is asked for.

        Raises:
            ValueError: An argument is none of those above.
        """
        require_batch(self, batch, "photo", "content", also=["name"])
        require_square(self, batch["photo"])
        require_colors(type(self).__name__, batch["photo"], batch["content"])
        check_flag(self, shared_geometry=shared_geometry)
        photo = widen(batch["photo"])  # Half precision is too coarse for where a pixel lies.
        content = batch["content"].to(photo.dtype)
        draws = [self._draw(seed, epoch, int(i), shared_geometry) for i in batch["index"]]
        colors, shared, own, noise = (
            torch.from_numpy(np.stack(parts)).to(photo) for parts in zip(*draws, strict=True)
        )
        size = photo.shape[-1]
        points = _points(size, photo.device).to(photo.dtype)
        warp = warped = _apply(own, points) + 2 * self.elastic * _smooth(noise, size)
        truth = source = photo
        if shared_geometry:
            source = jitter_colors(photo, colors)
            truth = _sample(source if self.jitter == "both" else photo, _apply(shared, points))
            content = 1 - _sample(1 - content, _apply(shared, points), padding="zeros")
            warped = _apply(shared, warped)
        made: Batch = {
            "content": content,
            "reference": _sample(source, warped),
            "truth": truth,
            "index": batch["index"],
            "name": batch["name"],
        }
        if self.warp:
            made["warp"] = warp  # Of the truth: what is shared with it is not part of the way.
        for change in (self.strokes, self.hints):
            if shared_geometry and change is not None:
                made = change(made, seed, epoch)
        return converted(made, batch["photo"].dtype)

    def _draw(
        self, seed: int, epoch: int, index: int, shared_geometry: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Draw one sample's numbers: colour factors, two similarities and noise."""
        random = stream(AUGMENTING, seed, epoch, index)
        u = random.uniform(-1, 1, size=10)
        strengths = (self.brightness, self.contrast, self.saturation, self.hue)
        colors = np.array([1, 1, 1, 0]) + u[:4] * strengths
        shared = _similarity(
            angle=u[4] * self.shared_rotation,
            zoom=1 - (1 - self.shared_crop) * (u[5] + 1) / 2,
            flip=random.random() < self.flip,
        )
        smallest, largest = (math.log(value) for value in self.scale)
        own = _similarity(
            angle=u[6] * self.rotation,
            zoom=math.exp(-smallest - (largest - smallest) * (u[7] + 1) / 2),
            flip=random.random() < self.flip,
            shift=(2 * self.shift * u[8], 2 * self.shift * u[9]),
        )
        side = _GRID + 2 * _RADIUS
        noise = random.standard_normal((2, side, side), dtype=np.float32)
        return colors.astype(np.float32), shared, own, noise


def _within(name: str, value: float, low: float, high: float) -> None:
    if not is_number(value) or not low <= value <= high:
        got = shown_value(value)
        raise InputError(f"{name} should lie between {low} and {high}, got {got}.")


def _similarity(
    angle: float, zoom: float, flip: bool, shift: Sequence[float] = (0.0, 0.0)
) -> np.ndarray:
    """Return (2, 3): where a point of the new image lies in the old, both sides being [-1, 1]."""
    radians = math.radians(angle)
    cos, sin = zoom * math.cos(radians), zoom * math.sin(radians)
    mirror = -1 if flip else 1
    rows = [[mirror * cos, -sin, shift[0]], [mirror * sin, cos, shift[1]]]
    return np.array(rows, dtype=np.float32)


def _points(size: int, device: torch.device) -> Float[Tensor, "1 size size 2"]:
    """Pixel centres in grid_sample's coordinates."""
    axis = (2 * torch.arange(size, device=device) + 1) / size - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], dim=-1)[None]


def _apply(affine: Float[Tensor, "b 2 3"], points: Tensor) -> Float[Tensor, "b size size 2"]:
    linear, offset = affine[:, None, None, :, :2], affine[:, None, None, :, 2]
    return (linear * points[..., None, :]).sum(-1) + offset


def _smooth(noise: Float[Tensor, "b 2 side side"], size: int) -> Float[Tensor, "b size size 2"]:
    """Smooth white noise to a field of unit variance at every point, at the image's size."""
    axis = torch.arange(-_RADIUS, _RADIUS + 1, device=noise.device, dtype=noise.dtype)
    kernel = torch.exp(-0.5 * (axis / _FIELD_SIGMA) ** 2)
    kernel = kernel / kernel.square().sum().sqrt()
    field = noise.flatten(0, 1)[:, None]
    with without_autocast(field):
        field = functional.conv2d(
            functional.conv2d(field, kernel[None, None, None, :]), kernel[None, None, :, None]
        )
    field = functional.interpolate(field, (size, size), mode="bicubic", align_corners=False)
    return field.view(-1, 2, size, size).movedim(1, -1)


def _sample(image: Tensor, grid: Tensor, padding: str = "reflection") -> Tensor:
    sampled = functional.grid_sample(image, grid, padding_mode=padding, align_corners=False)
    return sampled.clamp(0, 1)
