"""What a colorizer is given, against its traits: one sentence for each thing that cannot be."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.compiler import is_exporting

from flowcolor.arguments import check_count, check_generator
from flowcolor.bounds import is_endless, is_finite, is_real, shown_value
from flowcolor.layers.reversible.torch_private import (
    can_look,
    has_numbers,
    in_transform,
    is_mapped,
)
from flowcolor.models.hints import Hints
from flowcolor.values import casts, is_float, kind_of, require_tensors

if TYPE_CHECKING:
    from flowcolor.models.base import Colorizer

_CONTENTS = "drawing", "gray"
_USES = "required", "optional", "unused"


def check_inputs(
    model: "Colorizer",
    content: Tensor,
    reference: Tensor | None,
    hints: Hints | None,
    temperature: float,
    generator: torch.Generator | None,
) -> None:
    """Refuse what contradicts a model's traits; see :meth:`Colorizer.colorize` for the arguments.

    Raises:
        ValueError: One sentence that names the argument, what is expected and what arrived.
    """
    name = type(model).__name__
    for argument, value in {"reference": reference, "hints": hints}.items():
        use = getattr(model, argument)
        if use == "required" and value is None:
            raise ValueError(f"{name} expects {argument}, got None.")
        if use == "unused" and value is not None:
            raise ValueError(f"{name} cannot use {argument}, got {type(value).__name__}.")
    model._check_image("content", content)
    if reference is not None:
        model._check_image("reference", reference)
        if reference.shape[0] != content.shape[0]:
            raise ValueError(
                f"{name} expects a reference for each content, got {reference.shape[0]} "
                f"and {content.shape[0]}."
            )
    if hints is not None and not isinstance(hints, Hints):
        raise ValueError(f"{name} expects hints to be of type Hints, got {type(hints).__name__}.")
    points = () if hints is None else (hints.colors,)
    require_tensors(name, content, *(() if reference is None else (reference,)), *points)
    check_generator(model, generator)
    if hints is not None and hints.colors.shape != content.shape:
        raise ValueError(
            f"{name} expects hints of the shape of the content, {tuple(content.shape)}, "
            f"got {tuple(hints.colors.shape)}."
        )
    boxes = None if hints is None else hints.boxes
    if model.boxes == "required" and boxes is None:
        raise ValueError(f"{name} expects hints with boxes, got none.")
    if model.boxes == "unused" and boxes is not None:
        raise ValueError(f"{name} cannot use the boxes of hints, got some.")
    _check_temperature(model, temperature)
    check_precision(model, content=content, reference=reference)


def check_traits(model: "Colorizer") -> None:
    """Refuse traits that are none, as a class of somebody's own may have them, or lack them.

    Raises:
        ValueError: One sentence that names the trait, what is expected and what is there.
    """
    name, content = type(model).__name__, getattr(model, "content", None)
    listed = isinstance(content, Collection) and not isinstance(content, str)
    if not listed or not content or not set(content) <= set(_CONTENTS):
        raise ValueError(
            f"{name} expects its content to be a set of {' and '.join(_CONTENTS)}, got "
            f"{shown_value(content)}."
        )
    for trait in ("reference", "hints", "boxes"):
        use = getattr(model, trait, None)
        if use not in _USES:
            raise ValueError(
                f"{name} expects its {trait} to be one of {', '.join(_USES)}, got "
                f"{shown_value(use)}."
            )
    check_count(model, multiple=model.multiple, least=model.least)


def check_image(model: "Colorizer", argument: str, image: Tensor) -> None:
    """Refuse what is no float image, or has sides that the model does not take.

    Args:
        model: Says which sides.
        argument: Name of the image.
        image: What arrived.

    Raises:
        ValueError: It is.
    """
    name = type(model).__name__
    if not isinstance(image, Tensor):
        message = f"{name} expects {argument} to be a tensor, got {type(image).__name__}."
        raise ValueError(message)  # noqa: TRY004  (one kind of error for all inputs)
    require_tensors(f"{name}, as {argument},", image)  # Neither sparse nor nested.
    shape = tuple(image.shape)
    if image.ndim != 4 or shape[1] != 3 or not is_float(image):
        raise ValueError(
            f"{name} expects {argument} to be a float image of shape (batch, 3, height, "
            f"width), got {image.dtype} of shape {shape}."
        )
    if argument == "reference" and model.free_reference:
        if 0 in shape[2:]:
            raise ValueError(f"{name} expects {argument} to have pixels, got {shape[2:]}.")
        return
    least = model.least * model.multiple
    if any(side % model.multiple or side < least for side in shape[2:]):
        also = f" and at least {least}" if model.least > 1 else ""
        raise ValueError(
            f"{name} expects the height and width of {argument} to be multiples of "
            f"{model.multiple}{also}, got {shape[2]} x {shape[3]}."
        )


def check_result(model: "Colorizer", content: object, result: object) -> None:
    """Refuse what is no float image of the content's shape, as a method of one's own may make it.

    Raises:
        ValueError: It is.
    """
    if not isinstance(content, Tensor):  # A method that takes it is not ours to judge.
        return
    good = isinstance(result, Tensor) and result.shape == content.shape and is_float(result)
    if not good:
        got = kind_of(result)
        if isinstance(result, Tensor):
            got = f"{result.dtype} of shape {tuple(result.shape)}"
        raise ValueError(
            f"{type(model).__name__} expects its colorize to return float images of the content's "
            f"shape, {tuple(content.shape)}, got {got}."
        )


def check_unconditional(model: "Colorizer", conditions: object) -> None:
    """Refuse conditions of a latent that has none, as those of another model."""
    if conditions is not None:
        name, kind = type(model).__name__, kind_of(conditions)
        raise ValueError(f"{name} has no conditions and expects None, got {kind}.")


def check_precision(model: "Colorizer", **images: Tensor | None) -> None:
    """Refuse images and weights of types that would meet in the middle of a network.

    Raises:
        ValueError: They are, and nothing casts them.
    """
    if model.precision == "any" or torch.compiler.is_compiling():
        return
    weight = next((p for p in model.parameters() if p.is_floating_point()), None)
    if weight is None or casts(weight.device.type):
        return
    name, kind = type(model).__name__, weight.dtype
    if model.precision == "full" and kind not in (torch.float32, torch.float64):
        raise ValueError(
            f"{name} expects weights in float32 or float64, got {kind}: use torch.autocast for "
            "half precision."
        )
    for argument, image in images.items():
        if image is not None and image.dtype != kind:
            raise ValueError(
                f"{name} expects {argument} in the type of its weights, {kind}, got {image.dtype}."
            )


def require_numbers(model: "Colorizer", *inputs: Tensor) -> None:
    """Refuse what has a shape alone; for methods that look at values as they go.

    Raises:
        ValueError: A tensor lies on the meta device, is traced by an export, or is mapped by
            ``torch.func.vmap``.
    """
    name = type(model).__name__
    if not all(map(has_numbers, inputs)):
        where = "in a program that is exported" if is_exporting() else "on the meta device"
        raise ValueError(f"{name} expects tensors with values, got some {where}.")
    if any(map(is_mapped, inputs)):
        raise ValueError(
            f"{name} looks at values and expects a batch instead of vmap, got mapped tensors."
        )


def require_finite(model: "Colorizer", **images: Tensor | None) -> None:
    """Refuse NaN and infinity; for methods that read every value anyway, as on the CPU.

    Raises:
        ValueError: An image has some.
    """
    for argument, image in images.items():
        if image is not None and can_look(image) and not image.isfinite().all():
            name = type(model).__name__
            raise ValueError(f"{name} expects finite values in {argument}, got NaN or inf.")


def require_no_gradient(model: "Colorizer", **inputs: Tensor | None) -> None:
    """Refuse derivatives, which would miss terms; for methods that compute outside of them.

    Raises:
        ValueError: Somebody asks for one.
    """
    asking = torch.is_grad_enabled()
    found = [key for key, x in inputs.items() if x is not None and asking and x.requires_grad]
    if found or in_transform():
        shown = "one for " + " and ".join(found) if found else "a transform or forward mode"
        raise ValueError(
            f"{type(model).__name__} expects to be asked for no gradient, for it has none, got "
            f"{shown}."
        )


def _check_temperature(model: "Colorizer", temperature: float) -> None:
    name = type(model).__name__
    if isinstance(temperature, Tensor) and temperature.numel() == 1:  # Not one for each.
        temperature = temperature.item()
    if not is_real(temperature):
        word = isinstance(temperature, str | bool) or temperature is None
        shown = repr(temperature) if word else type(temperature).__name__
        raise ValueError(f"{name} expects temperature to be a number, got {shown}.")
    shown = _shown(temperature)
    if temperature != 1 and not model.stochastic:
        raise ValueError(f"{name} draws no random numbers and expects temperature 1, got {shown}.")
    if not is_finite(temperature) or is_endless(temperature) or temperature < 0:
        raise ValueError(f"{name} expects a finite temperature of at least 0, got {shown}.")


def _shown(number: float | Tensor) -> str:
    try:
        short = f"{number:g}"
        return shown_value(number) if is_endless(number) else short
    except OverflowError:  # Of a whole number that no float could hold.
        return "hundreds of digits"
