"""Every format that is painted as a single file is found in a folder, and the rest is named."""

import shutil
import warnings

import pytest
import torch
from PIL import Image

from flowcolor.cli.main import main
from flowcolor.data import (
    SketchReferencePairs,
    open_portraits,
    write_image,
)
from flowcolor.data.prepare import prepare
from flowcolor.errors import InputError
from flowcolor.io.formats import is_image, readable_suffixes
from flowcolor.io.images import read_image
from flowcolor.io.listing import list_images
from tests.data.datasets.celeba_tree import make_tree

PICTURE = Image.new("RGB", (16, 16), (51, 102, 153))


def test_all_that_pillow_writes_and_reads_back_is_found(tmp_path):
    found = set()
    for suffix, name in Image.registered_extensions().items():
        path = tmp_path / f"{suffix[1:]}.{suffix[1:].upper()}"
        try:
            with warnings.catch_warnings(action="ignore"):  # Some formats are deprecated.
                PICTURE.save(path, format=name)
                read_image(path)
        except (OSError, ValueError, KeyError):
            path.unlink(missing_ok=True)
        else:
            found.add(path.name)
    assert {"jfif.JFIF", "gif.GIF", "ppm.PPM", "tga.TGA", "jpe.JPE", "mpo.MPO"} <= found
    assert {path.name for path in list_images(tmp_path)} == found
    assert {".psd", ".ico", ".jp2"} <= readable_suffixes()
    assert not {".pdf", ".h5", ".txt", ""} & readable_suffixes()
    assert not is_image("png")


@pytest.fixture
def browser(tmp_path):
    """A folder as a browser saves it, with a file that Pillow does not know."""
    folder = tmp_path / "saved"
    for name in ("a.jfif", "b.JFIF", "c.gif"):
        folder.mkdir(exist_ok=True)
        PICTURE.save(folder / name, format="GIF" if "gif" in name else "JPEG")
    (folder / "d.heic").write_bytes(b"x")
    (folder / ".hidden.heic").write_bytes(b"x")
    return folder


NAMED = "saved holds 1 file that is no image which Pillow reads: d.heic. It is left out."


def test_folders_of_photographs(browser, caplog, tmp_path):
    assert open_portraits(browser, 8).names == ["a", "b", "c"]
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith(NAMED)
    assert prepare([browser], tmp_path / "out", 8, workers=1).prepared == 3
    assert caplog.text.count(NAMED) == 2


def test_folders_to_paint_and_to_score(browser, caplog, tmp_path):
    assert SketchReferencePairs(browser, browser, 8).names == ["a", "b", "c"]
    assert caplog.text.count(NAMED) == 2
    words = ["colorize", "--method", "unchanged", "--no-clean", "--sketch", str(browser)]
    assert main([*words, "--output", str(tmp_path / "painted")]) == 0
    assert sorted(path.name for path in (tmp_path / "painted").iterdir()) == [
        "a.png",
        "b.png",
        "c.png",
    ]
    assert caplog.text.count(NAMED) == 3
    words = ["score", "--results", str(tmp_path / "painted"), "--truth", str(browser)]
    words += ["--references", str(browser), "--output", str(tmp_path / "scores"), "--size", "16"]
    assert main(words) == 0
    assert caplog.text.count(NAMED) == 5
    assert len((tmp_path / "scores/score.csv").read_text().splitlines()) == 4


def test_a_folder_of_other_files_alone_names_them(tmp_path):
    (tmp_path / "x.heic").touch()
    with pytest.raises(InputError, match=r"holds no image that Pillow reads, got x\.heic\."):
        list_images(tmp_path)


def test_other_files_among_numbered_ones_are_named(tmp_path):
    root = make_tree(tmp_path / "celeba", 4)
    (root / "CelebA-HQ-img/4.heic").touch()
    shutil.copy(root / "CelebA-HQ-img/3.jpg", root / "CelebA-HQ-img/3.jfif")
    (root / "CelebA-HQ-img/3.jpg").unlink()
    faces = open_portraits(root, 8)
    assert faces.names == ["0", "1", "2", "3"]
    assert any("CelebA-HQ-img/4.heic" in sentence for sentence in faces.finder.left_out.sentences())


def test_results_may_have_the_suffix_of_browsers(tmp_path):
    write_image(torch.full((3, 8, 8), 0.5), tmp_path / "a.JFIF")
    with Image.open(tmp_path / "a.JFIF") as picture:
        assert picture.format == "JPEG"
