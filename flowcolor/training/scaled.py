"""The scale by which a loss is multiplied in float16, where several optimizers share one loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lightning import Trainer


@contextmanager
def one_scale(trainer: Trainer) -> Iterator[None]:
    """Let the scale of the loss change after the body alone, not after each optimizer's step.

    Lightning changes it after each. The gradients of the next, which are of the same loss, would be
    divided by another scale than they were multiplied by.
    """
    scaler: Any = getattr(trainer.precision_plugin, "scaler", None)
    if scaler is None:
        yield
        return
    scaler.update = lambda *_: None
    try:
        yield
    finally:
        del scaler.update
    scaler.update()
