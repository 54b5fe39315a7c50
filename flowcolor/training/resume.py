"""From a checkpoint back to the configuration that wrote it, and to the folder of its run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowcolor.errors import InputError

CHECKPOINTS = "checkpoints"


def find_checkpoint(word: str, root: Path) -> Path:
    """Return the file of ``--ckpt_path``: a path, or the newest ``last`` or ``best`` below a root.

    Raises:
        InputError: ``last`` or ``best``, and no run below ``root`` has one.
    """
    if word not in {"last", "best"}:
        return Path(word)
    found = sorted(
        root.glob(f"**/{CHECKPOINTS}/{word}.ckpt"), key=lambda path: path.stat().st_mtime
    )
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
