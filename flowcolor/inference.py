"""Colour pictures of any size, with a model of the package, of a file, or without weights."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from flowcolor.color import into_gamut, to_gray
from flowcolor.data.clean import clean_drawing
from flowcolor.data.crisp import crisp
from flowcolor.data.sketches import GradientLines
from flowcolor.deploy.folder import holds_model, read_folder
from flowcolor.errors import InputError, did_you_mean
from flowcolor.io.images import crop, resize
from flowcolor.models import Colorizer, Hints, InvertibleColorizer, SketchColorFlow
from flowcolor.models.checkpoint import Weights, read_weights
from flowcolor.models.methods import methods, untrained_method
from flowcolor.models.round_trip import device_of, exact
from flowcolor.pretrained import PACKAGED, packaged_file

Lines = Literal["keep", "blend", "model"]
Errors = tuple[float, float, float]  # Of photograph, latent and drawing, see `Painted`.
# No drawing is enlarged beyond this many. A long, thin one would be, because its shorter side is
# what --size says: 20000x1 at 64 would be 82 million pixels.
_MOST_PIXELS = 2048 * 2048
_COLORLESS = 0.02  # Mean difference of a photograph's channels.
_STROKE = 0.1  # Darkness below which there is nothing on a page.


@dataclass(frozen=True)
class Painted:
    r"""A painted drawing and how exactly the flows can be run backwards on this very pair.

    What was not measured is not a number: all three without a check, and the third for methods
    other than :class:`~flowcolor.models.SketchColorFlow`, whose latents are not the drawing's own.

    Args:
        image: The result at the drawing's own size, :math:`(3, H, W)` in [0, 1].
        worked_at: Height and width at which the model ran, padding included.
        photo_error: :math:`\max |\mathrm{decode}(\mathrm{encode}(R)) - R|` of the photograph.
        latent_error: Largest difference between the drawing's latent and the latent of the result,
            or of the latter decoded and encoded again, as a part of the largest latent.
        sketch_error: Largest error of the drawing recovered from the result alone.
        said: What was done to the drawing before, a few words each.
        notices: What the caller may want to know, a sentence each.
    """

    image: Tensor
    worked_at: tuple[int, int]
    photo_error: float
    latent_error: float
    sketch_error: float
    said: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Painter:
    """A colorizer that takes drawings and photographs as they are.

    Args:
        colorizer: In eval mode.
        size: Shorter side of its training images in pixels, 0 if there were none.
        name: Where it comes from.

    Example:
        >>> painter = load("tint")
        >>> drawing, photo = torch.ones(3, 40, 30), torch.rand(3, 8, 8)
        >>> drawing[:, 10:30, 15] = 0
        >>> painter(drawing, photo).image.shape
        torch.Size([3, 40, 30])
    """

    colorizer: Colorizer
    size: int
    name: str

    def __call__(
        self,
        drawing: Tensor,
        reference: Tensor | None = None,
        *,
        hints: Hints | None = None,
        shorter: int | Literal["trained"] | None = "trained",
        lines: Lines = "keep",
        clean: bool = True,
        check: bool = False,
    ) -> Painted:
        """Colour one drawing.

        Args:
            drawing: :math:`(3, H, W)` in [0, 1], of any size, on any paper.
            reference: :math:`(3, H', W')` in [0, 1], a photograph of any size; it is stretched to
                the drawing's proportions. ``None`` for methods that use none.
            hints: Colours at points of the drawing, of its size, for methods that use them; see
                :func:`~flowcolor.models.hint_files.read_hints`.
            shorter: Shorter side in pixels at which the model works; ``None``: the drawing's own;
                ``"trained"``: that of its training images.
            lines: Where the lines of the result come from: ``"keep"``, the drawing at its own
                size, see :func:`~flowcolor.data.crisp.crisp`; ``"model"``, the model, enlarged;
                ``"blend"``, the mean of both.
            clean: Whether to make paper white and strokes dark first, see
                :func:`~flowcolor.data.clean.clean_drawing`.
            check: Whether to measure how exactly the model runs backwards, of what it computed at
                its own size.

        Raises:
            InputError: A page to be cleaned is blank, the drawing would be enlarged to more than
                four million pixels, or the inputs are against the method's traits.
        """
        if lines not in get_args(Lines):
            raise InputError(f"lines expects one of {', '.join(get_args(Lines))}, got {lines!r}.")
        _check_hints(hints, drawing)
        page, said, notices = drawing, [], _notices_of(reference)
        top, left, bottom, right = box = (0, 0, drawing.shape[-2], drawing.shape[-1])
        if clean:
            cleaned = clean_drawing(drawing)
            page, said, box = cleaned.drawing, cleaned.said, cleaned.box
            top, left, bottom, right = box
            if cleaned.is_photograph:
                notices.append(
                    "the drawing looks like a photograph or is shaded all over: let the lines of a "
                    "photograph be drawn first (--draw)"
                )
        region = page[:, top:bottom, left:right]
        side = (self.size or None) if shorter == "trained" else shorter
        _check_size(region, side)
        if clean and float(page.amin()) > 1 - _STROKE:
            raise InputError("A drawing expects dark strokes on paper, got a blank page.")
        if hints is not None:
            hints = hints.cropped(*box)
        small, worked_at, errors, seen = _run(self.colorizer, region, reference, side, check, hints)
        small = small.clamp(0, 1)
        own = (region.shape[-2], region.shape[-1])
        image = resize(small, own).clamp(0, 1) if lines != "keep" else small
        if lines != "model":
            kept = crisp(small, seen, region)
            image = kept if lines == "keep" else (kept + image) / 2
        if own != page.shape[-2:]:
            page = page.clone()
            page[:, top:bottom, left:right] = image
            image = page
        return Painted(image, worked_at, *errors, said, notices)

    def photograph(
        self,
        photo: Tensor,
        reference: Tensor | None = None,
        *,
        hints: Hints | None = None,
        shorter: int | Literal["trained"] | None = "trained",
    ) -> Painted:
        """Colour one grey photograph; of one in colour, its luma.

        Where the model works at another size, the finest details of brightness are added
        afterwards. Colours beyond what a screen can show are moved towards grey, at the same luma
        (:func:`~flowcolor.color.into_gamut`).

        Args:
            photo: :math:`(3, H, W)` in [0, 1], of any size.
            reference: As for drawings.
            hints: Colours at points of the photograph, of its size.
            shorter: As for drawings.

        Raises:
            InputError: The method colours drawings only, or the inputs are against its traits.
        """
        if "gray" not in self.colorizer.content:
            raise InputError(
                f"{type(self.colorizer).__name__} expects a drawing, got a photograph."
            )
        _check_hints(hints, photo)
        gray = to_gray(photo).expand(3, -1, -1)
        side = (self.size or None) if shorter == "trained" else shorter
        small, worked_at, errors, seen = _run(
            self.colorizer, gray, reference, side, check=False, hints=hints
        )
        own = (gray.shape[-2], gray.shape[-1])
        image = resize(small, own) + (gray - resize(seen, own))
        fitting = into_gamut(image[None])[0]
        return Painted(fitting, worked_at, *errors, [], _notices_of(reference))


def load(
    source: str | Path = "faces",
    device: str | torch.device = "cpu",
    *,
    endpoint: str | None = None,
) -> Painter:
    """Return what colours drawings.

    Args:
        source: The name of a model inside the package (``"faces"``), of a method without weights
            (``"tint"``), a ``.ckpt`` or ``.safetensors`` file, a folder that
            :meth:`~flowcolor.models.Colorizer.save_pretrained` wrote, or a model of a hub,
            ``"hf://user/name"`` or ``"hf://user/name@revision"``.
        device: Where it works.
        endpoint: Address of another hub than that of ``huggingface_hub``'s settings.

    Raises:
        InputError: There is no such name and no such file, or the file is something else.
    """
    name = str(source)
    known = methods()
    if name in known:
        return Painter(untrained_method(name).to(device), 0, name)
    weights = find_weights(source, endpoint)
    return Painter(weights.build().to(device), weights.size, name)


def find_weights(source: str | Path, endpoint: str | None = None) -> Weights:
    """Read a model of the package, of a file, a folder or a hub, as :func:`load` takes them.

    Raises:
        InputError: There is no such name and no such file, or the file is something else.
    """
    name = str(source)
    if name in PACKAGED:
        return read_weights(packaged_file(name))
    if name.startswith("hf:"):
        from flowcolor.deploy.hub import fetch, hub_name  # Here: few look at a hub.

        return fetch(hub_name(name), endpoint)
    if holds_model(Path(source)):
        return read_folder(Path(source))
    if isinstance(source, Path) or Path(name).suffix:
        return read_weights(source)
    names = [*PACKAGED, *(word for word, kind in methods().items() if not kind.trained)]
    raise InputError(
        f"A model expects a file or one of {', '.join(names)}, got {name!r}"
        f"{did_you_mean(name, names)}."
    )


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
    result, worked_at, errors, _ = _run(model, sketch, reference, shorter, check)
    own = (sketch.shape[-2], sketch.shape[-1])
    return Painted(resize(result.clamp(0, 1), own), worked_at, *errors)


def _run(
    model: Colorizer,
    sketch: Tensor,
    reference: Tensor | None,
    shorter: int | None,
    check: bool,
    hints: Hints | None = None,
) -> tuple[Tensor, tuple[int, int], Errors, Tensor]:
    """Return the result at the model's size, that size with padding, errors, and what it saw."""
    device = device_of(model)
    own = (sketch.shape[-2], sketch.shape[-1])
    _check_size(sketch, shorter)
    size = working_size(*own, shorter)
    seen = resize(sketch, size)
    drawing = pad(seen[None], model.multiple, model.least).to(device)
    worked_at = (drawing.shape[-2], drawing.shape[-1])
    photo = None if reference is None else resize(reference, worked_at)[None].to(device)
    given = None if hints is None else hints.resized(*size).padded(*worked_at).to(device)
    try:
        model.check_inputs(drawing, photo, given)
    except ValueError as error:
        raise InputError(str(error)) from error
    errors: Errors = (math.nan, math.nan, math.nan)
    options: dict[str, Any] = {}
    if model.compares and reference is not None:
        lines = GradientLines()(reference.cpu(), worked_at).to(device)
        options["reference_content"] = lines.expand(1, 3, -1, -1)
    if model.stochastic:  # The same drawing is painted alike every time.
        options["generator"] = torch.Generator(device).manual_seed(0)
    with exact(model):
        result = model.colorize(drawing, photo, hints=given, **options)
        if check:
            errors = _errors(model, drawing, photo, result, given)
    return crop(result, size)[0].cpu(), worked_at, errors, seen


def _check_hints(hints: Hints | None, picture: Tensor) -> None:
    if hints is not None and hints.colors.shape != (1, *picture.shape):
        raise InputError(
            f"A painter expects hints of the shape of the picture, {(1, *picture.shape)}, got "
            f"{tuple(hints.colors.shape)}."
        )


def _check_size(sketch: Tensor, shorter: int | None) -> None:
    own = (sketch.shape[-2], sketch.shape[-1])
    size = working_size(*own, shorter)
    if math.prod(size) > max(_MOST_PIXELS, math.prod(own)):
        raise InputError(
            f"A drawing of {own[1]}x{own[0]} would be enlarged to {size[1]}x{size[0]}, expected at "
            f"most {_MOST_PIXELS} pixels: cut it, or choose a smaller size (--size)."
        )


def _notices_of(reference: Tensor | None) -> list[str]:
    if reference is None:
        return []
    if float((reference.amax(0) - reference.amin(0)).mean()) >= _COLORLESS:
        return []
    if clean_drawing(reference).is_photograph:
        return ["the reference has no colour, and the result will have none"]
    return ["the reference looks like a drawing: it should be a photograph in colour"]


def _errors(
    model: Colorizer, drawing: Tensor, photo: Tensor | None, result: Tensor, hints: Hints | None
) -> Errors:
    if not isinstance(model, InvertibleColorizer):
        raise InputError(
            f"--check expects a method that can be run backwards, got {type(model).__name__}."
        )
    if not isinstance(model, SketchColorFlow) or photo is None:
        latent, beside = model.encode(result)
        again, _ = model.encode(model.decode(latent, beside))
        photo_error = math.nan if photo is None else _largest(_there_and_back(model, photo) - photo)
        return photo_error, _largest(again - latent) / max(_largest(latent), 1e-12), math.nan
    colors, conditions = model.encode_color(photo)
    photo_error = _largest(model.decode(colors, conditions) - photo)
    if hints is not None:  # The result was painted under them, and goes back under nothing else.
        conditions = model.hinted(conditions, hints)
    latent = model.encode_sketch(drawing, conditions)
    again, _ = model.color_flow(result, conditions)
    recovered, _ = model.sketch_flow.inverse(again, conditions)
    return (
        photo_error,
        _largest(again - latent) / max(_largest(latent), 1e-12),
        _largest(recovered - drawing),
    )


def _there_and_back(model: InvertibleColorizer, image: Tensor) -> Tensor:
    return model.decode(*model.encode(image))


def _largest(difference: Tensor) -> float:
    largest = difference.abs().amax()
    return float(torch.where(largest.isfinite(), largest, torch.inf))
