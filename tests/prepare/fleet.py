"""Start the command again and again and kill it at random moments; run as a program by a test.

Usage: ``fleet.py KILLS WORDS...``. A folder that is finished is renamed, and another is begun; in
the end one is unfinished. Files without a dot are always those of the folder ``whole`` beside it. A
moment is between or inside two writes, so that it does not depend on how fast the machine is: half
a file, before and after its move, half a line of the journal.
"""

import io
import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from flowcolor.data.prepare import command, run  # noqa: F401
from scipy import ndimage  # noqa: F401

from flowcolor.__main__ import main
from tests.prepare.disk import opener


def kill_after(operations: int, number: int) -> None:
    """Send this process a signal in the middle of its n-th write or move from now."""
    left = [operations]

    def tick() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), number)

    replace = Path.replace

    def move(self: Path, target: Path) -> Path:
        tick()
        moved = replace(self, target)
        tick()
        return moved

    io.open, Path.replace = opener(tick), move


if __name__ == "__main__":
    torch.set_num_threads(1)
    output = Path(sys.argv[sys.argv.index("--output") + 1])
    random = np.random.default_rng(1)
    ends: list[int] = []
    while len(ends) < int(sys.argv[1]):
        moment = int(random.integers(1, 30))
        # Forked, because twenty imports would take most of the time.
        child = os.fork()
        if child == 0:
            number = [signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM][len(ends) % 4]
            signal.signal(signal.SIGINT, signal.default_int_handler)  # Background jobs ignore it.
            kill_after(moment, number)
            try:
                status = main(sys.argv[2:])
            except SystemExit as end:
                status = end.code
            os._exit(99 if "lightning" in sys.modules else status)  # Nothing here needs it.
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if end == 0:
            output.rename(f"{output}{len(ends)}")
        else:
            ends.append(end)
            files = [path for path in output.rglob("*") if path.is_file()]
            assert end == -signal.SIGKILL or not [f for f in files if f.suffix == ".partial"]
            for path in files:
                if not path.name.startswith("."):
                    whole = output.with_name("whole") / path.relative_to(output)
                    assert path.read_bytes() == whole.read_bytes(), path
    print(*ends)  # noqa: T201
