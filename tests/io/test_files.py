"""What lies in folders, in the order in which it came."""

import os
from pathlib import Path

import pytest

from flowcolor.errors import InputError
from flowcolor.io.apart import require_apart
from flowcolor.io.files import find
from flowcolor.io.places import require_place
from flowcolor.io.whole_file import write_text


def test_the_tenth_run_comes_after_the_ninth(tmp_path):
    names = ["version_1", "version_2", "version_9", "version_10", "version_010", "version_a", "9"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "last.ckpt").touch()
    found = [path.parent.name for path in find(tmp_path, "*/last.ckpt")]
    assert found[0] == "9"
    runs = [name for name in found if name.startswith("version_") and name[-1].isdigit()]
    assert [int(run.removeprefix("version_")) for run in runs] == [1, 2, 9, 10, 10]
    assert find(tmp_path / "absent", "*") == []
    (tmp_path / "1/2/3").mkdir(parents=True)
    (tmp_path / "1/2/3/last.ckpt").touch()
    assert tmp_path / "1/2/3/last.ckpt" in find(tmp_path, "**/last.ckpt")
    assert find(tmp_path, "**/2/*/last.ckpt") == [tmp_path / "1/2/3/last.ckpt"]


def test_a_file_can_be_written_below_folders_that_are_not_there_yet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "new/deep/a.png"):
        require_place(tmp_path / name)
        require_place((tmp_path / name).relative_to(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["text/a.png", "text/new/a.png"])
def test_nothing_lies_below_a_file(name, tmp_path):
    (tmp_path / "text").write_text("")
    with pytest.raises(InputError, match=r"--onto expects a place in a folder.*text is a file\.$"):
        require_place(tmp_path / name, "--onto")


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path, monkeypatch):
    # Asked in place of chmod, by which nothing is forbidden to the user of most containers.
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    (tmp_path / "open").mkdir()
    require_place(tmp_path / "open" / "a.png")
    with pytest.raises(InputError, match=r"expects a place to write to, got .*new/a\.png: "):
        require_place(tmp_path / "new" / "a.png")


@pytest.mark.parametrize("place", ["", ".", "/"])
def test_a_place_without_a_name_is_one_sentence(place):
    with pytest.raises(InputError, match=r"cannot be written: it is a folder, expected a file\.$"):
        write_text("a", Path(place))


def test_a_folder_deeper_than_python_can_follow_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    deep = Path(*["a"] * 1500)
    with pytest.raises(InputError, match=r"cannot be written: File name too long\.$"):
        write_text("a", deep / "a.txt")


def test_a_name_with_a_zero_byte_holds_no_results_and_hides_none(tmp_path):
    with pytest.raises(InputError, match=rf"outside of {tmp_path}, whose images are read"):
        require_apart(tmp_path, [Path("a\0b"), tmp_path], "--output")


def test_bytes_of_names_that_are_letters_after_all_are_written_as_letters(tmp_path):
    name = os.fsencode("写真").decode("ascii", "surrogateescape")  # As where the locale is C.
    write_text(f"{name}, \udc8e\udcca, \ud800", tmp_path / "t.txt")
    assert (tmp_path / "t.txt").read_bytes().decode() == r"写真, \udc8e\udcca, \ud800"
