"""A disk on which something happens in the middle of every write."""

import io
import time

from flowcolor.data import SketchFilter

FAST = io.open


def opener(happens):
    """Return what replaces ``io.open``: half of the bytes come before ``happens()``, half after."""

    class File(io.FileIO):
        def write(self, data):
            half = len(data) // 2
            super().write(data[:half])
            happens()
            super().write(data[half:])
            return len(data)

    def opened(file, mode="r", *arguments, **options):
        if "b" in mode and "r" not in mode:
            return File(file, mode)
        return FAST(file, mode, *arguments, **options)

    return opened


class SlowDisk(SketchFilter):
    """A sketch filter, because these get into every process, where it makes all writes last."""

    def __init__(self):
        io.open = opener(lambda: time.sleep(0.004))

    def __reduce__(self):
        return SlowDisk, ()

    def draw(self, gray):
        return gray
