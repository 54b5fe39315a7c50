"""One photograph: read, drawn, shrunk, encoded and written."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from flowcolor.data.datasets.portraits import Portraits
from flowcolor.data.datasets.prepared import leads_out, prepared_file
from flowcolor.data.fingerprint import fingerprint
from flowcolor.data.prepare.files import write_whole
from flowcolor.data.prepare.png import encode
from flowcolor.errors import InputError
from flowcolor.io.images import to_uint8

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # The numbers of glibc's malloc.h.
_ENOUGH = 2**30


class Outcome(NamedTuple):
    """What became of a photograph: the entry of the manifest, or why there is none."""

    position: int
    entry: dict[str, Any] | None
    reason: str | None = None


class Worker:
    """Prepares photographs of one dataset into one folder.

    Args:
        portraits: Where they come from.
        output: Where they go.
    """

    def __init__(self, portraits: Portraits, output: Path) -> None:
        self.portraits = portraits
        self.output = output

    def __call__(self, index: int) -> Outcome:
        """Prepare one photograph; what cannot be read is an outcome, not an error.

        Raises:
            InputError: A file cannot be written.
        """
        name = self.portraits.names[index]
        if leads_out(name):  # No manifest with it would be read.
            reason = f"{name!r} could be a place outside a folder on some systems: rename it."
            return Outcome(index, None, reason)
        try:
            files = self.portraits.finder[index].sources()
            size = files["photo"].stat().st_size
            # Before the pixels: of a file that changes in between, the next run has other ones.
            sources = fingerprint(files)
            photo, sketch, coverage = self.portraits.render(index)
        except InputError as error:
            return Outcome(index, None, str(error))
        except OSError as error:
            file = error.filename or files["photo"]  # Also of a mask, a part or a drawing.
            return Outcome(index, None, f"{file} cannot be read: {error.strerror or error}.")
        images = {"photos": photo, "sketches": sketch}
        if coverage is not None:
            images["masks"] = coverage
        sums = {}
        for kind, image in images.items():
            path = prepared_file(self.output, kind, name)
            key = path.relative_to(self.output).as_posix()
            sums[key] = write_whole(encode(_pixels(image)), path)
        return Outcome(index, {"source_bytes": size, "sources": sources, "sha256": sums})


def _pixels(image: Tensor) -> Any:
    pixels = to_uint8(image).permute(1, 2, 0).contiguous().numpy()
    return pixels if pixels.shape[2] == 3 else pixels[..., 0]


_worker: Callable[[int], Outcome]


def start(worker: Callable[[int], Outcome]) -> None:
    """Make this process a worker: one thread, no signals, and no life after its parent's."""
    global _worker
    _worker = worker
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides.
    keep_memory()
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def keep_memory() -> None:
    """Let glibc reuse the memory of the last photograph: new pages cost as much as decoding."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(_MMAP_THRESHOLD, _ENOUGH)
            libc.mallopt(_TRIM_THRESHOLD, _ENOUGH)


def work(index: int) -> Outcome:
    """Do one photograph in a worker process."""
    return _worker(index)


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
