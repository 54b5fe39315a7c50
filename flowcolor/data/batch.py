"""What the whole house hands on: one photograph of a dataset, and a batch of them."""

from collections.abc import Sequence
from numbers import Integral
from typing import NotRequired, Protocol, TypedDict, cast, runtime_checkable

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from flowcolor.arguments import is_list
from flowcolor.errors import InputError
from flowcolor.values import is_float, is_strided, kind_of

Images = Float[Tensor, "batch 3 height width"]


class Item(TypedDict):
    """One photograph and its content, a drawing or its grey, in [0, 1].

    ``index`` addresses its random streams. The ``reference`` is there where a dataset pairs
    photographs, with its own content and index.
    """

    photo: Float[Tensor, "3 size size"]
    content: Float[Tensor, "3 size size"]
    index: int
    name: str
    reference: NotRequired[Float[Tensor, "3 size size"]]
    reference_content: NotRequired[Float[Tensor, "3 size size"]]
    reference_index: NotRequired[int]


class Pair(TypedDict):
    """A drawing and the photograph whose colours it is to get."""

    content: Float[Tensor, "3 size size"]
    reference: Float[Tensor, "3 size size"]
    index: int
    name: str


class Batch(TypedDict):
    """Several photographs, as loaders give them and as colorizers and scores take them.

    It is a plain dictionary, so that loaders collate it and Lightning moves it to a device. Loaders
    give ``photo``; augmentation makes ``reference`` and ``truth`` of it. Where somebody else's
    photograph lends the colours, ``reference_content`` and ``reference_index`` are its own. For
    prediction there is no truth. ``hint_colors`` are known where ``hint_mask`` is 1; ``painted`` is
    the result before it was clamped. ``warp`` says where each pixel of the reference lies in the
    truth, in the coordinates of ``grid_sample``. ``unread`` names what could not be read for
    prediction, each with the reason; a batch of nothing else has no images.

    Example:
        >>> import torch
        >>> images = torch.rand(2, 3, 8, 8)
        >>> batch: Batch = {"content": images, "index": torch.arange(2), "name": ["a", "b"]}
        >>> batch["content"].shape
        torch.Size([2, 3, 8, 8])
    """

    content: Images
    index: Integer[Tensor, " batch"]
    name: list[str]
    photo: NotRequired[Images]
    reference: NotRequired[Images]
    truth: NotRequired[Images]
    result: NotRequired[Images]
    painted: NotRequired[Images]
    reference_content: NotRequired[Images]
    reference_index: NotRequired[Integer[Tensor, " batch"]]
    reference_name: NotRequired[Sequence[str]]
    hint_colors: NotRequired[Images]
    hint_mask: NotRequired[Float[Tensor, "batch 1 height width"]]
    warp: NotRequired[Float[Tensor, "batch height width 2"]]
    cleaned: NotRequired[Images]
    labels: NotRequired[Integer[Tensor, "batch height width"]]
    reference_labels: NotRequired[Integer[Tensor, "batch height width"]]
    unread: NotRequired[list[tuple[str, str]]]


def converted(batch: Batch, dtype: torch.dtype) -> Batch:
    """Return a batch whose images are of another type of numbers."""
    made = batch.copy()
    for name, value in batch.items():
        if isinstance(value, Tensor) and value.is_floating_point():
            made[name] = value.to(dtype)  # type: ignore[literal-required]
    return made


def require_batch(owner: object, batch: object, *images: str, also: Sequence[str] = ()) -> None:
    """Refuse what is no batch with these images and the addresses of their random streams.

    Args:
        owner: Who refuses; its class begins the message.
        batch: What should be a batch.
        images: Names of what it needs, all of one shape.
        also: Names of what else has to be there.

    Raises:
        InputError: It is no dictionary, or lacks images or indices.
        ValueError: Images are no float tensors.
    """
    require_images(owner, batch, *images, also=("index", *also))
    assert isinstance(batch, dict)  # noqa: S101  (just looked at)
    index, count = batch["index"], len(batch[images[0]])
    numbers = index.tolist() if isinstance(index, Tensor) else index
    whole = is_list(numbers) and all(isinstance(n, Integral) for n in numbers)
    if not whole or len(numbers) != count:
        shown = str(tuple(index.shape)) if isinstance(index, Tensor) else repr(index)[:60]
        expected = f"index to be whole numbers, one for each of {count} images"
        raise InputError(f"{type(owner).__name__} expects {expected}, got {shown}.")


def require_images(
    owner: object,
    batch: object,
    *images: str,
    free: Sequence[str] = (),
    also: Sequence[str] = (),
) -> None:
    """Refuse what is no batch with these images.

    Args:
        owner: Who refuses; its class begins the message.
        batch: What should be a batch.
        images: Names of what it needs, all of one shape and on one device.
        free: Names of images that may have sides of their own.
        also: Names of what else has to be there.

    Raises:
        InputError: It is no dictionary, or lacks images.
        ValueError: Images are no float tensors.
    """
    name = type(owner).__name__
    if not isinstance(batch, dict):
        raise InputError(f"{name} expects a batch, a dictionary, got {type(batch).__name__}.")
    lacks = [key for key in (*images, *also, *free) if key not in batch]
    if lacks:
        shown = ", ".join(map(str, batch)) or "an empty one"
        raise InputError(f"{name} expects a batch with {' and '.join(lacks)}, got {shown}.")
    first = batch[images[0]]
    for key in (*images, *free):
        image = batch[key]
        if not (isinstance(image, Tensor) and is_strided(image) and is_float(image)):
            strided = isinstance(image, Tensor) and is_strided(image)
            shown = image.dtype if strided else kind_of(image)
            expected = "float images with values in [0, 1]"
            raise ValueError(f"{name} expects {key} to be {expected}, got {shown}.")
        shape = tuple(image.shape)
        if len(shape) != 4 or shape[1] != 3 or 0 in shape:
            expected = "images of shape (batch, 3, height, width) that are not empty"
            raise InputError(f"{name} expects {key} to be {expected}, got {shape}.")
        if key in images and shape != first.shape:
            expected = f"the shape of {images[0]}, {tuple(first.shape)}"
            raise InputError(f"{name} expects {key} to have {expected}, got {shape}.")
        if len(image) != len(first):
            expected = f"to be as many images as {images[0]}, {len(first)}"
            raise InputError(f"{name} expects {key} {expected}, got {len(image)}.")
        if image.device != first.device:
            expected = f"on the device of {images[0]}, {first.device}"
            raise InputError(f"{name} expects {key} {expected}, got {image.device}.")


def require_square(owner: object, images: Tensor) -> None:
    """Refuse images of a batch whose sides differ: what is drawn for them is square."""
    if images.shape[-2] != images.shape[-1]:
        shown = f"{images.shape[-1]}x{images.shape[-2]}"
        raise InputError(f"{type(owner).__name__} expects square images, got {shown}.")


@runtime_checkable
class Items(Protocol):
    """A dataset of photographs that knows their names."""

    names: list[str]

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Item: ...


def singles(batch: Batch) -> list[Batch]:
    """Return a batch as batches of one picture.

    Example:
        >>> import torch
        >>> batch = {"content": torch.rand(2, 3, 8, 8), "name": ["a", "b"]}
        >>> [one["name"] for one in singles(batch)]
        [['a'], ['b']]
    """
    return [
        cast(Batch, {key: value[i : i + 1] for key, value in batch.items()})  # type: ignore[index]
        for i in range(len(batch["name"]))
    ]
