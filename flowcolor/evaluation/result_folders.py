"""Folders of results, photographs and references, made by any method, as batches to be scored."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from flowcolor.errors import InputError, first_ten
from flowcolor.evaluation.pictures import COLUMNS
from flowcolor.evaluation.scores import SketchFilter
from flowcolor.io.files import exists, is_dir
from flowcolor.io.formats import is_image
from flowcolor.io.images import (
    UNREADABLE,
    by_stem,
    center_square,
    name_no_images,
    natural_order,
    read_image,
    read_sketch,
    resize,
)
from flowcolor.io.tree import names_below

_ORIENTATION, _TURNED = 0x0112, range(5, 9)  # EXIF; these values swap height and width.


@dataclass(frozen=True)
class Results:
    """Images of a method and what they are judged by.

    Args:
        files: By name, the files of result, truth and reference and, if there are any, of their
            sketches.
        sketch_filter: Draws the lines of photographs where there are no sketches.
        size: Cut all images to their largest centred square and resize them to this side. ``None``
            takes them as they are.
    """

    files: dict[str, dict[str, Path]]
    sketch_filter: SketchFilter
    size: int | None = None

    def batches(self, batch_size: int) -> Iterator[dict[str, Any]]:
        """Yield consecutive images of one size together."""
        waiting: list[dict[str, Any]] = []
        for index, name in enumerate(self.files):
            images = self.read(name)
            full = len(waiting) == batch_size
            if waiting and (full or waiting[0]["truth"].shape != images["truth"].shape):
                yield _batch(waiting)
                waiting = []
            waiting.append({**images, "index": index, "name": name})
        if waiting:
            yield _batch(waiting)

    def read(self, name: str) -> dict[str, Tensor]:
        """Return result, truth, reference and sketch, :math:`(3, H, W)` in [0, 1]."""
        images = {
            kind: self._prepared(read_sketch(path) if "sketch" in kind else read_image(path))
            for kind, path in self.files[name].items()
        }
        truth = images["truth"]
        if "sketch" not in images:
            drawn = self.sketch_filter(truth, (truth.shape[-2], truth.shape[-1]), None)
            images["sketch"] = drawn.expand(3, -1, -1)
        return images

    def columns(self, name: str) -> list[Tensor]:
        """Return the images of a name in the order of the pictures."""
        images = self.read(name)
        return [images[column] for column in COLUMNS]

    @property
    def side(self) -> int:
        """Shorter side of the smallest image in pixels."""
        return self.size or min(min(_size(files["truth"])) for files in self.files.values())

    @property
    def one_size(self) -> bool:
        """Whether all images can stand in one picture."""
        return (
            self.size is not None
            or len({_size(files["truth"]) for files in self.files.values()}) == 1
        )

    def _prepared(self, image: Tensor) -> Tensor:
        if self.size is None:
            return image
        return resize(center_square(image), (self.size, self.size))


def find_results(
    folders: dict[str, Path], sketch_filter: SketchFilter, size: int | None = None
) -> Results:
    """Match the files of the folders by their names without suffix, subfolders included.

    Args:
        folders: ``result``, ``truth``, ``reference`` and optionally ``sketch`` and
            ``reference_sketch``. There must be a result for every true photograph: a method is not
            excused from the hard ones.
        sketch_filter: See :class:`Results`.
        size: See :class:`Results`.

    Raises:
        InputError: Files are missing, or, without ``size``, differ in size from the photograph;
            the first ten are named and all are counted.
    """
    found = {kind: _images(kind, folder) for kind, folder in folders.items()}
    names = list(found["truth"])
    for kind, files in found.items():
        missing = [name for name in names if name not in files]
        if missing:
            raise InputError(
                f"{folders[kind]} expects a {kind.replace('_', ' ')} for each photograph of "
                f"{folders['truth']}, got none for {len(missing)} of {len(names)}: "
                f"{first_ten(missing)}."
            )
    extra = [name for name in found["result"] if name not in found["truth"]]
    if extra:
        raise InputError(
            f"{folders['truth']} expects a photograph for each result of {folders['result']}, got "
            f"none for {len(extra)}: {first_ten(extra)}."
        )
    paths = {name: {kind: files[name] for kind, files in found.items()} for name in names}
    if size is None:
        _require_one_size(paths, folders)
    return Results(paths, sketch_filter, size)


def _require_one_size(paths: dict[str, dict[str, Path]], folders: dict[str, Path]) -> None:
    for kind in folders:
        wrong = []
        for name, files in paths.items():
            size, expected = _size(files[kind]), _size(files["truth"])
            if size != expected:
                wrong.append(f"{name} ({size[0]}x{size[1]} instead of {expected[0]}x{expected[1]})")
        if wrong:
            raise InputError(
                f"{folders[kind]} expects images of the size of their photographs, got another for "
                f"{len(wrong)} of {len(paths)}: {first_ten(wrong)}; --size N resizes all alike."
            )


def _size(path: Path) -> tuple[int, int]:
    """Return width and height as the image is shown, from the head of the file alone."""
    try:
        with Image.open(path) as picture:
            turned = picture.getexif().get(_ORIENTATION) in _TURNED
            return (picture.height, picture.width) if turned else (picture.width, picture.height)
    except Image.DecompressionBombError as error:
        raise InputError(f"{path} cannot be read as an image: {str(error).rstrip('.')}.") from error
    except UNREADABLE as error:
        raise InputError(f"{path} cannot be read as an image.") from error


def _images(kind: str, folder: Path) -> dict[str, Path]:
    if not is_dir(folder):
        what = "a file" if exists(folder) else "nothing"
        raise InputError(
            f"{folder}, for each {kind.replace('_', ' ')}, expects to be a folder, got {what}."
        )
    names = sorted(names_below(folder, everything=True), key=natural_order)
    images = [folder / name for name in names if is_image(name.rpartition("/")[2])]
    if not images:
        got = f", got {first_ten(names)}" if names else ""
        raise InputError(f"{folder} holds no image that Pillow reads{got}.")
    name_no_images(folder, names)
    return by_stem(folder, images)


def _batch(items: list[dict[str, Any]]) -> dict[str, Any]:
    batch: dict[str, Any] = {key: [item[key] for item in items] for key in items[0]}
    for key in [*COLUMNS, "reference_sketch"]:
        if key in batch:
            batch[key] = torch.stack(batch[key])
    return batch | {"index": torch.tensor(batch["index"])}
