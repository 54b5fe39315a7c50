"""Start the command again and again and kill it at random moments; run as a program by a test.

Usage: ``fleet.py TURNS WORDS...``. A moment is between or inside two writes, so that it does not
depend on how fast the machine is: half a file, before and after its move, half a line of the
journal.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch

from flowcolor.__main__ import main
from flowcolor.prepare import ledger, run  # noqa: F401


def kill_after(operations: int, number: int) -> None:
    """Send this process a signal in the middle of its n-th write or move from now."""
    left = [operations]

    def tick() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), number)

    write, replace, note = Path.write_bytes, Path.replace, ledger.Ledger.note

    def write_bytes(self: Path, data: bytes) -> int:
        write(self, data[: len(data) // 2])
        tick()
        return write(self, data)

    def move(self: Path, target: Path) -> Path:
        tick()
        moved = replace(self, target)
        tick()
        return moved

    def noted(self: ledger.Ledger, name: str, entry: dict) -> None:
        if left[0] == 1:
            self._journal.write(b'{"name": "hal')
        tick()
        note(self, name, entry)

    Path.write_bytes, Path.replace, ledger.Ledger.note = write_bytes, move, noted


if __name__ == "__main__":
    torch.set_num_threads(1)
    moments = np.random.default_rng(1).integers(1, 50, int(sys.argv[1])).tolist()
    ends = []
    for turn in range(int(sys.argv[1])):
        # Forked, because twenty imports would take most of the time.
        child = os.fork()
        if child == 0:
            number = [signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM][turn % 4]
            kill_after(moments[turn], number)
            try:
                status = main(sys.argv[2:])
            except SystemExit as end:
                status = end.code
            os._exit(status)
        ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(*ends)  # noqa: T201
