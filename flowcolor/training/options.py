"""Options of Lightning and torch that are only found wrong while a run is under way."""

from typing import Any

from flowcolor.bounds import within

_THEIRS = ("lightning.", "torch.optim.")


def check_trainer(trainer: Any) -> None:
    """Refuse intervals of 0, by which Lightning would divide, and devices that nobody has.

    Args:
        trainer: The options of the trainer.

    Raises:
        InputError: A number is out of range.
    """
    if str(trainer.devices).isdecimal():
        within("trainer.devices", int(trainer.devices), 1, 4096)  # It makes a list of them.
    within("trainer.accumulate_grad_batches", trainer.accumulate_grad_batches, 1)
    if trainer.check_val_every_n_epoch is not None:
        within("trainer.check_val_every_n_epoch", trainer.check_val_every_n_epoch, 1)
    if isinstance(trainer.val_check_interval, int | float):
        within("trainer.val_check_interval", trainer.val_check_interval, 1e-9)


def who_refused(error: BaseException) -> str | None:
    """Return the module of Lightning or of torch's optimizers that refuses how it is to work.

    What is raised in any other code is a bug, and keeps its traceback: for it, this is ``None``.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))
    return module if module.startswith(_THEIRS) else None
