"""Views of a dataset: a part of it, or the whole several times."""

from collections.abc import Iterator, Sequence

from torch.utils.data import Dataset

from flowcolor.data.augmentation.random_streams import SHARING, stream
from flowcolor.data.batch import Item, Items
from flowcolor.data.datasets.finder import Photograph
from flowcolor.data.datasets.portraits import Portraits
from flowcolor.data.positions import position


class Subset(Dataset[Item]):
    """Some items of a dataset; they keep the index that they have there.

    Args:
        dataset: All items.
        positions: Which to take, in this order.
    """

    def __init__(self, dataset: Portraits, positions: Sequence[int]) -> None:
        self.dataset = dataset
        self.positions = list(positions)
        self.names = [dataset.names[place] for place in self.positions]

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: int) -> Item:
        return self.dataset[self.positions[position(self, index)]]

    def photographs(self) -> Iterator[tuple[str, Photograph]]:
        """Yield name and photograph of each item, unopened."""
        for name, place in zip(self.names, self.positions, strict=True):
            yield name, self.dataset.finder[place]

    def fill(self) -> None:
        """Make these items now rather than on first use."""
        self.dataset.fill(self.positions)


def part_of(whole: Subset, share: float, seed: int) -> Subset:
    """Return a seeded part of a dataset; smaller parts lie within larger ones.

    Args:
        whole: All items.
        share: How much of them, above 0 and at most 1; one item at least.
        seed: Chooses them.
    """
    count = max(1, round(share * len(whole)))
    chosen = stream(SHARING, seed).permutation(len(whole))[:count]
    return Subset(whole.dataset, [whole.positions[place] for place in sorted(chosen)])


class Repeated(Dataset[Item]):
    """A dataset several times over, each time with new indexes, thus new augmentations.

    Args:
        dataset: The items; indexes stay below 2**32.
        times: How often.
    """

    def __init__(self, dataset: Items, times: int) -> None:
        self.dataset = dataset
        self.times = times

    def __len__(self) -> int:
        return self.times * len(self.dataset)

    def __getitem__(self, index: int) -> Item:
        turn, place = divmod(position(self, index), len(self.dataset))
        item = self.dataset[place]
        item["index"] += turn * 2**32
        return item
