"""What the whole house hands on: one photograph of a dataset, and a batch of them."""

from collections.abc import Sequence
from typing import NotRequired, Protocol, TypedDict, runtime_checkable

import torch
from jaxtyping import Float, Integer
from torch import Tensor

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


@runtime_checkable
class Items(Protocol):
    """A dataset of photographs that knows their names."""

    names: list[str]

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Item: ...
