"""Gradients of batches whose step is still to come."""

from typing import Any

from lightning import LightningModule, Trainer
from torch import Tensor

from flowcolor.errors import InputError

_KEY = "accumulated_gradients"


def note_accumulated(checkpoint: dict[str, Any], module: LightningModule) -> None:
    """Add gradients to a checkpoint that is written between the batches of one step."""
    trainer: Trainer = module.trainer
    loop: Any = trainer.fit_loop.epoch_loop
    batches = loop.batch_progress.current
    # Inside of a batch they may be those of half a batch.
    if batches.ready == batches.processed and loop._should_accumulate():
        checkpoint[_KEY] = {
            name: trainer.strategy.reduce(parameter.grad.clone(), reduce_op="mean")
            for name, parameter in module.named_parameters()
            if parameter.grad is not None
        }


def accumulated(checkpoint: dict[str, Any], module: LightningModule) -> dict[str, Tensor]:
    """Return the gradients of a checkpoint with which a training goes on.

    Raises:
        InputError: They are not those of parameters of the module.
    """
    gradients, parameters = checkpoint.get(_KEY, {}), dict(module.named_parameters())
    if not (
        isinstance(gradients, dict)
        and gradients.keys() <= parameters.keys()
        and all(isinstance(gradient, Tensor) for gradient in gradients.values())
        and all(own.shape == parameters[name].shape for name, own in gradients.items())
    ):
        raise InputError(f"The checkpoint expects gradients of the model as {_KEY!r}, got others.")
    return gradients


def accumulate(gradients: dict[str, Tensor], module: LightningModule) -> None:
    """Go on with gradients, which Lightning has removed before it begins."""
    for name, parameter in module.named_parameters():
        if name in gradients:
            parameter.grad = gradients.pop(name).to(parameter)
