"""The one dataset of photographs: found files become items of one size, each with its content."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from flowcolor.arguments import check_callable, check_flag, plain_numbers
from flowcolor.bounds import is_one_of, shown_value, whole_within
from flowcolor.color import to_gray
from flowcolor.data.batch import Item
from flowcolor.data.datasets.finder import Finder, Opened
from flowcolor.data.integer_resize import shrink, whole_factors
from flowcolor.data.positions import position
from flowcolor.data.sketches import GradientLines, SketchFilter
from flowcolor.data.sketches.base import require_drawing
from flowcolor.errors import InputError
from flowcolor.io.images import to_uint8
from flowcolor.io.resizing import resize

Background = Literal["keep", "white"]
Content = Literal["drawing", "gray"]
Sketcher = Callable[[Tensor, tuple[int, int], Tensor | None], Tensor]

LARGEST_SIDE = 16_384
NO_MASKS = "background expects masks where it is white, got photographs without any"


def require_manner(prefix: str, content: object, background: object) -> None:
    """Raise :class:`InputError` for a word that is no content or background."""
    for name, value, words in (
        ("content", content, get_args(Content)),
        ("background", background, get_args(Background)),
    ):
        if not is_one_of(value, words):
            wanted = " or ".join(f'"{word}"' for word in words)
            raise InputError(f"{prefix}{name} expects {wanted}, got {shown_value(value)}.")


class Rendered(NamedTuple):
    """A photograph as it is trained on: three images of one size, in [0, 1]."""

    photo: Float[Tensor, "3 size size"]
    content: Float[Tensor, "1 size size"]
    coverage: Float[Tensor, "1 size size"] | None


class Portraits(Dataset[Item]):
    """Photographs and their content as bytes, made on first use and kept in memory.

    Args:
        finder: Knows where the photographs are: a :class:`~flowcolor.data.PhotoFolder`,
            :class:`~flowcolor.data.CelebAMaskHQ`, :class:`~flowcolor.data.PreparedFolder` or
            :class:`~flowcolor.data.EmbeddedPortraits`.
        size: Side of the square images.
        sketch_filter: Draws photographs that have no ready drawing: ``sketch_filter(photo,
            (height, width), mask)``. ``None``: gradient lines.
        background: ``"white"`` whitens photographs, too, outside their masks.
        cache: Keep what was made: 4 bytes per pixel, 0.26 MB per photograph at 256x256. Loader
            processes share what was there when they started.
        content: ``"drawing"``, or ``"gray"`` for the photograph's luma (Rec. 601).

    Raises:
        InputError: The files cannot serve for this size, or an argument is none of those above.

    Example:
        >>> from flowcolor.data import EmbeddedPortraits, Portraits
        >>> item = Portraits(EmbeddedPortraits(), size=64)[1]
        >>> item["name"], item["photo"].shape, item["content"].shape
        ('grace_hopper', torch.Size([3, 64, 64]), torch.Size([3, 64, 64]))
    """

    @plain_numbers
    def __init__(
        self,
        finder: Finder,
        size: int,
        sketch_filter: Sketcher | None = None,
        background: Background = "keep",
        cache: bool = True,
        content: Content = "drawing",
    ) -> None:
        whole_within("size", size, 1, LARGEST_SIDE)
        require_manner("", content, background)
        if not isinstance(finder, Finder):
            kind = type(finder).__name__
            raise InputError(f"Portraits expects a finder, as of find_portraits, got {kind}.")
        if sketch_filter is not None:
            check_callable(self, sketch_filter=sketch_filter)
        check_flag(self, cache=cache)
        finder.require_size(size)
        self.finder = finder
        self.names = finder.names
        self.size = size
        self.sketch_filter = GradientLines() if sketch_filter is None else sketch_filter
        self.background: Background = background
        self.content: Content = content
        self._pixels: dict[int, Tensor] | None = {} if cache else None

    def fill(self, indices: Sequence[int]) -> None:
        """Make these items now rather than on first use; nothing happens without a cache."""
        if self._pixels is not None:
            for index in indices:
                self._bytes(index)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Item:
        place = position(self, index)
        if place != index:  # An item is known by its index, from which its augmentation follows.
            raise IndexError(
                f"Portraits expects an index from 0 and below {len(self)}, got {index}."
            )
        index = place
        pixels = self._bytes(index).float() / 255
        content = pixels[3:].expand(3, -1, -1).clone()
        return {"photo": pixels[:3], "content": content, "index": index, "name": self.names[index]}

    def render(self, index: int) -> Rendered:
        """Open, draw and shrink one photograph.

        Raises:
            InputError: A file cannot be read, or a mask is empty.
        """
        opened, target = self.finder[index].open(), (self.size, self.size)
        photo, coverage = opened.photo, None
        if opened.coverage is not None and self.background == "white":
            photo = whiten(photo, opened.coverage)
        photo = resize(photo, target)
        if not photo.is_floating_point():
            photo = photo.contiguous().float() / 255
        if opened.mask is not None:
            coverage = _coverage(opened.mask, target)
            photo = whiten(photo, coverage) if self.background == "white" else photo
        content = to_gray(photo) if self.content == "gray" else self._drawing(opened, target)
        return Rendered(photo, content, coverage)

    def _bytes(self, index: int) -> Tensor:
        """Round to bytes even without a cache, so that the cache does not change a pixel."""
        if self._pixels is not None and index in self._pixels:
            return self._pixels[index]
        rendered = self.render(index)
        pixels = to_uint8(torch.cat([rendered.photo, rendered.content]))
        if self._pixels is not None:
            self._pixels[index] = pixels
        return pixels

    def _drawing(self, opened: Opened, target: tuple[int, int]) -> Tensor:
        """Shrink the ready drawing, or draw."""
        if opened.sketch is not None:
            return resize(opened.sketch, target)
        photo = opened.photo
        bytes_too = type(self.sketch_filter).__call__ is SketchFilter.__call__
        if not bytes_too:  # A filter of somebody else may expect [0, 1], and write to its photo.
            whole = not photo.is_floating_point()
            photo = photo.contiguous().float() / 255 if whole else photo.clone()
        sketch = self.sketch_filter(photo, target, opened.drawn)
        if not isinstance(sketch, Tensor) or sketch.shape != (1, *target):
            arrived = tuple(sketch.shape) if isinstance(sketch, Tensor) else type(sketch).__name__
            raise InputError(
                f"A sketch filter should return a drawing (1, {self.size}, {self.size}), got "
                f"{arrived} from {shown_value(self.sketch_filter)}."
            )
        require_drawing(shown_value(self.sketch_filter), sketch)
        if not sketch.isfinite().all():
            shown = shown_value(self.sketch_filter)
            raise InputError(f"A sketch filter should return finite values, got NaN from {shown}.")
        return sketch


def _coverage(mask: Tensor, target: tuple[int, int]) -> Tensor:
    """Return (1, height, width): how much of each pixel of a smaller image a mask covers."""
    factors = whole_factors((mask.shape[0], mask.shape[1]), target)
    if factors is None or mask.is_floating_point():
        return resize(mask[None].float(), target)
    return shrink(mask, factors)[None].float()


def whiten(photo: Tensor, coverage: Tensor) -> Tensor:
    """Put a photo on white paper where its mask does not cover it."""
    return 1 - (1 - photo) * coverage
