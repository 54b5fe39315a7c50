"""Parts of files and folders, which nobody is left with."""

import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest

from flowcolor.errors import InputError
from flowcolor.io import parts
from flowcolor.io.alone import alone, is_unused
from flowcolor.io.whole_file import whole_file, write_text
from flowcolor.io.whole_folder import whole_folder


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks")
@pytest.mark.parametrize("write", [whole_file, whole_folder])
def test_what_killed_processes_left_is_removed_but_not_what_is_being_written(write, tmp_path):
    deep = tmp_path / "deep"
    with write(deep / "one") as _:
        (being_written,) = names(deep)
        (deep / ".0123456789abcdef.partial").write_text("a")
        (deep / ".fedcba9876543210.partial" / "b").mkdir(parents=True)
        (deep / ".of_others.partial").touch()
        parts._remove_abandoned.cache_clear()  # As in another process.
        write_text("2", deep / "two")
        assert names(deep) == {being_written, ".of_others.partial", "two"}
    assert names(deep) == {"one", ".of_others.partial", "two"}


def test_hidden_parts_of_other_programs_stay(tmp_path):
    for name in (".0123456789abcdef.partial", ".of_others.partial"):
        (tmp_path / name).touch()
    with alone(tmp_path, "flowcolor prepare"):
        pass
    assert names(tmp_path) == {".of_others.partial"}
    assert not is_unused(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks")
def test_a_part_that_another_process_takes_for_left_is_made_again(tmp_path, monkeypatch):
    hold, taken = parts._hold, []

    def taken_once(path):
        if not taken:
            taken.append(path)
            path.unlink()
        return hold(path)

    monkeypatch.setattr(parts, "_hold", taken_once)
    write_text("1", tmp_path / "one")
    assert len(taken) == 1
    assert names(tmp_path) == {"one"}


@pytest.mark.parametrize("write", [whole_file, whole_folder])
def test_a_write_that_fails_leaves_no_folders(write, tmp_path):
    (tmp_path / "before").mkdir()
    for place in ("new/deep/a", "before/new/a", "before/a"):
        with pytest.raises(KeyboardInterrupt), write(tmp_path / place):
            raise KeyboardInterrupt
    assert names(tmp_path) == {"before"}


def test_a_second_ctrl_c_leaves_neither_a_part_nor_an_empty_folder(tmp_path, monkeypatch):
    rmdir = os.rmdir

    def interrupted(*given, **named):
        signal.raise_signal(signal.SIGINT)
        rmdir(*given, **named)

    monkeypatch.setattr(shutil.os, "rmdir", interrupted)

    def write():
        with whole_folder(tmp_path / "new" / "deep" / "a") as work:
            (work / "b").mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    monkeypatch.undo()
    assert names(tmp_path) == set()


@pytest.mark.parametrize("is_there", [False, True])
def test_a_file_that_cannot_be_written_is_named_by_the_place_of_its_folder(is_there, tmp_path):
    place = tmp_path / "a"
    if is_there:
        place.mkdir()

    def write():
        with whole_folder(place) as work:
            (work / "file").mkdir()
            write_text("text", work / "file")

    with pytest.raises(InputError, match=f"^{re.escape(str(place / 'file'))} cannot be written: "):
        write()
    assert names(place) == set()


def test_a_folder_is_written_where_rights_cannot_be_set(tmp_path, monkeypatch):
    def chmod(path, mode, **_options):
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(Path, "chmod", chmod)
    with whole_folder(tmp_path / "a") as work:
        (work / "file").touch()
    assert (tmp_path / "a/file").is_file()


def test_an_empty_folder_stays_the_one_that_it_is(tmp_path, monkeypatch):
    """It may be where a shell stands, or a mount; and the folder above may be another's."""
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    before = Path().stat().st_ino
    replace = Path.replace

    def not_beside(path, target):
        if path.parent == tmp_path or Path(target).parent == tmp_path:
            raise OSError(16, "Device or resource busy", str(target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", not_beside)
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "a"):
        raise KeyboardInterrupt
    assert names(tmp_path) == {"a"}
    with whole_folder(tmp_path / "a") as work:
        (work / "deep").mkdir()
        (work / "file").touch()
        assert names(Path()) - names(work) == {work.name, f"{work.name}/deep", f"{work.name}/file"}
    assert names(Path()) == {"deep", "file"}
    assert Path().stat().st_ino == before


def test_of_two_that_write_into_an_empty_folder_one_does(tmp_path):
    (tmp_path / "a").mkdir()

    def write():
        with whole_folder(tmp_path / "a") as second:
            (second / "one").write_text("second")
            with whole_folder(tmp_path / "a") as first:
                (first / "one").write_text("first")

    with pytest.raises(InputError, match="a cannot be written: Directory not empty"):
        write()
    assert (tmp_path / "a/one").read_text() == "first"
    assert names(tmp_path) == {"a", "a/one"}
