"""What lies around a command and lets nothing run: folders that are gone, ranks that are none."""

import os
from pathlib import Path

from flowcolor.errors import InputError

# In the order in which Lightning looks for them when it is imported.
_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")


def require_current_folder() -> None:
    """Refuse to start where no folder is: no path has a meaning there, and torch is not loaded.

    Raises:
        InputError: The current folder has been deleted.
    """
    try:
        Path.cwd()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"The current folder cannot be found: {reason}. It may have been deleted; expected one "
            "that is there, as after cd."
        ) from error


def unusable(error: Exception) -> InputError | None:
    """Return what of the environment an error is about, if it is.

    Lightning, imported, wants the number of its process; anything may want a temporary file.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else trace.tb_frame.f_code.co_name
    if where == "_get_default_tempdir":
        return InputError(
            "Temporary files cannot be written anywhere: set TMPDIR to a folder where they can."
        )
    if where != "_get_rank":
        return None
    name = next(name for name in _RANKS if name in os.environ)
    return InputError(
        f"{name} in the environment expects the number of a process, got {os.environ[name]!r}: "
        "unset it."
    )
