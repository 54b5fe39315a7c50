"""The order in which training shows its photographs: a function of seed, epoch and batch."""

from collections.abc import Iterator, Sized
from typing import Any

from lightning import Trainer
from torch.utils.data import DistributedSampler, SequentialSampler


class ResumableSampler(DistributedSampler[Any]):
    """Shuffle by seed and epoch, over all processes, and continue where a resumed epoch stopped.

    Lightning skips nothing by itself: a run that was interrupted inside an epoch would see its
    first batches twice and its last ones never. It also tells samplers the epoch only after loader
    processes have asked for their first batches. So epoch and batch are read from the trainer's
    counters: with loader processes those of the checkpoint, which may be of an epoch's end.

    Args:
        dataset: What is shuffled.
        batch_size: Samples per batch and process.
        seed: Chooses the order, together with the epoch.
        trainer: Knows epoch, batch and processes; ``None`` outside a run.
    """

    def __init__(self, dataset: Any, batch_size: int, seed: int, trainer: Trainer | None) -> None:
        world, rank = (trainer.world_size, trainer.global_rank) if trainer else (1, 0)
        super().__init__(dataset, num_replicas=world, rank=rank, shuffle=True, seed=seed)
        self.batch_size = batch_size
        self.trainer = trainer

    def __iter__(self) -> Iterator[int]:
        done = 0
        if self.trainer is not None:
            batches = _batches(self, self.batch_size, self.trainer.limit_train_batches)
            epoch, done = _position(self.trainer, batches)
            self.set_epoch(epoch)
        return iter(list(super().__iter__())[done * self.batch_size :])


class ResumableInOrder(SequentialSampler):
    """Show the first photographs in their order, and continue where a resumed epoch stopped.

    What ``trainer.overfit_batches`` asks for. Lightning would take the place of every sampler that
    shuffles, and start a resumed epoch again.

    Args:
        dataset: What is shown.
        batch_size: Samples per batch.
        trainer: Knows epoch and batch.
    """

    def __init__(self, dataset: Any, batch_size: int, trainer: Trainer) -> None:
        super().__init__(dataset)
        self.batch_size = batch_size
        self.trainer = trainer

    def __iter__(self) -> Iterator[int]:
        batches = _batches(self, self.batch_size, self.trainer.limit_train_batches)
        _, done = _position(self.trainer, batches)
        return iter(range(done * self.batch_size, len(self)))


class EveryOnce(DistributedSampler[Any]):
    """Deal samples out in their order, each to one process only.

    A plain distributed sampler starts again from the first when some process would have fewer than
    the others, and a score over all pairs would count these twice.

    Args:
        dataset: What is dealt out.
        trainer: Knows the processes; ``None`` outside a run.
    """

    def __init__(self, dataset: Any, trainer: Trainer | None) -> None:
        world, rank = (trainer.world_size, trainer.global_rank) if trainer else (1, 0)
        super().__init__(dataset, num_replicas=world, rank=rank, shuffle=False)

    def __iter__(self) -> Iterator[int]:
        return iter(self._own())

    def __len__(self) -> int:
        return len(self._own())

    def _own(self) -> range:
        return range(self.rank, len(self.dataset), self.num_replicas)  # type: ignore[arg-type]


def _position(trainer: Trainer, batches: int) -> tuple[int, int]:
    """Return the epoch of the next batch, and how many of its batches are done.

    A checkpoint of an epoch's end has ``processed`` the epoch, but not ``completed`` it. To one of
    its last batch no batch is shown before the epoch has ended.
    """
    counted: Any = trainer.fit_loop.epoch_progress.current
    progress: Any = trainer.fit_loop.epoch_loop.batch_progress.current
    if counted.processed > counted.completed:  # It is over, even if a limit has ended it early.
        return counted.processed, 0
    # Where loaders are made anew for an epoch that has not begun, its batches are those of the one
    # before.
    return counted.processed, progress.processed % batches


def _batches(sampler: Sized, batch_size: int, limit: float | None) -> int:
    """Return how many batches an epoch has, as the trainer counts them."""
    whole = max(1, len(sampler) // batch_size)
    if isinstance(limit, int):
        return max(1, min(whole, limit))
    return max(1, int(whole * (1.0 if limit is None else limit)))
