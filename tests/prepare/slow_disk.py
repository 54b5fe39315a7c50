"""A disk on which every write lasts, so that a process that is killed at any time is writing."""

import io
import time

from flowcolor.data import SketchFilter

SECONDS = 0.004


class SlowFile(io.FileIO):
    def write(self, data):
        half = len(data) // 2
        super().write(data[:half])
        time.sleep(SECONDS)
        super().write(data[half:])
        return len(data)


class SlowDisk(SketchFilter):
    """A sketch filter, because these get into every process, where it slows down all files."""

    def __init__(self):
        fast = io.open

        def slow(file, mode="r", *arguments, **options):
            if "b" in mode and "r" not in mode:
                return SlowFile(file, mode)
            return fast(file, mode, *arguments, **options)

        if fast.__name__ != slow.__name__:
            io.open = slow

    def __reduce__(self):
        return SlowDisk, ()

    def draw(self, gray):
        return gray
