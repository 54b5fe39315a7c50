"""Rearranging an image into non-overlapping patches and applying a matrix to each of them."""

from einops import rearrange
from torch import Tensor, nn


def check_divisible(layer: nn.Module, x: Tensor, channels: int | None, factor: int) -> None:
    """Raise ``ValueError`` unless ``x`` is ``(B, channels, H, W)``, H and W divisible."""
    wrong = x.ndim != 4 or (channels is not None and x.shape[1] != channels)
    if wrong or x.shape[2] % factor or x.shape[3] % factor:
        raise ValueError(
            f"{type(layer).__name__} expects an input of shape (batch, {channels or 'channels'}, "
            f"height, width) with height and width divisible by {factor}, got {tuple(x.shape)}."
        )


def check_patched(layer: nn.Module, y: Tensor, channels: int | None, factor: int) -> None:
    """Raise ``ValueError`` unless ``y`` is what a downsampling by ``factor`` returns."""
    patch = factor**2
    wrong = y.ndim != 4 or y.shape[1] % patch
    if wrong or (channels is not None and y.shape[1] != channels * patch):
        name = f"{patch}*channels" if channels is None else channels * patch
        raise ValueError(
            f"{type(layer).__name__} expects a latent of shape (batch, {name}, height, width), "
            f"got {tuple(y.shape)}."
        )


def unshuffle(x: Tensor, factor: int) -> Tensor:
    """Move patches into channels: ``(B, C, H, W)`` to ``(B, C f f, H/f, W/f)``."""
    return rearrange(x, "b c (h i) (w j) -> b (c i j) h w", i=factor, j=factor)


def shuffle(y: Tensor, factor: int) -> Tensor:
    """Undo :func:`unshuffle`."""
    return rearrange(y, "b (c i j) h w -> b c (h i) (w j)", i=factor, j=factor)


def to_patches(x: Tensor, kernel: Tensor, factor: int) -> Tensor:
    """Multiply each patch by its channel's matrix: ``(B, C, H, W)`` to ``(B, C f f, H/f, W/f)``.

    Args:
        x: The image.
        kernel: ``(C, f f, f f)`` or ``(1, f f, f f)``, from pixels to coefficients.
        factor: Side of a patch, f.
    """
    patches = unshuffle(x, factor)
    rows = rearrange(patches, "b (c p) h w -> b c p (h w)", p=factor**2)
    return (kernel.to(x.dtype) @ rows).view(patches.shape)


def from_patches(y: Tensor, kernel: Tensor, factor: int) -> Tensor:
    """Undo :func:`to_patches` for an orthogonal ``kernel``."""
    rows = rearrange(y, "b (c p) h w -> b c p (h w)", p=factor**2)
    return shuffle((kernel.mT.to(y.dtype) @ rows).view(y.shape), factor)
