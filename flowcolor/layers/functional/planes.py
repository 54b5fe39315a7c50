"""What every aggregation asks of a batch of images and the condition beside it."""

from torch import Tensor, nn

from flowcolor.layers.base import check_channels


def check_planes(module: nn.Module, x: Tensor, condition: object, channels: int) -> None:
    """Raise ``ValueError`` unless ``x`` is ``(B, channels, H, W)`` and there is a condition."""
    check_channels(module, x, channels)
    name = type(module).__name__
    if x.ndim != 4:
        raise ValueError(
            f"{name} expects an input of shape (batch, {channels}, height, width), got "
            f"{tuple(x.shape)}."
        )
    if not isinstance(condition, Tensor):
        shown = "None" if condition is None else type(condition).__name__
        raise ValueError(f"{name} expects a condition, a tensor, got {shown}.")  # noqa: TRY004  (one kind of error)
    if condition.device != x.device:
        raise ValueError(
            f"{name} expects a condition on the device of its input, {x.device}, got "
            f"{condition.device}."
        )
