"""Refusals of places that could not be written to, before anything is computed for them."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from flowcolor.errors import InputError
from flowcolor.io.files import exists, from_home, is_dir
from flowcolor.io.streams import require_no_pipe

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # Of two slashes, a path keeps one.
_HOME = re.compile(r"(?:^|=)(~.*)", re.DOTALL)


def require_here(path: Path, option: str = "--output") -> None:
    """Refuse what is meant elsewhere: nothing is there, or a folder of its name would be made here.

    That is an address, as of a bucket, and a home as ``~``.

    Args:
        path: The folder or file.
        option: How the command line calls it.

    Raises:
        InputError: It is one, and there is no such folder.
    """
    require_in_full(path, option)
    if _ADDRESS.match(str(path)) and not exists(Path(path.parts[0])):
        raise InputError(
            f"{option} expects a place in a folder of this machine, got the address {path}."
        )


def require_in_full(path: Path, option: str) -> None:
    """Refuse a place below a home as ``~``, whether it is to be read or written.

    Shells leave it as it is behind an equals sign and in quotes, and who then deletes the folder
    ``~`` that has been made deletes the home.

    Args:
        path: The folder or file.
        option: How the command line calls it.

    Raises:
        InputError: It is one, and there is no folder of this name here.
    """
    home = from_home(path)
    if home != path and not exists(Path(path.parts[0])):
        raise InputError(
            f"{option} expects a place written in full, got {path}, in which no shell has replaced "
            f"{path.parts[0]}: write {home}."
        )


def refuse_homes(words: Iterable[str]) -> None:
    """Refuse words, or what stands behind an equals sign in them, by :func:`require_in_full`.

    Args:
        words: Of a command line.

    Raises:
        InputError: It names the option.
    """
    before = "The command line"
    for word in words:
        if word.startswith("--"):
            before = word.partition("=")[0]
        home = _HOME.search(word)
        if home:
            require_in_full(Path(home[1]), before)


def require_folder(path: Path, option: str = "--output") -> None:
    """Refuse a folder that could not be written to, before anything is computed for it.

    Args:
        path: The folder, which need not be there.
        option: How the command line calls it.

    Raises:
        InputError: It is a file, or lies below one, or in a folder that may not be written to, or
            it is, or lies below, a link to nothing.
    """
    if exists(path) and not is_dir(path):
        raise InputError(f"{option} expects a folder, got the file {path}.")
    _require_above(path, (path.absolute(), *path.absolute().parents), option)


def require_place(path: Path, option: str = "--output") -> None:
    """Refuse a file that could not be written, before anything is computed for it.

    Args:
        path: The file; folders above it need not be there.
        option: How the command line calls it.

    Raises:
        InputError: What lies above it is a file, a link to nothing, or a folder that may not be
            written to, or it is a pipe or a device.
    """
    require_no_pipe(path)
    _require_above(path, path.absolute().parents, option)


def _require_above(path: Path, folders: Sequence[Path], option: str) -> None:
    require_here(path, option)
    above = next(parent for parent in folders if exists(parent) or parent.is_symlink())
    if not exists(above):
        raise InputError(
            f"{option} expects a place in a folder, got {path}: {above} is a link to nothing."
        )
    if not is_dir(above):
        raise InputError(f"{option} expects a place in a folder, got {path}: {above} is a file.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{option} expects a place to write to, got {path}: {above} is none.")


def require_path(what: str, path: object) -> None:
    """Refuse what names no place; an empty text would name the folder that one is in.

    Raises:
        InputError: It is no path, or an empty one.
    """
    is_empty = isinstance(path, str) and not path
    if is_empty or not isinstance(path, str | Path):
        shown = "an empty one" if is_empty else type(path).__name__
        raise InputError(f"{what} expects a path, got {shown}.")


def as_path(owner: Callable[..., Any], path: object) -> Path:
    """Return a place by its name, as functions of Python take it.

    Raises:
        InputError: It names none, as what was meant for another argument.
    """
    if not isinstance(path, str | PathLike):
        raise InputError(f"{owner.__name__} expects a path, got {type(path).__name__}.")
    return Path(path)
