"""Batches without what cannot be read: of many files, one that is broken does not end the work."""

from collections.abc import Sequence
from typing import Any

from torch.utils.data import Dataset, default_collate

from flowcolor.data.pairs import SketchReferencePairs
from flowcolor.errors import InputError


class ReadablePairs(Dataset[Any]):
    """Pairs from files; one that cannot be read becomes its name and why, and the others go on.

    Args:
        pairs: A single one that cannot be read is an error still.
    """

    def __init__(self, pairs: SketchReferencePairs) -> None:
        self.pairs = pairs

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Any:
        try:
            return self.pairs[index]
        except InputError as error:
            if len(self.pairs) == 1:
                raise
            return self.pairs.names[index], str(error)


def collate_readable(items: Sequence[Any]) -> dict[str, Any]:
    """Collate the items that could be read; ``unread`` names the others, each with its reason."""
    readable = [item for item in items if isinstance(item, dict)]
    unread = [item for item in items if not isinstance(item, dict)]
    batch: dict[str, Any] = default_collate(readable) if readable else {"name": []}
    return {**batch, "unread": unread} if unread else batch
