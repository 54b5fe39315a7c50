"""Which images a folder holds, or one clear sentence."""

import os
import re
from pathlib import Path

import pytest

from flowcolor.errors import InputError
from flowcolor.io.listing import by_stem, list_images


def test_list_is_sorted_and_ignores_what_is_no_image(tmp_path):
    for name in ("b.PNG", "a.jpg", "notes.txt", ".hidden.png", "é.JpEg"):
        (tmp_path / name).touch()
    assert [path.name for path in list_images(tmp_path)] == ["a.jpg", "b.PNG", "é.JpEg"]


def test_bad_folders_are_named(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "twins").mkdir()
    (tmp_path / "twins/a.png").touch()
    (tmp_path / "twins/a.JPG").touch()
    for name, words in {
        "gone": "does not exist",
        "file": "is a file",
        "empty": "holds no image",
        "twins": "a.JPG and a.png",
    }.items():
        with pytest.raises(InputError, match=re.escape(words)):
            list_images(tmp_path / name)


def test_names_that_only_some_disks_tell_apart_are_named(tmp_path, caplog):
    for name in ("IMG_1.JPG", "img_1.png", "two.png"):
        (tmp_path / name).touch()
    assert len(list_images(tmp_path)) == 3
    assert "differ from others in capitals only: img_1.png." in caplog.text
    (tmp_path / "img_1.png").unlink()
    caplog.clear()
    list_images(tmp_path)
    assert caplog.text == ""


def test_folders_of_systems_are_passed_over(tmp_path, caplog, monkeypatch):
    """A share keeps thumbnails, a disk what was deleted, and one may not look into all of them."""
    names = ("$RECYCLE.BIN/S-1-5/$RA.jpg", "2024/@eaDir/a.jpg/THUMB_XL.jpg", "2024/a.jpg")
    for name in (*names, "lost+found/b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    scandir = os.scandir

    def locked(path):
        if Path(path).name == "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    assert list_images(tmp_path) == [tmp_path / "2024/a.jpg"]
    assert "1 are read from 1 of its subfolders: 2024." in caplog.text


def test_two_forms_of_one_name_are_told_apart(tmp_path):
    images = [tmp_path / name for name in ("a\u0308.png", "\xe4.png")]
    with pytest.raises(InputError, match=r"holds 'a\\u0308\.png' and '\\xe4\.png', but"):
        by_stem(tmp_path, images)
