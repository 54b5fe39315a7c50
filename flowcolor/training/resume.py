"""From a checkpoint back to the configuration that wrote it, and the folders of runs."""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lightning import Trainer
from torch.optim import Optimizer

from flowcolor.data.folders import Folders
from flowcolor.errors import InputError
from flowcolor.io.files import find, status
from flowcolor.models.checkpoint import read_weights

CHECKPOINTS = "checkpoints"


def find_checkpoint(word: str, root: Path) -> Path:
    """Return the file of ``--ckpt_path``: a path, or the newest ``last`` or ``best`` below a root.

    Raises:
        InputError: ``last`` or ``best``, and no run below ``root`` has one.
    """
    if word not in {"last", "best"}:
        return Path(word)
    places = {path: status(path) for path in find(root, f"**/{CHECKPOINTS}/{word}.ckpt")}
    times = {path: place.st_mtime for path, place in places.items() if place is not None}
    found = sorted(times, key=lambda path: times[path])
    if not found:
        raise InputError(
            f"--ckpt_path {word} expects a run below {root}/ with {CHECKPOINTS}/{word}.ckpt, "
            "got none."
        )
    return found[-1]


def run_folder(checkpoint: Path) -> Path:
    """Return the folder of the run that wrote a checkpoint."""
    folder = checkpoint.parent
    return folder.parent if folder.name == CHECKPOINTS else folder


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


def writable(folder: Path) -> Path:
    """Make a folder and return it.

    Raises:
        InputError: Nothing can be written into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"The folder of the run, {folder}, cannot be written ({error})."
        ) from error
    return folder


def log_folder(trainer: Trainer) -> Path:
    """Return the folder of the run, on any process: ``trainer.log_dir`` must be asked on all."""
    found = (getattr(logger, "log_dir", None) for logger in trainer.loggers)
    folders = [folder for folder in found if folder]
    return Path(folders[0] if folders else trainer.default_root_dir)


def newest_checkpoint(trainer: Trainer | None) -> Path | None:
    """Return what a run that fails can be continued from: its newest checkpoint, if it has one."""
    if trainer is None:
        return None
    saved = [getattr(callback, "best_model_path", "") for callback in trainer.checkpoint_callbacks]
    paths = [Path(path) for path in [*saved, trainer.ckpt_path] if path]
    files = [path for path in paths if path.is_file()]
    return max(files, key=lambda path: path.stat().st_mtime, default=None)


def describe_exported(path: Path, command: str) -> dict[str, Any]:
    """Return the configuration of an exported model, which knows neither data nor optimizer."""
    if command == "fit":
        raise InputError(
            f"--ckpt_path expects a .ckpt to continue from, got {path}: to start a new training "
            "from these weights, use --model.weights."
        )
    weights = read_weights(path)
    name = f"flowcolor.models.{weights.description['model']}"
    model = {"class_path": name, "init_args": weights.description["config"]}
    return {"model": {"colorizer": model, "weights": str(path)}, "data": {"size": weights.size}}


def spell_out_folders(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration whose folders of photographs are records, as ``Folders`` is one.

    To a record an option can add what belongs to the photographs. And the parser takes a word in
    the place of a record for the name of a class first, which it imports.
    """
    data = dict(config.get("data", {}))
    for name in ("train", "test"):
        if isinstance(data.get(name), str | list):
            data[name] = asdict(Folders.of(data[name]))
    return config | {"data": data}


def differences(recorded: Any, chosen: Any, key: str = "") -> Iterator[str]:
    """Yield ``key: new instead of old`` for every recorded value that the user replaced.

    Example:
        >>> list(differences({"a": {"lr": 1, "b": 2}}, {"a": {"lr": 3, "b": 2}}))
        ['a.lr: 3 instead of 1']
    """
    if isinstance(recorded, dict) and isinstance(chosen, dict):
        for name in recorded:
            if name in chosen:
                inner = f"{key}.{name}" if key else str(name)
                yield from differences(recorded[name], chosen[name], inner)
    elif recorded != chosen:
        yield f"{key}: {chosen} instead of {recorded}"


def renew_optimizer(
    checkpoint: dict[str, Any], optimizer: Optimizer, scheduler: Any, place: int = 0
) -> None:
    """Let a freshly built optimizer's settings replace those in a checkpoint, in place.

    What was learned stays: the moments, and how far the schedule has come. A learning rate that
    the schedule had lowered to a tenth continues at a tenth of the new one.
    """
    for state in checkpoint["optimizer_states"][place : place + 1]:
        fresh = optimizer.state_dict()["param_groups"]
        for old, new in zip(state["param_groups"], fresh, strict=True):
            progress = old["lr"] / old.get("initial_lr", old["lr"])
            start = new.get("initial_lr", new["lr"])
            old |= {key: value for key, value in new.items() if key != "params"}
            old["lr"] = start * progress
    if scheduler is not None and checkpoint["lr_schedulers"]:
        state = checkpoint["lr_schedulers"][place]
        counters = {key: state[key] for key in ("last_epoch", "_step_count") if key in state}
        state |= scheduler.state_dict() | counters
