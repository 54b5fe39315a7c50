"""The pairs of a comparison: the same contents and references for every method."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Subset

from flowcolor.data.augmentation.hint_points import HintPoints
from flowcolor.data.batch import Batch
from flowcolor.data.cross_reference import reference_names
from flowcolor.data.module import ColorizationDataModule
from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError
from flowcolor.evaluation.scores import SETTINGS, Setting, SketchFilter


class Pairs:
    """Test photographs of a data module, with their own and with somebody else's as reference.

    Args:
        data: Its test photographs are taken, and its references.
        count: How many of them; a smaller count takes some of those of a larger. ``None``: all.
        points: How many colours of the truth are given.

    Raises:
        InputError: There are fewer than two, or fewer than ``count``.
    """

    def __init__(self, data: ColorizationDataModule, count: int | None, points: int) -> None:
        names = data.test_names
        if len(names) < 2 or (count is not None and not 2 <= count <= len(names)):
            wanted = "2 photographs" if count is None else f"{max(count, 2)} photographs"
            got = f"{len(names)} held out" if count is None or count >= 2 else f"--pairs {count}"
            raise InputError(
                f"A comparison expects at least {wanted} that nothing was trained on, got {got}: "
                "hold out more with --data.held_out, or give --data.test FOLDER."
            )
        self.data = data
        self.points = points
        data.hints = HintPoints(count=points)
        order = np.random.default_rng(data.seed).permutation(len(names))
        self.positions = sorted(int(position) for position in order[:count])
        self.names = [names[position] for position in self.positions]

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def sketch_filter(self) -> SketchFilter | None:
        """What drew the contents; None of grey photographs."""
        if self.data.content == "gray":
            return None
        return self.data.sketch_filter or GradientLines()

    def batches(self, setting: Setting) -> Iterator[Batch]:
        """Yield all pairs of a setting, with hints and with the names of the references."""
        dataset: Any = self.data.test_dataloader()[SETTINGS.index(setting)].dataset
        references = reference_names(dataset)
        chosen: Subset[Any] = Subset(dataset, self.positions)
        for loaded in DataLoader(chosen, batch_size=self.data.batch_size):
            batch = self.data.complete(loaded, training=False)
            yield {**batch, "reference_name": [references[name] for name in batch["name"]]}
