"""Prepare with two processes that get a signal after each photograph; run as a program by a test.

Usage: ``signal_workers.py PHOTOS OUTPUT``. The first run's processes are killed, and the second,
which has to go on with what is left, gets the signal of Ctrl-C. A program of its own, whose server
of processes no other test has started: those of another program's server may take signals before
they are set up.
"""

import multiprocessing
import os
import signal
import sys
from typing import Any

from flowcolor.data.prepare import ledger, prepare
from flowcolor.errors import InputError

NOTE = ledger.Ledger.note


def send_after_each(number: int) -> None:
    def noted(self: ledger.Ledger, *words: Any) -> None:
        NOTE(self, *words)
        for process in multiprocessing.active_children():
            os.kill(process.pid or 0, number)

    ledger.Ledger.note = noted  # type: ignore[method-assign]


if __name__ == "__main__":
    photos, output = sys.argv[1:]
    send_after_each(signal.SIGKILL)
    try:
        prepare([photos], output, 8, workers=2)
    except InputError as error:
        print(error)  # noqa: T201
    send_after_each(signal.SIGINT)
    prepare([photos], output, 8, workers=2)
