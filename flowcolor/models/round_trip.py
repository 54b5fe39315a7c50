"""The round trip of the colour flow: what float32 loses between encoding and decoding."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from flowcolor.models.base import InvertibleColorizer
from flowcolor.values import require_colors


def device_of(model: nn.Module) -> torch.device:
    """Return where a model's numbers are, constants too; one without any works on the CPU."""
    number = next(chain(model.parameters(), model.buffers()), None)
    return torch.device("cpu") if number is None else number.device


def dtype_of(model: nn.Module) -> torch.dtype:
    """Return what a model without autocast takes: float32, or float64 where its weights are."""
    parameter = next(model.parameters(), None)
    own = torch.float32 if parameter is None else parameter.dtype
    return torch.promote_types(own, torch.float32)


@contextmanager
def exact(model: nn.Module) -> Iterator[None]:
    """Run the body in eval mode, in whole float32 and without gradients, then restore the modes."""
    modes = {module: module.training for module in model.modules()}  # A later stage has both.
    device = device_of(model).type
    model.eval()
    try:
        with torch.no_grad(), torch.autocast(device, enabled=False), without_tf32(device):
            yield
    finally:
        for module, training in modes.items():
            module.training = training


@contextmanager
def without_tf32(device: str) -> Iterator[None]:
    """Let a GPU's convolutions and matrix products keep all bits of float32 inside of the body.

    By torch's default convolutions round to TF32, whose 10 bits of fraction leave an error of 4e-4
    in a round trip of a photograph where the CPU leaves 1e-6.
    """
    if device != "cuda":
        yield
        return
    places: tuple[Any, ...] = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [place.allow_tf32 for place in places]
    try:
        for place in places:
            place.allow_tf32 = False
        yield
    finally:
        for place, allowed in zip(places, before, strict=True):
            place.allow_tf32 = allowed


def roundtrip_error(model: InvertibleColorizer, images: Tensor) -> Tensor:
    r"""Return the largest error over a batch of encoding an image and decoding it.

    .. math:: \max |\mathrm{decode}(\mathrm{encode}(I)) - I|

    Args:
        model: The model; its mode is restored.
        images: :math:`(B, 3, H, W)` in [0, 1].

    Returns:
        A number, infinite where the decoder gave values that are not finite.

    Raises:
        ValueError: There is no image, these are no float images with values in [0, 1], or the model
            cannot be run backwards.
    """
    _check_images("roundtrip_error", images)
    if not hasattr(model, "decode"):
        name = type(model).__name__
        raise ValueError(
            f"roundtrip_error expects a colorizer that can be run backwards, got {name}."
        )
    with exact(model):
        images = images.to(dtype_of(model))
        error = (model.decode(*model.encode(images)) - images).abs().amax()
        return torch.where(error.isfinite(), error, torch.inf)


def smooth_image(like: Tensor) -> Tensor:
    """Return one image of slow colour gradients, of the shape of one image of ``like``."""
    height, width = like.shape[-2:]
    down = torch.linspace(0, 1, height, device=like.device)[:, None].expand(height, width)
    across = torch.linspace(0, 1, width, device=like.device).expand(height, width)
    return torch.stack((down, across, (down + across) / 2))[None]


def flat_images(like: Tensor) -> Tensor:
    """Return black, grey, white and a plain colour, each the shape of an image of ``like``."""
    colors = torch.tensor(
        [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [1.0, 1.0, 1.0], [0.8, 0.5, 0.3]], device=like.device
    )
    return colors[:, :, None, None].expand(4, 3, *like.shape[-2:])


def roundtrip_errors(model: InvertibleColorizer, photos: Tensor) -> dict[str, Tensor]:
    """Return :func:`roundtrip_error` on smooth, flat and real images of one size.

    Args:
        model: The model; its mode is restored.
        photos: Real photographs, of which the first four count.

    Raises:
        ValueError: As :func:`roundtrip_error`.
    """
    _check_images("roundtrip_errors", photos)
    return {
        "smooth": roundtrip_error(model, smooth_image(photos)),
        "flat": roundtrip_error(model, flat_images(photos)),
        "real": roundtrip_error(model, photos[:4]),
    }


def _check_images(name: str, images: Tensor) -> None:
    require_colors(name, images)
    if images.ndim != 4 or images.numel() == 0:
        raise ValueError(
            f"{name} expects images of shape (batch, 3, height, width), got {tuple(images.shape)}."
        )
