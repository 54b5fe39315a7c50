"""Loader processes that live as long as the run that started them, and no shorter."""

import os
import signal
import sys
import tempfile
import threading

from flowcolor.errors import InputError

# Of the name of a socket. Python's own lie in a folder of their own in that for temporary files.
_LONGEST = (103 if sys.platform == "darwin" else 107) - len("/pymp-01234567/listener-01234567")


def require_short_folder() -> None:
    """Refuse a folder for temporary files whose name leaves no room for that of a socket.

    Loader processes could not hand over what they have read, and a run would wait for ever.

    Raises:
        InputError: It names the folder.
    """
    folder = tempfile.gettempdir()
    if os.name == "posix" and len(os.fsencode(folder)) > _LONGEST:
        raise InputError(
            f"data.num_workers expects a TMPDIR with a name of at most {_LONGEST} bytes, where "
            f"processes meet, got {folder}: give another, or data.num_workers 0."
        )


def start_worker(_index: int) -> None:
    """Let only the parent end this process, with SIGTERM.

    Whoever stops a run stops its whole group of processes, as Ctrl-C does. A loader process that
    ends then makes torch raise an error in the run, before it has written its last checkpoint.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not hasattr(signal, "sigwaitinfo"):  # It tells who sends; macOS and Windows have none.
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_obey, args=(os.getppid(),), daemon=True).start()


def _obey(parent: int) -> None:
    # Without this, a run that ends by an error would wait for its loader processes for ever.
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent:
        pass
    os._exit(0)
