"""A change of any file that an entry was made from is noticed, whatever its size and its time."""

import os
import shutil

import numpy as np
import pytest
from flowcolor.data.prepare import prepare
from PIL import Image

from tests.data.celeba_tree import make_tree
from tests.prepare.test_prepare import tree

KINDS = ["photos", "sketches", "masks"]


def draw(path, seed):
    """Write a BMP, whose size its pixels do not change."""
    pixels = np.random.default_rng(seed).integers(0, 2, (16, 16), dtype=np.uint8) * 255
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)


def run(root, output):
    folders = {kind: [root / kind] for kind in KINDS[1:]}
    return prepare([root / "photos"], output, 8, **folders, workers=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_the_same_size_and_time_but_other_pixels(tmp_path, kind):
    for seed, name in enumerate("ab"):
        for offset, folder in enumerate(KINDS):
            draw(tmp_path / folder / f"{name}.bmp", 10 * offset + seed)
    assert run(tmp_path, tmp_path / "out").new == 2
    assert run(tmp_path, tmp_path / "out").new == 0
    path = tmp_path / kind / "b.bmp"
    before = path.stat()
    draw(path, 99)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert run(tmp_path, tmp_path / "out").new == 1
    run(tmp_path, tmp_path / "fresh")
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_a_copy_of_the_sources_is_not_prepared_again(tmp_path):
    for offset, folder in enumerate(KINDS):
        draw(tmp_path / folder / "a.bmp", offset)
    run(tmp_path, tmp_path / "out")
    for folder in KINDS:
        shutil.copy(tmp_path / folder / "a.bmp", tmp_path / "copy.bmp")
        (tmp_path / "copy.bmp").replace(tmp_path / folder / "a.bmp")
    assert run(tmp_path, tmp_path / "out").new == 0


def test_the_parts_of_a_face_are_sources(tmp_path):
    root = make_tree(tmp_path / "celeba", 3)

    def again():
        return prepare([root], tmp_path / "out", 8, workers=1).new

    assert again() == 3
    assert again() == 0
    labels = root / "CelebAMask-HQ-mask-anno/0"
    part = next(path for path in labels.iterdir() if path.name.startswith("00001_"))
    shutil.copy(part, labels / "00001_hat.png")
    assert again() == 1
    (labels / "00001_hat.png").replace(labels / "00001_cloth.png")
    assert again() == 1
    (labels / "00001_cloth.png").unlink()
    assert again() == 1
