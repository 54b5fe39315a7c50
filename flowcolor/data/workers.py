"""Loader processes that live as long as the run that started them, and no shorter."""

import os
import signal
import threading


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
