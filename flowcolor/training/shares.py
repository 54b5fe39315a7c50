"""Which part of an evaluation belongs to this process."""

from typing import Any

from lightning import Trainer
from torch.utils.data import DataLoader, DistributedSampler

from flowcolor.data.cross import CrossReference

Batch = dict[str, Any]


def validation_loader(trainer: Trainer, index: int) -> DataLoader[Any]:
    """Return one of the validation's loaders."""
    loader: DataLoader[Any] = trainer.val_dataloaders[index]  # type: ignore[index]
    return loader


def test_loader(trainer: Trainer, index: int) -> DataLoader[Any]:
    """Return one of the test's loaders."""
    loader: DataLoader[Any] = trainer.test_dataloaders[index]  # type: ignore[index]
    return loader


def fresh(batch: Batch, batch_idx: int, loader: DataLoader[Any]) -> Batch:
    """Leave out what a distributed sampler shows twice, so that every pair counts once.

    The sampler deals samples out in turn and starts again from the first when some process would
    have fewer than the others. These repetitions come last; a batch may be left empty.

    Args:
        batch: Tensors and lists of one length.
        batch_idx: Its number on this process.
        loader: Where it comes from.
    """
    sampler = loader.sampler
    if not isinstance(sampler, DistributedSampler):
        return batch
    dataset: Any = loader.dataset
    own = len(range(sampler.rank, len(dataset), sampler.num_replicas))
    left = max(0, own - batch_idx * (loader.batch_size or 1))
    return {key: values[:left] for key, values in batch.items()}


def reference_names(dataset: Any) -> dict[str, str]:
    """Return for each drawing of a test set whose photograph lends the colours."""
    names = dataset.names
    if isinstance(dataset, CrossReference):
        return {names[own]: names[other] for own, other in enumerate(dataset.partners)}
    return {name: name for name in names}
