"""Start the command with two processes again and again, kill it at random times, and complete it.

Usage: ``hunt.py KILLS WORDS...``, run as a program by a test. Signals reach the process alone or
its whole group, by turns. A folder that gets finished is renamed, and another is begun. After each
kill all processes have to end, and files without a dot have to be those of the folder ``whole``.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress
from itertools import product
from pathlib import Path

import numpy as np

from flowcolor.__main__ import main

TURNS = list(product((signal.SIGKILL, signal.SIGTERM, signal.SIGINT), (os.kill, os.killpg)))
PATIENCE = 200  # Seconds until a process is one that stays, however slow the machine.


class Hunted:
    """The command in a group of its own; forked, because twenty imports would take most time."""

    def __init__(self, words: list[str]) -> None:
        self.messages, writes = os.pipe()
        self.status: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.setpgid(0, 0)
            for standard in (1, 2):
                os.dup2(writes, standard)
            os.close(writes)
            signal.signal(signal.SIGINT, signal.default_int_handler)  # Background jobs ignore it.
            status: object = 130  # Of Ctrl-C before the command has begun.
            with suppress(KeyboardInterrupt):
                try:
                    status = main(words)
                except SystemExit as end:
                    status = end.code
            sys.stdout.flush()
            os._exit(int(str(status)))
        os.close(writes)
        with suppress(PermissionError):
            os.setpgid(self.pid, self.pid)

    def ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def wait(self) -> tuple[int, str]:
        """Return how it ended and what was said, once all of its processes are gone.

        All of them can write to the pipe: as long as one lives, it has no end.
        """
        text = b""
        while select.select([self.messages], [], [], PATIENCE)[0]:
            part = os.read(self.messages, 4096)
            if not part:
                os.close(self.messages)
                while not self.ended():
                    time.sleep(0.001)
                return os.waitstatus_to_exitcode(self.status or 0), text.decode()
            text += part
        os.killpg(self.pid, signal.SIGKILL)
        raise SystemExit(f"A process stays: {text.decode()}")


def written(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*/*.png"))


def check(folder: Path, whole: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            assert path.read_bytes() == (whole / path.relative_to(folder)).read_bytes(), path


def hunt(kills: int, words: list[str], output: Path, whole: Path) -> list[int]:
    """Return how the command ended each time that a signal has reached it at work."""
    random = np.random.default_rng(0)
    ends: list[int] = []
    while len(ends) < kills:
        number, send = TURNS[len(ends) % len(TURNS)]
        before = written(output)
        left = written(whole) - before
        wanted = before + int(random.integers(-left // 4, left + 1))  # Some are killed at once.
        prey = Hunted(words)
        while not prey.ended() and written(output) < wanted:
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.03))
        if not prey.ended():
            send(prey.pid, number)
        end, _ = prey.wait()
        check(output, whole)
        if end == 0:
            output.rename(f"{output}{len(ends)}")
        else:
            ends.append(end)
    return ends


def complete(words: list[str]) -> None:
    end, text = Hunted(words).wait()
    assert end == 0, text


if __name__ == "__main__":
    import torch
    from flowcolor.data.prepare import command, run  # noqa: F401
    from scipy import ndimage  # noqa: F401

    torch.set_num_threads(1)
    kills, words = int(sys.argv[1]), sys.argv[2:]
    output = Path(words[words.index("--output") + 1])
    whole = output.with_name("whole")
    ready = [str(whole) if word == str(output) else word for word in words]
    complete(ready)
    print(*hunt(kills, words, output, whole))  # noqa: T201
    complete(words)
