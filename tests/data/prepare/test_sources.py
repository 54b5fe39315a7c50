"""A change of any file that an entry was made from is noticed, whatever its size and its time."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from flowcolor.data.prepare import prepare
from flowcolor.errors import InputError
from tests.data.datasets.celeba_tree import make_tree
from tests.data.prepare.test_prepare import tree
from tests.pretrained.hed_weights import write_tiny_hed

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


@pytest.mark.parametrize("mixed", [False, True])
def test_weights_that_were_replaced_draw_nothing_beside_drawings_of_the_others(tmp_path, mixed):
    draw(tmp_path / "photos/a.bmp", 0)
    weights = write_tiny_hed(tmp_path / "hed.safetensors")
    words = {"class_path": "Hed", "init_args": {"weights": str(weights)}}
    if mixed:
        words = {"class_path": "MixedFilter", "init_args": {"filters": [words]}}

    def again():
        return prepare(
            [tmp_path / "photos"], tmp_path / "out", 8, sketch_filter=json.dumps(words), workers=1
        )

    assert again().new == 1
    assert again().new == 0
    before = tree(tmp_path / "out")
    tensors = load_file(weights)
    save_file({name: 2 * tensor for name, tensor in tensors.items()}, weights)
    with pytest.raises(InputError, match="was prepared with sketch_filter_files = "):
        again()
    assert tree(tmp_path / "out") == before


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
