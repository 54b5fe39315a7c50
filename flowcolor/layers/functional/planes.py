"""What networks ask of a batch of images, and aggregations of the condition beside it."""

import torch
from torch import Tensor, nn

from flowcolor.layers.base import check_tensor
from flowcolor.values import casts


def check_images(module: nn.Module, x: Tensor, channels: int, least: int = 1) -> None:
    """Raise ``ValueError`` unless ``x`` is ``(B, channels, H, W)`` in the type of the weights.

    Args:
        module: The network; its class begins the message.
        x: What it is called with.
        channels: Of its input.
        least: The smallest side for which it has a result.
    """
    check_tensor(module, x)
    name = type(module).__name__
    if x.ndim != 4 or x.shape[1] != channels or min(x.shape[2:]) < least:
        sides = f" with sides of at least {least}" if least > 1 else ""
        raise ValueError(
            f"{name} expects an input of shape (batch, {channels}, height, width){sides}, got "
            f"{tuple(x.shape)}."
        )
    weight = next(module.parameters(), x)
    # Autocast brings both to one type, but leaves float64 alone.
    brought = casts(x.device.type) and torch.float64 not in (x.dtype, weight.dtype)
    if x.dtype != weight.dtype and not brought:
        raise ValueError(
            f"{name} expects an input in the type of its weights, {weight.dtype}, got {x.dtype}."
        )


def check_planes(module: nn.Module, x: Tensor, condition: object, channels: int) -> None:
    """Do what :func:`check_images` does, and raise ``ValueError`` unless there is a condition."""
    check_images(module, x, channels)
    name = type(module).__name__
    if not isinstance(condition, Tensor):
        shown = "None" if condition is None else type(condition).__name__
        raise ValueError(f"{name} expects a condition, a tensor, got {shown}.")  # noqa: TRY004  (one kind of error)
    if condition.device != x.device:
        raise ValueError(
            f"{name} expects a condition on the device of its input, {x.device}, got "
            f"{condition.device}."
        )
