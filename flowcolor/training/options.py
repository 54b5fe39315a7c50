"""What would only be found wrong, or refused in a traceback, while a run is under way."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer
from lightning.pytorch.callbacks import (
    BackboneFinetuning,
    BaseFinetuning,
    BatchSizeFinder,
    GradientAccumulationScheduler,
    ModelCheckpoint,
    ModelPruning,
    StochasticWeightAveraging,
    Timer,
    WeightAveraging,
)
from lightning.pytorch.strategies import DDPStrategy
from torch import nn

from flowcolor.bounds import within
from flowcolor.errors import InputError
from flowcolor.io.places import require_folder
from flowcolor.models.base import Colorizer, InvertibleColorizer
from flowcolor.models.batch_statistics import has_own_statistics

_THEIRS = ("lightning.", "torch.optim.")
_WHOLE = ("epoch", "step")
_LIMITS = {
    "validate": {"limit_val_batches": "validated"},
    "test": {"limit_test_batches": "tested"},
    "predict": {"limit_predict_batches": "painted"},
}


def check_trainer(trainer: Any, command: str) -> None:
    """Refuse intervals of 0, by which Lightning would divide, runs of 0, and too many devices.

    And what Lightning answers with lines of its own.

    Args:
        trainer: The options of the trainer.
        command: ``fit``, ``validate``, ``test`` or ``predict``.

    Raises:
        InputError: A number is out of range, or processes would be spawned.
    """
    if "spawn" in str(trainer.strategy):  # A task holds functions that cannot be sent to them.
        raise InputError(
            f"trainer.strategy expects ddp for several processes, got {trainer.strategy}, whose "
            "processes cannot be given the model."
        )
    if trainer.model_registry is not None:  # Lightning asks it only where a run keeps no files.
        raise InputError(
            "trainer.model_registry expects null, because flowcolor push is what uploads a model, "
            f"got {trainer.model_registry}."
        )
    if trainer.barebones:
        raise InputError(
            "trainer.barebones expects false, because every run keeps files and scores, got true."
        )
    if trainer.enable_checkpointing is False:  # Lightning would miss what no option takes away.
        raise InputError(
            "trainer.enable_checkpointing expects true, because a run ends with its best "
            "checkpoint, got false; --best.save_top_k 0 keeps the last alone."
        )
    profiler = str(getattr(trainer.profiler, "class_path", trainer.profiler))
    if profiler.rpartition(".")[2] in ("xla", "XLAProfiler") and find_spec("torch_xla") is None:
        raise InputError(
            f"trainer.profiler expects the package torch_xla for {profiler}, which is not there."
        )
    if str(trainer.devices).isdecimal():
        within("trainer.devices", float(trainer.devices), 1, 4096)  # Lightning lists them all.
    within("trainer.num_nodes", trainer.num_nodes, 1, 4096)
    if trainer.gradient_clip_val is not None:  # Lightning leaves out those below 0 without a word.
        within("trainer.gradient_clip_val", trainer.gradient_clip_val, 0)
    if trainer.log_every_n_steps is not None:
        within("trainer.log_every_n_steps", trainer.log_every_n_steps, 0)
    for unit in ("epochs", "steps"):
        _check_least(unit, getattr(trainer, f"min_{unit}"), getattr(trainer, f"max_{unit}"))
    within("trainer.accumulate_grad_batches", trainer.accumulate_grad_batches, 1)
    if trainer.num_sanity_val_steps is not None:  # -1 means all.
        within("trainer.num_sanity_val_steps", trainer.num_sanity_val_steps, -1)
    if trainer.check_val_every_n_epoch is not None:
        within("trainer.check_val_every_n_epoch", trainer.check_val_every_n_epoch, 1)
    names = dict.fromkeys(("max_epochs", "max_steps", "limit_train_batches"), "trained")
    for name, done in (names | _LIMITS.get(command, {})).items():
        if getattr(trainer, name) == 0:  # The weights of such a training would be random ones.
            raise InputError(
                f"trainer.{name} expects another number than 0, by which nothing is {done}."
            )
    if isinstance(trainer.val_check_interval, int | float):
        within("trainer.val_check_interval", trainer.val_check_interval, 1e-9)


def check_time(trainer: Trainer) -> None:
    """Refuse a training that is over before its first step.

    Raises:
        InputError: No time is given to it.
    """
    for timer in trainer.callbacks:  # type: ignore[attr-defined]
        left = timer.time_remaining() if isinstance(timer, Timer) else None
        if left is not None and left <= 0:
            raise InputError(
                f"trainer.max_time expects a time above 0, got {left:g} seconds, by which nothing "
                "is trained."
            )


def check_clipping(trainer: Trainer) -> None:
    """Refuse a way to shorten gradients without a limit, by which none is shortened.

    Raises:
        InputError: It names both options.
    """
    way: Any = trainer.gradient_clip_algorithm
    if way is not None and not trainer.gradient_clip_val:
        raise InputError(
            "trainer.gradient_clip_algorithm expects trainer.gradient_clip_val beside it, without "
            f"which no gradient is shortened, got {way.value} alone."
        )


def check_callbacks(trainer: Trainer, colorizer: Colorizer, goes_on: bool) -> None:
    """Refuse callbacks of Lightning that cannot work on a colorizer.

    Args:
        trainer: With the callbacks.
        colorizer: What is trained.
        goes_on: Whether the training is to go on from a checkpoint.

    Raises:
        InputError: It names the callback and what is in its way.
    """
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if goes_on and isinstance(callback, BatchSizeFinder):
            raise InputError(
                f"trainer.callbacks expects no {type(callback).__name__} beside --ckpt_path, whose "
                "trials would take the place of what the optimizer has learned: give the size that "
                "it has found as data.batch_size."
            )
        if isinstance(callback, BackboneFinetuning):
            raise InputError(
                "trainer.callbacks expects no BackboneFinetuning, which looks for a network called "
                f"backbone, got one for {type(colorizer).__name__}, which has none."
            )
        if type(callback) is BaseFinetuning:
            raise InputError(
                "trainer.callbacks expects a class of yours that says what it freezes, got "
                "BaseFinetuning, which says nothing of it."
            )
        if isinstance(callback, StochasticWeightAveraging):
            first, most = callback._swa_epoch_start, trainer.max_epochs or -1
            if isinstance(first, int) and 0 < most < first:  # The untrained weights would be left.
                raise InputError(
                    f"StochasticWeightAveraging expects swa_epoch_start to be at most "
                    f"trainer.max_epochs, {most}, got {first}."
                )
        if isinstance(callback, ModelPruning) and isinstance(colorizer, InvertibleColorizer):
            raise InputError(
                "trainer.callbacks expects no ModelPruning, which sets weights to zero, got one "
                f"for {type(colorizer).__name__}, whose matrices must stay invertible."
            )
        if (
            isinstance(callback, WeightAveraging)
            and callback._use_buffers
            # torch's own mean subtracts.
            and not any(callback._kwargs.get(name) for name in ("avg_fn", "multi_avg_fn"))
        ):
            flags = [name for name, each in colorizer.named_buffers() if each.dtype == torch.bool]
            if flags:  # It would subtract them after the second step.
                raise InputError(
                    f"trainer.callbacks expects {type(callback).__name__} with use_buffers=false "
                    f"for {type(colorizer).__name__}, which has buffers of true and false, as "
                    f"{flags[0]}; model.average averages weights, too."
                )


def check_sharing(trainer: Trainer, task: nn.Module) -> None:
    """Refuse to share statistics of batches between processes that have no GPU for it.

    Raises:
        InputError: It says what works instead.
    """
    strategy: Any = trainer.strategy
    sharing = getattr(strategy, "_layer_sync", None) is not None
    if sharing and strategy.root_device.type == "cpu" and has_own_statistics(task):
        raise InputError(
            "trainer.sync_batchnorm expects a GPU for each process, got the CPU, on which torch "
            "has no batch normalisation of several: leave it at false."
        )


def check_static_graph(trainer: Trainer) -> None:
    """Refuse to add up gradients of batches under DDP's static_graph: torch ends in an assertion.

    It takes the first of these batches for one whose gradients all processes are to share.

    Raises:
        InputError: It names both options.
    """
    strategy, callbacks = trainer.strategy, trainer.callbacks  # type: ignore[attr-defined]
    counts = [trainer.accumulate_grad_batches]
    for callback in callbacks:
        if isinstance(callback, GradientAccumulationScheduler):
            counts += callback.scheduling.values()
    static = isinstance(strategy, DDPStrategy) and strategy._ddp_kwargs.get("static_graph")
    if static and max(counts) > 1:
        raise InputError(
            "trainer.strategy expects static_graph=false beside trainer.accumulate_grad_batches "
            f"{max(counts)}, because torch cannot add up gradients under it, got true."
        )


def check_folders(trainer: Trainer) -> None:
    """Refuse folders of Lightning's classes that could not be written to once there is something.

    Raises:
        InputError: It names the class and the folder.
    """
    profiler: Any = trainer.profiler  # type: ignore[attr-defined]
    holders = [*trainer.callbacks, profiler, *trainer.loggers]  # type: ignore[attr-defined]
    for holder in holders:
        for name in ("dirpath", "save_dir"):
            folder = getattr(holder, name, None)
            if isinstance(folder, str | Path) and "://" not in str(folder):
                require_folder(Path(folder), f"{name} of {type(holder).__name__}")


def check_file_names(trainer: Trainer) -> None:
    """Refuse names of checkpoints that could not be filled in once there is one to write.

    And one name of two, of which either would replace and remove the other's.

    Raises:
        InputError: It names the pattern and what is wrong with it.
    """
    known = set()
    for callback in trainer.checkpoint_callbacks:
        pattern = getattr(callback, "filename", None)
        if not isinstance(callback, ModelCheckpoint) or pattern is None:
            continue
        if (callback.dirpath, pattern) in known:
            raise InputError(
                "The filename of a checkpoint expects another name than that of any other, got "
                f"{pattern} for two."
            )
        known.add((callback.dirpath, pattern))
        names = re.findall(r"\{([^:}!]*)", pattern)
        numbers = {name: torch.tensor(0 if name in _WHOLE else 0.5) for name in names}
        try:
            callback.format_checkpoint_name(numbers)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise InputError(
                "The filename of a checkpoint expects numbers of the training in the format of "
                f"Python, as {{epoch:02d}}, got {pattern} ({in_one_line(error)})."
            ) from error


def _check_least(unit: str, least: int | None, most: int | None) -> None:
    """Refuse a least number of epochs or steps that the largest makes impossible."""
    if least is None:
        return
    within(f"trainer.min_{unit}", least, 0)
    if most is not None and 0 < most < least:
        raise InputError(
            f"trainer.min_{unit} expects at most trainer.max_{unit}, {most}, got {least}."
        )


def require_text(value: Any) -> None:
    """Refuse to train with names that are no UTF-8, in the configuration or of the folder.

    Neither TensorBoard nor YAML can write them, so that the run could not be continued or tested.

    Raises:
        InputError: It names the first.
    """
    if isinstance(value, dict):
        value = [*value, *value.values()]
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, dict | list | tuple):
            require_text(part)
            continue
        try:
            str(part).encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"flowcolor fit expects names in UTF-8, because a run notes them, got {part}."
            ) from error


def who_refused(error: BaseException) -> str | None:
    """Return the module of Lightning or of torch's optimizers that refuses how it is to work.

    What is raised in any other code is a bug, and keeps its traceback: for it, this is ``None``.
    """
    return _module_of(error) if comes_from(error, *_THEIRS) else None


def comes_from(error: BaseException, *packages: str) -> bool:
    """Tell whether an error was raised in a module whose name begins so."""
    return _module_of(error).startswith(packages)


def _module_of(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))


def in_one_line(error: BaseException) -> str:
    r"""Return the message of an error in one line without a full stop, or its name if it has none.

    Example:
        >>> in_one_line(ValueError("No such\n  device."))
        'No such device'
    """
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
