"""What networks ask of a batch of images, and aggregations of the condition beside it."""

import torch
from torch import Tensor, nn

from flowcolor.layers.base import check_tensor
from flowcolor.values import casts, is_float, is_strided, kind_of


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
    """Do what :func:`check_images` and :func:`check_condition` do."""
    check_images(module, x, channels)
    check_condition(module, x, condition)


def check_condition(module: nn.Module, x: Tensor, condition: object) -> None:
    """Raise ``ValueError`` unless a condition is a float tensor where ``x`` is.

    Cast, bytes would be fused as other numbers, and complex ones would lose a part.
    """
    name = type(module).__name__
    if not isinstance(condition, Tensor) or not is_strided(condition):
        raise ValueError(f"{name} expects a condition, a tensor, got {kind_of(condition)}.")
    if not is_float(condition):
        raise ValueError(f"{name} expects a condition of float numbers, got {condition.dtype}.")
    if condition.device != x.device:
        raise ValueError(
            f"{name} expects a condition on the device of its input, {x.device}, got "
            f"{condition.device}."
        )
