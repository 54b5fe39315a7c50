"""Drawings meet the photograph of their name, or the only one."""

import pytest
import torch
from PIL import Image

from flowcolor.data import SketchReferencePairs, write_image
from flowcolor.errors import InputError
from flowcolor.io.images import read_image
from flowcolor.io.resizing import resize


def test_by_stem(make_folder):
    sketches, photos = make_folder("s", 3), make_folder("r", 5, first=20, suffix=".bmp")
    pairs = SketchReferencePairs(sketches, photos, 8)
    assert len(list(pairs)) == 3
    for index, pair in enumerate(pairs):
        assert (pair["name"], pair["index"]) == (f"p{index}", index)
        expected = resize(read_image(photos / f"p{index}.bmp"), (8, 8))
        assert torch.equal(pair["reference"], expected)
    assert torch.equal(pair["content"][0], pair["content"][2])


@pytest.mark.parametrize("count", [1, 3])
def test_drawings_with_further_pages_are_named(count, make_folder, caplog):
    sketches, photos = make_folder("s", 1), make_folder("r", 1)
    pages = [Image.new("L", (8, 8), level) for level in (90, 200, 30)]
    pages[0].save(sketches / "scan.tif", save_all=True, append_images=pages[1:count])
    SketchReferencePairs(sketches, photos / "p0.png", 8)
    said = "of 1 file with several pages only the first is read: scan.tif."
    assert (said in caplog.text) == (count == 3)


def test_one_photograph_for_all(make_folder):
    sketches, photos = make_folder("s", 3), make_folder("r", 1, first=20)
    pairs = SketchReferencePairs(sketches, photos / "p0.png", 8)
    assert torch.equal(pairs[0]["reference"], pairs[2]["reference"])
    assert not torch.equal(pairs[0]["content"], pairs[2]["content"])
    assert len(SketchReferencePairs(sketches / "p1.png", photos / "p0.png", 8)) == 1


def test_the_only_photograph_of_a_folder_belongs_to_the_drawing_of_its_name(make_folder):
    sketches, photos = make_folder("s", 3), make_folder("r", 1, first=20)
    assert len(SketchReferencePairs(sketches / "p0.png", photos, 8)) == 1
    with pytest.raises(InputError, match=r"for 2 of 3 drawings: p1\.png, p2\.png; for") as e:
        SketchReferencePairs(sketches, photos, 8)
    assert str(e.value).endswith(f"give {photos / 'p0.png'} itself.")


def test_missing_photographs_are_counted_and_named(make_folder):
    sketches, photos = make_folder("s", 15), make_folder("r", 2)
    with pytest.raises(InputError, match="for 13 of 15 drawings") as caught:
        SketchReferencePairs(sketches, photos, 8)
    assert str(caught.value).count(".png") == 10
    with pytest.raises(InputError, match="does not exist"):
        SketchReferencePairs(sketches / "gone.png", photos, 8)


@pytest.mark.parametrize("size", [(8, 16), (16, 8)])
def test_no_line_of_a_drawing_is_lost(tmp_path, size):
    write_image(torch.zeros(3, *size), tmp_path / "s/a.png")
    write_image(torch.rand(3, 9, 7), tmp_path / "r/b.png")
    pair = SketchReferencePairs(tmp_path / "s", tmp_path / "r/b.png", 16)[0]
    ink = pair["content"][0] == 0
    assert ink.sum() == 128
    assert ink[4:12].all() if size == (8, 16) else ink[:, 4:12].all()
    assert pair["reference"].shape == (3, 16, 16)


def test_a_strip_that_would_become_a_square_of_gigabytes_is_one_sentence(make_folder, tmp_path):
    write_image(torch.ones(1, 16385, 1), tmp_path / "strip.png")
    pairs = SketchReferencePairs(tmp_path / "strip.png", make_folder("r", 1) / "p0.png", 8)
    with pytest.raises(InputError, match=r"strip\.png of 1x16385 would be made square, expected "):
        pairs[0]
