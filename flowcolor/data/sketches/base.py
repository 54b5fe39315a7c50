"""What a sketch filter is: a photograph in, a line drawing on white paper out."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import check_picture, check_sides, plain_numbers
from flowcolor.data.integer_resize import shrink, whole_factors
from flowcolor.errors import InputError
from flowcolor.io.resizing import resize
from flowcolor.values import require_colors, require_floats, require_tensors

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

WORK_SIDE = 512  # Pixels of the shorter side at which lines are found, so that they scale with it.

_LONGEST = 64  # Shorter sides. A longer strip takes gigabytes where its lines are found.
_LUMA = (4899, 9617, 1868)  # Of Rec. 601, for red, green and blue, in parts of 2^14.
_ROWS = 64  # As many as a core's cache holds.


class SketchFilter(ABC):
    """Draw a photograph as dark lines on white paper.

    A filter finds its lines at one fixed size and shrinks the drawing afterwards, so that the same
    photograph gives the same lines at every target size. Subclasses implement :meth:`draw`; any
    other callable with the signature of ``__call__`` serves as well.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "draw" in vars(cls):
            cls.draw = _checked(cls.draw)  # type: ignore[method-assign]

    @plain_numbers
    def __call__(
        self,
        photo: Float[Tensor, "3 height width"] | UInt8[Tensor, "3 height width"],
        size: tuple[int, int],
        mask: Bool[Tensor, "height width"] | None = None,
    ) -> Float[Tensor, "1 height2 width2"]:
        """Draw a photograph at another size.

        Args:
            photo: RGB in [0, 1], or bytes, which are drawn alike and faster.
            size: Height and width of the drawing.
            mask: What to draw, at the size of the photo. Paper stays white where no pixel of the
                mask falls; ``None`` draws everything.

        Returns:
            The drawing in [0, 1], paper is 1.

        Raises:
            ValueError: The photo is no RGB image of one of these ranges, the mask has another
                size or no truth values, or the drawing is longer than 64 times its shorter side and
                would be enlarged for its lines to be found.
            InputError: The filter draws something else than :meth:`draw` and :meth:`lines` say.
        """
        require_tensors(type(self).__name__, photo, *([] if mask is None else [mask]))
        check_sides(self, size)
        check_picture(self, *size)
        require_photo(self, photo)
        if photo.dtype != torch.uint8:
            require_colors(type(self).__name__, photo)
        if mask is not None and mask.dtype != torch.bool:  # Bytes of 255 would paint all black.
            raise ValueError(
                f"{type(self).__name__} expects a mask of truth values, got {mask.dtype}."
            )
        if mask is not None and mask.shape != photo.shape[1:]:
            raise ValueError(
                f"{type(self).__name__} expects a mask of the photo's size "
                f"{tuple(photo.shape[1:])}, got {tuple(mask.shape)}."
            )
        _check_proportion(type(self).__name__, size)
        lines = self.lines(photo.detach(), _work_size(size))
        require_drawing(type(self).__name__, lines)
        drawing = _fit(lines.float(), size)
        if mask is not None:
            drawing = 1 - (1 - drawing) * _fit(mask.to(drawing.dtype), size)
        return drawing.clamp(0, 1)[None]

    def lines(self, photo: Tensor, size: tuple[int, int]) -> Tensor:
        """Draw at the size at which lines are found; a filter that looks at colours overrides it.

        Args:
            photo: As in :meth:`__call__`.
            size: Its shorter side is 512. The drawing may have another size of the same shape.
        """
        gray = _gray(photo, size)
        array = gray.cpu().numpy()
        drawn = self.draw(array)
        if not isinstance(drawn, type(array)) or drawn.shape != gray.shape:
            raise InputError(
                f"{type(self).__name__} expects its draw to return an array of shape "
                f"{tuple(gray.shape)}, got {getattr(drawn, 'shape', type(drawn).__name__)}."
            )
        return torch.from_numpy(drawn).to(gray.device)

    def files(self) -> "dict[str, Path]":
        """Return the files on which its drawings depend, by what they are.

        Raises:
            InputError: One is missing.
        """
        return {}

    @abstractmethod
    def draw(self, gray: "np.ndarray") -> "np.ndarray":
        """Map a grey image to a drawing of the same size, both float64 in [0, 1].

        Raises:
            ValueError: It is no such image. One with NaN becomes a drawing of nothing else.
        """


Draw = Callable[..., "np.ndarray"]


def _checked(draw: Draw) -> Draw:
    """Let a filter see grey images alone, not bytes, and hand on NaN, which some would draw."""

    @wraps(draw)
    def checked(self: SketchFilter, gray: "np.ndarray") -> "np.ndarray":
        import numpy as np

        name = f"{type(self).__name__}.draw"
        if not isinstance(gray, np.ndarray) or gray.ndim != 2:
            got = getattr(gray, "shape", type(gray).__name__)
            raise ValueError(f"{name} expects a grey array of shape (height, width), got {got}.")
        require_colors(name, torch.from_numpy(np.ascontiguousarray(gray)))
        if np.isnan(gray).any():
            return np.full_like(gray, np.nan)
        return draw(self, gray)

    return checked


def require_drawing(name: str, drawing: Tensor) -> None:
    """Refuse values far outside of [0, 1], as bytes have them: white paper would be left.

    NaN passes: of a result that is not finite, neither are the lines. So do ones and zeros.

    Raises:
        InputError: They are such.
    """
    try:
        require_colors(f"The drawing of {name}", drawing.float())
    except ValueError as error:
        raise InputError(str(error)) from error


def require_photo(owner: object, photo: Tensor) -> None:
    """Refuse what is no photograph (3, H, W) with pixels, before they are looked at.

    Raises:
        ValueError: It has another shape, other numbers than bytes and floats, or no values, as on
            the meta device.
    """
    if photo.dtype != torch.uint8:
        require_floats(type(owner).__name__, photo)
    if photo.ndim != 3 or photo.shape[0] != 3 or 0 in photo.shape or photo.is_meta:
        where = " without values" if photo.is_meta else ""
        raise ValueError(
            f"{type(owner).__name__} expects a photo (3, H, W), got {tuple(photo.shape)}{where}."
        )


def _gray(photo: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the grey of a photograph of bytes at another size, float64 in [0, 1].

    It is the same on every machine, or some would find lines that others do not: the sum of bytes
    with whole weights is exact, and shrinking in float64 leaves rounding far below one of 2^16.
    """
    pixels = photo.movedim(0, 2)
    factors = whole_factors((photo.shape[1], photo.shape[2]), size)
    if photo.dtype == torch.uint8 and factors is not None:
        total = shrink(pixels, factors, _luma)
    else:
        total = resize(_luma(pixels)[None], size)[0]
    return total / (255 * sum(_LUMA))


def _luma(pixels: Tensor) -> Tensor:
    """Weigh the channels of (height, width, 3) whole numbers, or 1/255 of them; exact, float64."""
    weights = torch.tensor(_LUMA, dtype=torch.float64, device=pixels.device)
    total = weights.new_empty(pixels.shape[:2])
    for top in range(0, len(pixels), _ROWS):
        rows = pixels[top : top + _ROWS]
        if rows.is_floating_point():
            rows = rows.float().mul(255).round_()
        total[top : top + _ROWS] = rows.double() @ weights
    return total


def _check_proportion(name: str, size: tuple[int, int]) -> None:
    tall, wide = _work_size(size)
    if tall * wide > max(_LONGEST * WORK_SIDE**2, math.prod(size)):
        raise InputError(
            f"{name} finds lines at a shorter side of {WORK_SIDE} pixels, to which "
            f"{size[1]}x{size[0]} would be enlarged as {wide}x{tall}: expected sides of at most "
            f"{_LONGEST} to 1."
        )


def _work_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = WORK_SIDE / min(size)
    return round(size[0] * scale), round(size[1] * scale)


def _fit(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Average areas when shrinking (height, width), interpolate when enlarging."""
    (down, rest), (across, rest2) = map(divmod, image.shape, size)
    if rest == rest2 == 0:  # As below, several times faster.
        rows = sum((image[first::down] for first in range(1, down)), image[::down])
        total = sum((rows[:, first::across] for first in range(1, across)), rows[:, ::across])
        return total / (down * across)
    if size[0] <= image.shape[0]:
        return functional.interpolate(image[None, None], size, mode="area")[0, 0]
    return resize(image[None], size)[0]
