"""Folders of results, photographs and references, made by any method, as batches to be scored."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.data.clean import clean_drawing
from flowcolor.data.label_maps import read_labels, square_labels
from flowcolor.errors import InputError, first_ten
from flowcolor.evaluation.pictures import COLUMNS
from flowcolor.evaluation.scores import SketchFilter
from flowcolor.io.files import exists, is_dir
from flowcolor.io.formats import is_image
from flowcolor.io.images import read_image, read_sketch
from flowcolor.io.listing import by_stem, name_no_images, natural_order
from flowcolor.io.picture_size import are_turned, picture_size
from flowcolor.io.resizing import center_square, resize
from flowcolor.io.tree import names_below

# In messages: what the options of ``flowcolor score`` call them.
_WORDS = {
    "content": "sketch",
    "reference_content": "reference sketch",
    "labels": "label map",
    "reference_labels": "label map",
}
_STACKED = (*COLUMNS, "reference_content", "cleaned", "labels", "reference_labels")


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

    def batches(self, batch_size: int) -> Iterator[Batch]:
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
        """Return result, truth, reference and content, :math:`(3, H, W)` in [0, 1].

        A sketch that was given is there as :func:`~flowcolor.data.clean.clean_drawing` makes it,
        too, as ``cleaned``. Label maps are :math:`(H, W)`.
        """
        images = {}
        for kind, path in self.files[name].items():
            if "labels" in kind:
                labels = read_labels(path)
                images[kind] = square_labels(labels, self.size) if self.size else labels
            elif "content" in kind:
                images[kind] = self._prepared(sketch := read_sketch(path))
                if kind == "content":  # At its own size, where thin strokes are still dark.
                    images["cleaned"] = self._prepared(clean_drawing(sketch).drawing)
            else:
                images[kind] = self._prepared(read_image(path))
        truth = images["truth"]
        if "content" not in images:
            drawn = self.sketch_filter(truth.clone(), (truth.shape[-2], truth.shape[-1]), None)
            images["content"] = drawn.expand(3, -1, -1)
        return images

    def columns(self, name: str) -> list[Tensor]:
        """Return the images of a name in the order of the pictures."""
        images = self.read(name)
        return [images[column] for column in COLUMNS]

    @property
    def side(self) -> int:
        """Shorter side of the smallest image in pixels."""
        return self.size or min(min(picture_size(files["truth"])) for files in self.files.values())

    @property
    def one_size(self) -> bool:
        """Whether all images can stand in one picture."""
        return (
            self.size is not None
            or len({picture_size(files["truth"]) for files in self.files.values()}) == 1
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
        folders: ``result``, ``truth``, ``reference`` and optionally ``content``,
            ``reference_content``, ``labels`` and ``reference_labels``. There must be a result for
            every true photograph: a method is not excused from the hard ones.
        sketch_filter: See :class:`Results`.
        size: See :class:`Results`.

    Raises:
        InputError: Files are missing, or, without ``size``, differ in size from the photograph, or
            are turned; the first ten are named and all are counted.
    """
    found = {kind: _images(kind, folder) for kind, folder in folders.items()}
    names = list(found["truth"])
    for kind, files in found.items():
        missing = [name for name in names if name not in files]
        if missing:
            raise InputError(
                f"{folders[kind]} expects a {_WORDS.get(kind, kind)} for each photograph of "
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
    else:
        _require_upright(paths, folders)
    return Results(paths, sketch_filter, size)


def _require_one_size(paths: dict[str, dict[str, Path]], folders: dict[str, Path]) -> None:
    for kind in folders:
        wrong = []
        for name, files in paths.items():
            size, expected = picture_size(files[kind]), picture_size(files["truth"])
            if size != expected:
                wrong.append(f"{name} ({size[0]}x{size[1]} instead of {expected[0]}x{expected[1]})")
        if wrong:
            raise InputError(
                f"{folders[kind]} expects images of the size of their photographs, got another for "
                f"{len(wrong)} of {len(paths)}: {first_ten(wrong)}; --size N resizes all alike."
            )


def _require_upright(paths: dict[str, dict[str, Path]], folders: dict[str, Path]) -> None:
    """Refuse wide images of tall photographs, or the reverse, whose squares differ.

    Methods that pass over a camera's rotation write such ones.
    """
    for kind in folders:
        own = "reference" if kind.startswith("reference") else "truth"
        turned = []
        for name, files in paths.items():
            (width, height), (wide, tall) = picture_size(files[kind]), picture_size(files[own])
            if are_turned((width, height), (wide, tall)):
                turned.append(f"{name} ({width}x{height} for {wide}x{tall})")
        if turned:
            raise InputError(
                f"{folders[kind]} expects images that stand as their photographs in {folders[own]} "
                f"do, got {len(turned)} of {len(paths)} turned: {first_ten(turned)}."
            )


def _images(kind: str, folder: Path) -> dict[str, Path]:
    if not is_dir(folder):
        what = "a file" if exists(folder) else "nothing"
        raise InputError(
            f"{folder}, for each {_WORDS.get(kind, kind)}, expects to be a folder, got {what}."
        )
    names = sorted(names_below(folder, everything=True), key=natural_order)
    images = [folder / name for name in names if is_image(name.rpartition("/")[2])]
    if not images:
        got = f", got {first_ten(names)}" if names else ""
        raise InputError(f"{folder} holds no image that Pillow reads{got}.")
    name_no_images(folder, names)
    return by_stem(folder, images)


def move(batch: Batch, device: str) -> Batch:
    """Return a batch with its tensors on a device."""
    moved = {k: v.to(device) if isinstance(v, Tensor) else v for k, v in batch.items()}
    return cast(Batch, moved)


def _batch(items: list[dict[str, Any]]) -> Batch:
    batch: dict[str, Any] = {key: [item[key] for item in items] for key in items[0]}
    for key in _STACKED:
        if key in batch:
            batch[key] = torch.stack(batch[key])
    batch["index"] = torch.tensor(batch["index"])
    return cast(Batch, batch)
