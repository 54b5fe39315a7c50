"""Colour pictures of any size, with a model of the package, of a file, or without weights."""

from dataclasses import dataclass, field
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from flowcolor.arguments import check_module, check_word, device_of
from flowcolor.bounds import is_number, is_one_of, shown_value
from flowcolor.color import into_gamut, to_gray
from flowcolor.data.clean import clean_drawing
from flowcolor.data.crisp import crisp
from flowcolor.deploy.folder import holds_model
from flowcolor.deploy.sources import find_weights, refuse_of_hub
from flowcolor.errors import InputError
from flowcolor.face_alignment import align_reference
from flowcolor.io.resizing import resize
from flowcolor.models import Colorizer, Hints
from flowcolor.models.inputs import check_traits
from flowcolor.models.methods import methods, untrained_method
from flowcolor.pretrained.face_finder import Face, find_face
from flowcolor.values import in_full, is_strided, kind_of, require_colors
from flowcolor.working_size import Run, check_size, run, working_size

Lines = Literal["keep", "blend", "model"]
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
        aligned: Whether the reference's face was laid on the drawing's.
        notices: What the caller may want to know, a sentence each.
    """

    image: Tensor
    worked_at: tuple[int, int]
    photo_error: float
    latent_error: float
    sketch_error: float
    said: list[str] = field(default_factory=list)
    aligned: bool = False
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

    def __post_init__(self) -> None:
        check_module(self, Colorizer, colorizer=self.colorizer)
        check_traits(self.colorizer)
        if not isinstance(self.size, Integral) or not is_number(self.size) or self.size < 0:
            got = shown_value(self.size)
            raise InputError(f"Painter expects size to be a whole number of at least 0, got {got}.")
        if not isinstance(self.name, str):
            got = shown_value(self.name)
            raise InputError(f"Painter expects name to be a word, got {got}.")

    def __call__(
        self,
        drawing: Tensor,
        reference: Tensor | None = None,
        *,
        hints: Hints | None = None,
        shorter: int | Literal["trained"] | None = "trained",
        lines: Lines = "keep",
        clean: bool = True,
        align: bool = True,
        check: bool = False,
        face: Face | None = None,
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
            align: Whether a trained model gets the reference with its face where the drawing's is,
                see :func:`~flowcolor.face_alignment.align_reference`.
            check: Whether to measure how exactly the model runs backwards, of what it computed at
                its own size. Where float32 would lose half a step of eight bits of a line, the
                drawing is painted in float64.
            face: That of the reference, as :meth:`face_of` finds it: several drawings with one
                reference are painted faster if it is looked for once.

        Raises:
            InputError: A picture has another shape or other values than said, a page to be cleaned
                is blank, the drawing would be enlarged to more than four million pixels or to a
                strip, or the inputs are against the method's traits.
        """
        if not is_one_of(lines, get_args(Lines)):
            raise InputError(
                f"lines expects one of {', '.join(get_args(Lines))}, got {shown_value(lines)}."
            )
        drawing, reference = _picture("drawing", drawing), _reference(reference)
        _check_shorter(shorter)
        _check_hints(hints, drawing)
        _check_switches(clean=clean, align=align, check=check)
        if not isinstance(face, Face | None):
            raise InputError(f"face expects a Face, got {type(face).__name__}.")
        page = _page(drawing, clean)
        region = page.strokes
        side = (self.size or None) if shorter == "trained" else shorter
        check_size(region, side)
        if clean and float(page.drawing.amin()) > 1 - _STROKE:
            raise InputError("A drawing expects dark strokes on paper, got a blank page.")
        part = None if hints is None else hints.cropped(*page.box)
        laid = self._laid(reference, region, side, face) if align else None
        ran = run(
            self.colorizer,
            region,
            reference if laid is None else laid,
            side,
            check,
            part,
        )
        image = page.with_strokes(_with_lines(ran, region, lines))
        notices = [*_notices_of(reference), *page.notices]
        if hints is not None and part is not None and hints.mask.sum() > part.mask.sum():
            notices.append("colours given where the page was cut away are not used (--no-clean)")
        return Painted(image, ran.worked_at, *ran.errors, page.said, laid is not None, notices)

    def face_of(self, reference: Tensor) -> Face | None:
        """Find the face of a reference, for a model that has learned from faces.

        Args:
            reference: :math:`(3, H', W')` in [0, 1].

        Returns:
            Its place and score, or ``None`` for methods that look at no faces.

        Raises:
            InputError: The picture has another shape or other values than said.
        """
        photo = _picture("reference", reference)
        return find_face(photo, "photo") if self.size else None

    def _laid(
        self, reference: Tensor | None, region: Tensor, side: int | None, face: Face | None
    ) -> Tensor | None:
        """Lay the reference's face on the drawing's, for a model that has learned from faces."""
        if reference is None or not self.size:
            return None
        size = working_size(region.shape[-2], region.shape[-1], side)
        return align_reference(reference, region, size, face)

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
            InputError: The method colours drawings only, a picture has another shape or other
                values than said, or the inputs are against the method's traits.
        """
        if "gray" not in self.colorizer.content:
            raise InputError(
                f"{type(self.colorizer).__name__} expects a drawing, got a photograph."
            )
        photo, reference = _picture("photo", photo), _reference(reference)
        _check_shorter(shorter)
        _check_hints(hints, photo)
        gray = to_gray(photo).expand(3, -1, -1)
        side = (self.size or None) if shorter == "trained" else shorter
        ran = run(self.colorizer, gray, reference, side, hints=hints)
        own = (gray.shape[-2], gray.shape[-1])
        image = resize(ran.result, own) + (gray - resize(ran.seen, own))
        fitting = into_gamut(image[None])[0]
        return Painted(fitting, ran.worked_at, *ran.errors, notices=_notices_of(reference))


def _picture(name: str, picture: object) -> Tensor:
    """Return a picture in a float type that all filters know, without its history."""
    if not isinstance(picture, Tensor):
        raise InputError(
            f"{name} expects a tensor of shape (3, height, width), got {type(picture).__name__}; "
            "flowcolor.data.read_image makes one of a file."
        )
    if picture.is_meta or not is_strided(picture):
        kind = "one on the meta device" if picture.is_meta else kind_of(picture)
        raise InputError(f"{name} expects a dense tensor with values, got {kind}.")
    shape = tuple(picture.shape)
    if picture.ndim != 3 or shape[0] != 3 or 0 in shape:
        raise InputError(f"{name} expects shape (3, height, width), got {shape}.")
    try:
        require_colors(name, picture)
    except ValueError as error:
        raise InputError(str(error)) from error
    if not bool(picture.isfinite().all()):
        raise InputError(f"{name} expects finite values, got NaN or infinity.")
    return in_full(picture)


def _reference(reference: object) -> Tensor | None:
    return None if reference is None else _picture("reference", reference)


def _check_shorter(shorter: int | Literal["trained"] | None) -> None:
    if shorter is None or (isinstance(shorter, str) and shorter == "trained"):
        return
    if not (isinstance(shorter, Integral) and is_number(shorter) and shorter > 0):
        got = shown_value(shorter)
        raise InputError(f'shorter expects "trained", None or a number of at least 1, got {got}.')


def _check_switches(**switches: object) -> None:
    for name, switch in switches.items():
        if not isinstance(switch, bool):  # A text "false" would count as true.
            got = shown_value(switch)
            raise InputError(f"{name} expects True or False, got {got}.")


class _Page(NamedTuple):
    """A drawing that is ready to be painted, and the part of it where there are strokes."""

    drawing: Tensor
    box: tuple[int, int, int, int]
    said: list[str]
    notices: list[str]

    @property
    def strokes(self) -> Tensor:
        top, left, bottom, right = self.box
        return self.drawing[:, top:bottom, left:right]

    def with_strokes(self, image: Tensor) -> Tensor:
        """Put what was painted back to where it was cut out."""
        if image.shape == self.drawing.shape:
            return image
        top, left, bottom, right = self.box
        page = self.drawing.clone()
        page[:, top:bottom, left:right] = image
        return page


def _page(drawing: Tensor, clean: bool) -> _Page:
    if not clean:
        return _Page(drawing, (0, 0, drawing.shape[-2], drawing.shape[-1]), [], [])
    cleaned = clean_drawing(drawing)
    notices = []
    if cleaned.is_photograph:
        notices.append(
            "the drawing looks like a photograph or is shaded all over: let the lines of a "
            "photograph be drawn first (--draw)"
        )
    return _Page(cleaned.drawing, cleaned.box, cleaned.said, notices)


def _with_lines(ran: Run, region: Tensor, lines: Lines) -> Tensor:
    """Enlarge what the model made to the drawing's own size, with the lines that are wanted."""
    small = ran.result.clamp(0, 1)
    if lines == "keep":
        return crisp(small, ran.seen, region)
    enlarged = resize(small, (region.shape[-2], region.shape[-1])).clamp(0, 1)
    return enlarged if lines == "model" else (crisp(small, ran.seen, region) + enlarged) / 2


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
        InputError: There is no such name and no such file, the file is something else, or
            ``endpoint`` is given beside a model that is on no hub.
        ValueError: There is no such device.
    """
    if not isinstance(source, str | PathLike):
        raise InputError(f"load expects a name or a path, got {type(source).__name__}.")
    check_word(load, endpoint=endpoint)
    place = device_of(load, device)
    name = str(source)
    if not name.startswith("hf:"):
        refuse_of_hub(load, source, endpoint=endpoint)
    known = methods()
    # A folder may have the name of a method that has to be trained: of that there is nothing else.
    if name in known and not (known[name].trained and holds_model(Path(source))):
        return Painter(untrained_method(name).to(place), 0, name)
    weights = find_weights(source, endpoint)
    return Painter(weights.build().to(place), weights.size, name)


def _check_hints(hints: Hints | None, picture: Tensor) -> None:
    if not isinstance(hints, Hints | None):
        raise InputError(f"hints expects Hints, got {type(hints).__name__}.")
    if hints is not None and hints.colors.shape != (1, *picture.shape):
        raise InputError(
            f"A painter expects hints of the shape of the picture, {(1, *picture.shape)}, got "
            f"{tuple(hints.colors.shape)}."
        )


def _notices_of(reference: Tensor | None) -> list[str]:
    if reference is None:
        return []
    if float((reference.amax(0) - reference.amin(0)).mean()) >= _COLORLESS:
        return []
    if clean_drawing(reference).is_photograph:
        return ["the reference has no colour, and the result will have none"]
    return ["the reference looks like a drawing: it should be a photograph in colour"]
