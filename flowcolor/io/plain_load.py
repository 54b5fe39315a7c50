"""What ``torch.save`` has written, as far as it is tensors and plain values."""

import warnings
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

import torch


def plain_load(path: Path) -> Any:
    """Load onto the CPU and run nothing; a foreign pickle is an error alone, no warning as well.

    Raises:
        BadZipFile: A part has another checksum than when it was written, which torch does not look
            at: a bit that a disk has turned would be another weight. Other damage raises much else.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    if is_zipfile(path):  # Before torch 1.6 it was none.
        with ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise BadZipFile(f"The checksum of {damaged} is another.")
    return loaded
