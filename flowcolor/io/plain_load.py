"""What ``torch.save`` has written, as far as it is tensors and plain values."""

import warnings
from pathlib import Path
from typing import Any

import torch


def plain_load(path: Path) -> Any:
    """Load onto the CPU and run nothing; a foreign pickle is an error alone, no warning as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)
