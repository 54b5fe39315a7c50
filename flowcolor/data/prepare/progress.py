"""How far, how fast, how long: one line that changes on a terminal, a few lines in a file."""

import sys
import time

from flowcolor.console import remark


class Progress:
    """Say from time to time how many photographs are done.

    Args:
        total: Photographs in all.
        done: Those that were done before; they do not count for the rate.
    """

    def __init__(self, total: int, done: int) -> None:
        self.total = total
        self.before = self.done = done
        self.start = time.monotonic()
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._next = self.start + self._pause

    @property
    def seconds(self) -> float:
        """Time since the beginning."""
        return time.monotonic() - self.start

    @property
    def rate(self) -> float:
        """Photographs per second, in this run."""
        return (self.done - self.before) / max(self.seconds, 1e-9)

    def step(self) -> None:
        """Count one more."""
        self.done += 1
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._pause
            left = (self.total - self.done) / max(self.rate, 1e-9)
            self._write(
                f"{self.done:,} of {self.total:,} photographs, {self.rate:.1f} a second, "
                f"{duration(left)} left"
            )

    def close(self) -> None:
        """Leave the line."""
        if self._terminal:
            remark("\r\033[K")

    @property
    def _pause(self) -> float:
        return 0.5 if self._terminal else 10

    def _write(self, text: str) -> None:
        remark(f"\r\033[K{text}" if self._terminal else f"{text}\n")


def duration(seconds: float) -> str:
    """Return a time for people.

    Example:
        >>> duration(8), duration(100), duration(7260)
        ('8 s', '1:40 min', '2:01 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
