"""Paint one drawing of any size with one photograph of any size."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from flowcolor.data.images import crop, resize
from flowcolor.errors import InputError
from flowcolor.models import Colorizer, SketchColorFlow
from flowcolor.models.round_trip import device_of, exact

# No drawing is enlarged beyond this many. A long, thin one would be, because its shorter side is
# what --size says: 20000x1 at 64 would be 82 million pixels.
_MOST_PIXELS = 2048 * 2048


@dataclass(frozen=True)
class Painted:
    r"""A painted drawing and how exactly the flows can be run backwards on this very pair.

    Args:
        image: The result at the drawing's own size, :math:`(3, H, W)` in [0, 1].
        worked_at: Height and width at which the model ran, padding included.
        photo_error: :math:`\max |\mathrm{decode}(\mathrm{encode}(R)) - R|` of the photograph.
        latent_error: Largest difference between the drawing's latent and the latent of the result,
            as a part of the largest latent.
        sketch_error: Largest error of the drawing recovered from the result alone.
    """

    image: Tensor
    worked_at: tuple[int, int]
    photo_error: float
    latent_error: float
    sketch_error: float


def working_size(height: int, width: int, shorter: int | None) -> tuple[int, int]:
    """Return the size at which a drawing is painted: its shorter side becomes ``shorter``.

    Example:
        >>> working_size(300, 200, 64), working_size(300, 200, None)
        ((96, 64), (300, 200))
    """
    if shorter is None:
        return height, width
    scale = shorter / min(height, width)
    return max(shorter, round(height * scale)), max(shorter, round(width * scale))


def pad(image: Tensor, multiple: int) -> Tensor:
    """Repeat the right and bottom border until both sides suit a model, at least two multiples."""
    height, width = image.shape[-2:]
    tall = max(2 * multiple, math.ceil(height / multiple) * multiple)
    wide = max(2 * multiple, math.ceil(width / multiple) * multiple)
    return functional.pad(image, (0, wide - width, 0, tall - height), mode="replicate")


def paint(
    model: Colorizer,
    sketch: Tensor,
    reference: Tensor | None,
    shorter: int | None,
    check: bool = False,
) -> Painted:
    """Paint a drawing: scale, pad, colour, crop, and scale back to the drawing's own size.

    Args:
        model: In eval mode.
        sketch: :math:`(3, H, W)` in [0, 1], white paper.
        reference: :math:`(3, H', W')` in [0, 1], any size; it is stretched to the drawing's. None
            for methods that use none.
        shorter: Shorter side in pixels at which the model works; ``None``: the drawing's own.
        check: Whether to measure the three errors; not a number otherwise.

    Raises:
        InputError: The drawing would be enlarged to more than four million pixels, the inputs are
            against the method's traits, or ``check`` is asked of one that cannot be run backwards.
    """
    device = device_of(model)
    own = (sketch.shape[-2], sketch.shape[-1])
    size = working_size(*own, shorter)
    if math.prod(size) > max(_MOST_PIXELS, math.prod(own)):
        raise InputError(
            f"A drawing of {own[1]}x{own[0]} would be enlarged to {size[1]}x{size[0]}, expected at "
            f"most {_MOST_PIXELS} pixels: cut it, or choose a smaller --size."
        )
    drawing = pad(resize(sketch, size)[None], model.multiple).to(device)
    worked_at = (drawing.shape[-2], drawing.shape[-1])
    photo = None if reference is None else resize(reference, worked_at)[None].to(device)
    try:
        model.check_inputs(drawing, photo)
    except ValueError as error:
        raise InputError(str(error)) from error
    errors = [math.nan] * 3
    with exact(model):
        result = model.colorize(drawing, photo)
        if check:
            errors = _errors(model, drawing, photo, result)
    image = resize(crop(result, size)[0].clamp(0, 1).cpu(), own)
    return Painted(image, worked_at, *errors)


def _errors(model: Colorizer, drawing: Tensor, photo: Tensor | None, result: Tensor) -> list[float]:
    if not isinstance(model, SketchColorFlow) or photo is None:
        raise InputError(
            f"--check expects a method that can be run backwards, got {type(model).__name__}."
        )
    colors, conditions = model.encode_color(photo)
    latent = model.encode_sketch(drawing, conditions)
    again, _ = model.color_flow(result, conditions)
    recovered, _ = model.sketch_flow.inverse(again, conditions)
    return [
        _largest(model.decode(colors, conditions) - photo),
        _largest(again - latent) / max(_largest(latent), 1e-12),
        _largest(recovered - drawing),
    ]


def _largest(difference: Tensor) -> float:
    largest = difference.abs().amax()
    return float(torch.where(largest.isfinite(), largest, torch.inf))
