"""Which precisions models can be trained and run in."""

from lightning import LightningModule, Trainer
from lightning.pytorch.plugins import DoublePrecision

from flowcolor.errors import InputError

_INSTEAD = {"16-true": "16-mixed", "bf16-true": "bf16-mixed"}


def check_precision(precision: object) -> None:
    """Refuse weights of 16 bits: steps are lost in them, and a flow cannot be run backwards.

    Raises:
        InputError: The precision is one of weights of 16 bits.
    """
    instead = _INSTEAD.get(str(precision))
    if instead is not None:
        raise InputError(
            f"--trainer.precision expects {instead} instead of {precision}: weights of 16 bits "
            "lose small steps of a training, and a flow of them its inverse."
        )


def widen_early(trainer: Trainer | None, task: LightningModule) -> None:
    """Give a task of 64 bits its type before anything is read or copied into, or out of, it.

    Lightning does so only after it has read a checkpoint, whose weights would be rounded to 32
    bits, and after the average of the weights has been made.
    """
    plugin = getattr(trainer, "precision_plugin", None)
    if isinstance(plugin, DoublePrecision):
        plugin.convert_module(task)
