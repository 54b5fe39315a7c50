"""Run a colorizer at the size that suits it, whatever the size of the picture."""

import copy
import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import plain_numbers
from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError
from flowcolor.io.resizing import crop, resize
from flowcolor.models import Colorizer, Hints
from flowcolor.models.recovery import Errors, recovery_errors
from flowcolor.models.round_trip import device_of, exact

# No drawing is enlarged beyond this many. A long, thin one would be, because its shorter side is
# what --size says: 20000x1 at 64 would be 82 million pixels.
_MOST_PIXELS = 2048 * 2048
# And none that is longer than so many times its other side: where each pixel attends to all, half
# as long a strip takes a quarter of the time, and 2400x3 at 16 took 39 s on one core.
_LONGEST = 32
_HALF_STEP = 0.5 / 255  # What a picture file of eight bits cannot tell from nothing.


@plain_numbers
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


def pad(image: Tensor, multiple: int, least: int = 2) -> Tensor:
    """Repeat the right and bottom border until both sides are so many multiples or more."""
    height, width = image.shape[-2:]
    tall = max(least, math.ceil(height / multiple)) * multiple
    wide = max(least, math.ceil(width / multiple)) * multiple
    return functional.pad(image, (0, wide - width, 0, tall - height), mode="replicate")


def check_size(
    picture: Tensor,
    shorter: int | None,
    what: str = "A drawing",
    advice: str = "cut it, or choose a smaller size (--size)",
) -> None:
    """Refuse what would be enlarged beyond measure.

    Args:
        picture: Channels, height and width.
        shorter: As for :func:`working_size`.
        what: What the message calls it.
        advice: What the message says to do.

    Raises:
        InputError: To more than four million pixels, or a strip.
    """
    own = (picture.shape[-2], picture.shape[-1])
    size = working_size(*own, shorter)
    most = min(_MOST_PIXELS, _LONGEST * min(size) ** 2)
    if math.prod(size) > max(most, math.prod(own)):
        raise InputError(
            f"{what} of {own[1]}x{own[0]} would be enlarged to {size[1]}x{size[0]}, expected at "
            f"most {most} pixels: {advice}."
        )


class Run(NamedTuple):
    """What a model made at its own size.

    Args:
        result: Without the padding, :math:`(3, h, w)`, not clamped.
        seen: The picture at that size.
        worked_at: Height and width with the padding.
        errors: What it loses on the way back, if that was asked for.
    """

    result: Tensor
    seen: Tensor
    worked_at: tuple[int, int]
    errors: Errors


def run(
    model: Colorizer,
    picture: Tensor,
    reference: Tensor | None,
    shorter: int | None,
    check: bool = False,
    hints: Hints | None = None,
) -> Run:
    """Scale, pad, colour and crop a picture.

    Args:
        model: In eval mode.
        picture: :math:`(3, H, W)` in [0, 1].
        reference: :math:`(3, H', W')` in [0, 1], stretched to the picture's sides; None for methods
            that use none.
        shorter: Shorter side in pixels at which the model works; ``None``: the picture's own.
        check: Whether to measure what the flows lose on the way back. Where float32 would lose a
            line's last digit of eight bits, all is computed once more, and measured, in float64.
        hints: Colours at points of the picture, of its size.

    Raises:
        InputError: The picture would be enlarged to more than four million pixels or to a strip,
            the inputs are against the method's traits, ``check`` is asked of one that cannot be run
            backwards, the weights cannot be inverted, or the result is not finite.
    """
    device = device_of(model)
    check_size(picture, shorter)
    size = working_size(picture.shape[-2], picture.shape[-1], shorter)
    seen = resize(picture, size)
    content = pad(seen[None], model.multiple, model.least).to(device)
    worked_at = (content.shape[-2], content.shape[-1])
    photo = None if reference is None else resize(reference, worked_at)[None].to(device)
    given = None if hints is None else hints.resized(*size).padded(*worked_at).to(device)
    try:
        model.check_inputs(content, photo, given)
    except ValueError as error:
        raise InputError(str(error)) from error
    options: dict[str, Any] = {}
    if model.compares and reference is not None:
        lines = GradientLines()(reference.cpu(), worked_at).to(device)
        options["reference_content"] = lines.expand(1, 3, -1, -1)
    if model.stochastic:  # The same drawing is painted alike every time.
        options["generator"] = torch.Generator(device).manual_seed(0)
    errors = Errors()
    try:
        with exact(model):
            result = model.colorize(content, photo, hints=given, **options)
            if check:
                errors = recovery_errors(model, content, photo, result, given)
                if errors.drawing >= _HALF_STEP and device.type != "mps":  # Which has no float64.
                    wide = copy.deepcopy(model).double()  # A server paints with the model meanwhile
                    content, photo = content.double(), None if photo is None else photo.double()
                    given = None if given is None else given.to(torch.float64)
                    result = wide.colorize(content, photo, hints=given, **options)
                    errors = recovery_errors(wide, content, photo, result, given)
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        raise InputError(
            f"{type(model).__name__} expects weights that can be inverted, got a matrix that "
            "cannot."
        ) from error
    if not bool(result.isfinite().all()):  # Written, it would be black, and nobody would say why.
        raise InputError(
            f"{type(model).__name__} expects weights with which it computes colours, got values "
            "that are not finite."
        )
    return Run(crop(result, size)[0].float().cpu(), seen, worked_at, errors)
