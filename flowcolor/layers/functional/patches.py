"""Rearranging data into non-overlapping patches and applying a matrix to each of them."""

from typing import Literal

from einops import rearrange
from torch import Tensor, nn

from flowcolor.layers.base import check_tensor

Dims = Literal[1, 2, 3]

_AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
_FINE = {1: "b c (w j)", 2: "b c (h i) (w j)", 3: "b c (d k) (h i) (w j)"}
_COARSE = {1: "b (c j) w", 2: "b (c i j) h w", 3: "b (c k i j) d h w"}


def check_divisible(
    layer: nn.Module, x: Tensor, channels: int | None, factor: int, dims: Dims = 2
) -> None:
    """Raise ``ValueError`` unless ``x`` is ``(B, channels, *sides)``, each side divisible."""
    check_tensor(layer, x)
    wrong = x.ndim != 2 + dims or (channels is not None and x.shape[1] != channels)
    if wrong or any(side % factor for side in x.shape[2:]):
        *others, last = _AXES[dims]
        names = f"{', '.join(others)} and {last}" if others else last
        raise ValueError(
            f"{type(layer).__name__} expects an input of shape (batch, {channels or 'channels'}, "
            f"{', '.join(_AXES[dims])}) with {names} divisible by {factor}, got {tuple(x.shape)}."
        )


def check_patched(
    layer: nn.Module, y: Tensor, channels: int | None, factor: int, dims: Dims = 2
) -> None:
    """Raise ``ValueError`` unless ``y`` is what a downsampling by ``factor`` returns."""
    check_tensor(layer, y)
    patch = factor**dims
    wrong = y.ndim != 2 + dims or y.shape[1] % patch
    if wrong or (channels is not None and y.shape[1] != channels * patch):
        name = f"{patch}*channels" if channels is None else channels * patch
        raise ValueError(
            f"{type(layer).__name__} expects a latent of shape (batch, {name}, "
            f"{', '.join(_AXES[dims])}), got {tuple(y.shape)}."
        )


def unshuffle(x: Tensor, factor: int, dims: Dims = 2) -> Tensor:
    """Move patches into channels: ``(B, C, H, W)`` to ``(B, C f f, H/f, W/f)``."""
    # Not by torch's `pixel_unshuffle`, which gives empty batches back in the shape that they have.
    return rearrange(x, f"{_FINE[dims]} -> {_COARSE[dims]}", **_sides(factor, dims))


def shuffle(y: Tensor, factor: int, dims: Dims = 2) -> Tensor:
    """Undo :func:`unshuffle`."""
    return rearrange(y, f"{_COARSE[dims]} -> {_FINE[dims]}", **_sides(factor, dims))


def _sides(factor: int, dims: Dims) -> dict[str, int]:
    return dict.fromkeys("jik"[:dims], factor)


def to_patches(x: Tensor, kernel: Tensor, factor: int, dims: Dims = 2) -> Tensor:
    """Multiply each patch by its channel's matrix: ``(B, C, H, W)`` to ``(B, C f f, H/f, W/f)``.

    Args:
        x: The image, or data with ``dims`` axes of space.
        kernel: ``(C, p, p)`` or ``(1, p, p)`` for p pixels, from pixels to coefficients.
        factor: Side of a patch, f.
        dims: Axes of space.
    """
    patches = unshuffle(x, factor, dims)
    return (kernel.to(x.dtype) @ _rows(patches, kernel)).view(patches.shape)


def from_patches(y: Tensor, kernel: Tensor, factor: int, dims: Dims = 2) -> Tensor:
    """Undo :func:`to_patches` for an orthogonal ``kernel``."""
    return shuffle((kernel.mT.to(y.dtype) @ _rows(y, kernel)).view(y.shape), factor, dims)


def _rows(patches: Tensor, kernel: Tensor) -> Tensor:
    return rearrange(patches, "b (c p) ... -> b c p (...)", p=kernel.shape[-1])
