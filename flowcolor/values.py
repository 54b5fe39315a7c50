"""Images whose values are no colours are refused, not measured as if they were."""

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.compiler import is_compiling

_LOWEST, _HIGHEST = -1.0, 8.0
_WIDE = torch.float32, torch.float64


def in_full(image: Tensor) -> Tensor:
    """Return an image in float32 or float64, which all filters know, and without its history."""
    return image.detach() if image.dtype == torch.float64 else image.detach().float()


def require_colors(name: str, *images: Tensor) -> None:
    """Refuse images whose values are not meant to lie in [0, 1].

    What a model paints is not clamped and may lie outside, which is why the bounds are wide: -1 and
    8. Beyond them are images of 0 to 255; and what lies between -1 and 1, with values below -0.5,
    is taken for an image of that range. Clamped, they would be other pictures. NaN passes, for it
    is seen in every result; what lies beside it counts. Where values cannot be looked at, as in a
    compiled graph, under ``vmap`` and on the meta device, only the kind of number counts.

    Args:
        name: Who refuses; it begins the message.
        images: Tensors of any shape.

    Raises:
        ValueError: An image is no float tensor, or has values of another range.
    """
    require_floats(name, *images)
    if is_compiling():
        return
    for image in images:
        recording = image.is_cuda and torch.cuda.is_current_stream_capturing()
        if image.numel() and not recording:
            try:
                low, high = _ends(image.detach())
            except RuntimeError:  # What vmap, fake and meta tensors say when asked for a number.
                return
            if low < _LOWEST or high > _HIGHEST or (low < -0.5 and high <= 1):
                raise ValueError(
                    f"{name} expects images with values in [0, 1], got values from {low:g} to "
                    f"{high:g}: scale them."
                )


def require_pictures(name: str, *images: Tensor) -> None:
    """Refuse what :func:`require_colors` does, and what is no single picture of three channels.

    Raises:
        ValueError: It is none.
    """
    require_colors(name, *images)
    for image in images:
        if image.ndim != 3 or image.shape[0] != 3 or 0 in image.shape:
            raise ValueError(
                f"{name} expects images of shape (3, height, width), got {tuple(image.shape)}."
            )


def _ends(image: Tensor) -> tuple[float, float]:
    """Return the smallest and the largest value beside NaN, which would hide them."""
    low, high = (float(value) for value in torch.aminmax(image))
    if math.isnan(low):
        known = image[~image.isnan()]
        low, high = _ends(known) if known.numel() else (0.0, 0.0)
    return low, high


def require_real(name: str, *values: Tensor) -> None:
    """Refuse complex numbers, of which no measure would see more than the real part.

    And floats of one byte, with which nothing can be computed.

    Args:
        name: Who refuses; it begins the message.
        values: What should be tensors of real numbers, of any shape.

    Raises:
        ValueError: One is no tensor, or of such numbers.
    """
    require_tensors(name, *values)
    if any(v.is_complex() or (v.is_floating_point() and not is_float(v)) for v in values):
        kinds = " and ".join(str(value.dtype) for value in values)
        raise ValueError(f"{name} expects real numbers, got {kinds}.")


def require_tensors(name: str, *values: object) -> None:
    """Refuse arrays, lists and all else that is no tensor, before its shape is asked for.

    Args:
        name: Who refuses; it begins the message.
        values: What should be tensors, on one device; single numbers may lie anywhere.

    Raises:
        ValueError: One is no tensor, or they lie on several devices.
    """
    if not all(isinstance(value, Tensor) and is_strided(value) for value in values):
        kinds = [kind_of(value) for value in values]
        expected = "a tensor" if len(kinds) == 1 else "tensors"
        raise ValueError(f"{name} expects {expected}, got {' and '.join(kinds)}.")
    if len(values) < 2:
        return
    devices = {str(value.device): None for value in values if value.ndim}  # type: ignore[attr-defined]
    if len(devices) > 1:
        raise ValueError(f"{name} expects tensors on one device, got {' and '.join(devices)}.")


def length_of(name: str, images: Tensor) -> int:
    """Return how many images a batch holds.

    Args:
        name: Who asks; it begins the message.
        images: The batch.

    Raises:
        ValueError: It is no tensor, or a single number.
    """
    require_tensors(name, images)
    if not images.ndim:
        raise ValueError(f"{name} expects a batch of images, got a single number.")
    return len(images)


def kind_of(value: object) -> str:
    """Return in a word or two what something is that is no plain tensor."""
    if isinstance(value, Tensor) and not is_strided(value):
        return "a nested one" if value.is_nested else f"one of layout {value.layout}"
    return "None" if value is None else type(value).__name__


def require_floats(name: str, *images: Tensor) -> None:
    """Refuse bytes and other whole numbers, whatever their values.

    Args:
        name: Who refuses; it begins the message.
        images: Tensors of any shape.

    Raises:
        ValueError: An image is no float tensor.
    """
    require_tensors(name, *images)
    if not all(is_float(image) for image in images):
        kinds = " and ".join(str(image.dtype) for image in images)
        raise ValueError(
            f"{name} expects float images with values in [0, 1], got {kinds}: divide bytes by 255."
        )


def require_fractions(name: str, *values: Tensor) -> None:
    """Refuse whole and complex numbers; for what is no image, so that no range is expected.

    Args:
        name: Who refuses; it begins the message.
        values: Tensors of any shape.

    Raises:
        ValueError: One is no float tensor.
    """
    require_tensors(name, *values)
    if not all(is_float(value) for value in values):
        kinds = " and ".join(str(value.dtype) for value in values)
        raise ValueError(f"{name} expects float numbers, got {kinds}.")


def is_strided(x: Tensor) -> bool:
    """Tell whether a tensor is neither sparse nor nested: of those, hardly an operator knows."""
    return x.layout == torch.strided and not x.is_nested


def is_float(x: Tensor) -> bool:
    """Tell whether these are floats that can be computed with; those of one byte cannot."""
    return x.is_floating_point() and x.dtype.itemsize > 1


def without_autocast(x: Tensor) -> AbstractContextManager[Any]:
    """Return a context in which products keep the precision of ``x``, whatever surrounds it.

    Devices that know no autocast need none; torch has no answer for them, nor for the meta device.
    """
    kind = x.device.type
    # While compiling also where autocast is off: the program may run where it is on.
    on = is_compiling() or casts(kind)
    return torch.autocast(kind, enabled=False) if on and _knows_autocast(kind) else nullcontext()


def outside_inference() -> AbstractContextManager[Any]:
    """Return a context in which tensors may get gradients, also inside of inference mode."""
    return torch.inference_mode(False) if torch.is_inference_mode_enabled() else nullcontext()


def casts(device_type: str) -> bool:
    """Tell whether autocast is on, which some devices do not know."""
    return _knows_autocast(device_type) and torch.is_autocast_enabled(device_type)


def _knows_autocast(kind: str) -> bool:
    # Of these two torch is not asked: compilers and `torch.export` of 2.10 stop at the question.
    return kind in ("cpu", "cuda") or torch.amp.is_autocast_available(kind)


def widen(x: Tensor) -> Tensor:
    """Return ``x`` in float32 or wider; half precision cannot carry a bijection."""
    return x if x.dtype in _WIDE else x.to(torch.promote_types(x.dtype, torch.float32))
