"""Small photographs, drawn in code."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from flowcolor.io.images import write_image
from flowcolor.io.resizing import resize


def smooth_photo(seed: int, height: int = 24, width: int = 24) -> Tensor:
    """Colourful patches with some edges, different for each seed."""
    generator = torch.Generator().manual_seed(seed)
    return resize(torch.rand(3, 5, 5, generator=generator), (height, width))


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write photographs p0.png, p1.png, ... into a folder of this name."""

    def make(name: str = "photos", count: int = 7, first: int = 0, suffix: str = ".png") -> Path:
        folder = tmp_path / name
        for index in range(count):
            write_image(smooth_photo(first + index), folder / f"p{index}{suffix}")
        return folder

    return make
