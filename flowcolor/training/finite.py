"""Stop a training whose loss is no number, with what is known about why."""

from lightning import Trainer
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.training.resume import newest_checkpoint


def require_finite(
    losses: dict[str, Tensor], batch: Batch, step: int, trainer: Trainer | None
) -> None:
    """Raise one sentence if the loss of a batch is not finite, or that of its critics.

    Args:
        losses: ``loss`` and its terms, and perhaps ``critic``.
        batch: What it was computed of.
        step: Steps so far.
        trainer: What saved checkpoints before, if anything did.

    Raises:
        InputError: It names the images that are not finite, or else the terms of the loss.
    """
    if all(losses[key].isfinite() for key in ("loss", "critic") if key in losses):
        return
    names = ", ".join(batch["name"])
    for key in ("content", "reference", "truth"):
        if key in batch and not batch[key].isfinite().all():
            raise InputError(f"Image {key!r} of a batch ({names}) expects finite values, got NaN.")
    terms = ", ".join(f"{name} {float(value.detach()):g}" for name, value in losses.items())
    advice = "there is no checkpoint yet of other weights: start again with a lower learning rate"
    checkpoint = newest_checkpoint(trainer)
    if checkpoint is not None:
        advice = f"continue from {checkpoint} with a lower learning rate"
    raise InputError(
        f"Training stopped at step {step} because the loss is not finite ({terms}; samples "
        f"{names}); {advice}."
    )
