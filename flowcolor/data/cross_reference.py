"""Cross-reference pairs: every drawing meets the photograph of somebody else."""

from typing import Any

import numpy as np
from torch.utils.data import Dataset

from flowcolor.bounds import whole_within
from flowcolor.data.augmentation.random_streams import PAIRING, stream
from flowcolor.data.batch import Item, Items
from flowcolor.errors import InputError


class CrossReference(Dataset[Item]):
    """Give each item another item's photo as ``reference``, by a seeded permutation.

    ``reference_content`` is that photo's own drawing, ``reference_index`` says whose they are.

    Nobody is paired with themselves and every photo serves once.

    Args:
        dataset: Two photographs at least.
        seed: Chooses the permutation.

    Raises:
        InputError: There are fewer than two photographs, or the seed is no whole number.
    """

    def __init__(self, dataset: Items, seed: int = 0) -> None:
        whole_within("seed", seed, -(2**63), 2**64 - 1)
        if not isinstance(dataset, Items):
            kind = type(dataset).__name__
            raise InputError(f"CrossReference expects a dataset with names, got {kind}.")
        if len(dataset) < 2:
            raise InputError(
                f"Cross-reference pairs need at least 2 photographs, got {len(dataset)}."
            )
        self.dataset = dataset
        self.names = dataset.names
        self.partners = derangement(len(dataset), seed)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Item:
        item, other = self.dataset[index], self.dataset[self.partners[index]]
        return {
            **item,
            "reference": other["photo"],
            "reference_content": other["content"],
            "reference_index": other["index"],
        }


def reference_names(dataset: Any) -> dict[str, str]:
    """Return for each drawing of a test set whose photograph lends the colours."""
    names = dataset.names
    if isinstance(dataset, CrossReference):
        return {names[own]: names[other] for own, other in enumerate(dataset.partners)}
    return {name: name for name in names}


def derangement(count: int, seed: int) -> list[int]:
    """Return a seeded permutation without fixed points, a single cycle (Sattolo, 1986)."""
    random = stream(PAIRING, seed)
    order = np.arange(count)
    for last in range(count - 1, 0, -1):
        other = int(random.integers(last))
        order[[last, other]] = order[[other, last]]
    return [int(index) for index in order]
