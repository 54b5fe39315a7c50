"""How exactly a painted drawing leads back to what it was painted from."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from flowcolor.errors import InputError
from flowcolor.models.base import Colorizer, InvertibleColorizer
from flowcolor.models.hints import Hints
from flowcolor.models.sketch_color import SketchColorFlow


class Errors(NamedTuple):
    """What :class:`~flowcolor.inference.Painted` says of a picture; not a number: not measured."""

    photo: float = math.nan
    latent: float = math.nan
    drawing: float = math.nan


def recovery_errors(
    model: Colorizer, drawing: Tensor, photo: Tensor | None, result: Tensor, hints: Hints | None
) -> Errors:
    """Run the flows backwards from a result.

    Args:
        model: In eval mode, without gradients.
        drawing: What was painted, as the model was given it, :math:`(1, 3, H, W)`.
        photo: The reference, of the same size.
        result: What the model made of them, not clamped.
        hints: Under which it was painted.

    Raises:
        InputError: The model cannot be run backwards.
    """
    if not isinstance(model, InvertibleColorizer):
        raise InputError(
            f"--check expects a method that can be run backwards, got {type(model).__name__}."
        )
    if not isinstance(model, SketchColorFlow) or photo is None:
        latent, beside = model.encode(result)
        again, _ = model.encode(model.decode(latent, beside))
        photo_error = math.nan if photo is None else _largest(_there_and_back(model, photo) - photo)
        return Errors(photo_error, _largest(again - latent) / max(_largest(latent), 1e-12))
    colors, conditions = model.encode_color(photo)
    photo_error = _largest(model.decode(colors, conditions) - photo)
    if hints is not None:  # The result was painted under them, and goes back under nothing else.
        conditions = model.hinted(conditions, hints)
    latent = model.encode_sketch(drawing, conditions)
    again, _ = model.color_flow(result, conditions)
    recovered, _ = model.sketch_flow.inverse(again, conditions)
    return Errors(
        photo_error,
        _largest(again - latent) / max(_largest(latent), 1e-12),
        _largest(recovered - drawing),
    )


def _there_and_back(model: InvertibleColorizer, image: Tensor) -> Tensor:
    return model.decode(*model.encode(image))


def _largest(difference: Tensor) -> float:
    largest = difference.abs().amax()
    return float(torch.where(largest.isfinite(), largest, torch.inf))
