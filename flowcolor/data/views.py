"""Views of a dataset: a part of it, or the whole several times."""

from collections.abc import Sequence

from torch.utils.data import Dataset

from flowcolor.data.datasets.portraits import CachedPortraits, Item, Portraits


class Selected(Dataset[Item]):
    """Some items of a dataset; they keep the index that they have there.

    Args:
        dataset: All items.
        positions: Which to take, in this order.
    """

    def __init__(self, dataset: CachedPortraits, positions: Sequence[int]) -> None:
        self.dataset = dataset
        self.positions = list(positions)
        self.names = [dataset.names[position] for position in self.positions]

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: int) -> Item:
        return self.dataset[self.positions[index]]

    def fill(self) -> None:
        """Make these items now rather than on first use."""
        self.dataset.fill(self.positions)


class Repeated(Dataset[Item]):
    """A dataset several times over, each time with new indexes, thus new augmentations.

    Args:
        dataset: The items; indexes stay below 2**32.
        times: How often.
    """

    def __init__(self, dataset: Portraits, times: int) -> None:
        self.dataset = dataset
        self.times = times

    def __len__(self) -> int:
        return self.times * len(self.dataset)

    def __getitem__(self, index: int) -> Item:
        turn, position = divmod(index, len(self.dataset))
        item = self.dataset[position]
        item["index"] += turn * 2**32
        return item
