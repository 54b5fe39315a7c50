"""What lies around a command and lets nothing run: folders that are gone, ranks that are none."""

import os
from pathlib import Path

from flowcolor.errors import InputError

# In the order in which Lightning looks for them when it is imported; torchmetrics for the second.
_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")


def require_current_folder(enters: bool = False) -> None:
    """Refuse to start where no folder is: no path has a meaning there, and torch is not loaded.

    Args:
        enters: Whether the command has to enter it, as those do that start others or read YAML.

    Raises:
        InputError: The current folder has been deleted, or must not be entered, as after sudo.
    """
    try:
        Path.cwd()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"The current folder cannot be found: {reason}. It may have been deleted; expected one "
            "that is there, as after cd."
        ) from error
    try:
        if enters:
            Path().stat()
    except OSError as error:
        raise InputError(
            f"The current folder, {Path.cwd()}, cannot be entered: {error.strerror or error}; "
            "expected another one, as after cd."
        ) from error


def unusable(error: Exception) -> InputError | None:
    """Return what of the environment an error is about, if it is.

    Lightning and torchmetrics, imported, want the number of their process; anything may want a
    temporary file.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else trace.tb_frame.f_code.co_name
    if where == "_get_default_tempdir":
        return InputError(
            "Temporary files cannot be written anywhere: set TMPDIR to a folder where they can."
        )
    wrong = [name for name in _RANKS if not _is_number(os.environ.get(name, "0"))]
    if where not in {"_get_rank", "<module>"} or not wrong:
        return None
    return InputError(
        f"{wrong[0]} in the environment expects the number of a process, got "
        f"{os.environ[wrong[0]]!r}: unset it."
    )


def _is_number(word: str) -> bool:
    try:
        int(word)
    except ValueError:
        return False
    return True
