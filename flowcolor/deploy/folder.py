"""A model as a folder in the hub's own format: ``config.json`` and ``model.safetensors``."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from flowcolor.errors import InputError
from flowcolor.io.files import exists, is_dir, is_file
from flowcolor.io.json_text import parse_json
from flowcolor.io.places import as_path
from flowcolor.io.streams import read_whole
from flowcolor.io.whole_file import encoded, write_together
from flowcolor.models.checkpoint import KEY, Weights, read_weights
from flowcolor.models.description import is_description

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"
PARTS = (CONFIG, WEIGHTS, CARD)
_MARK = "<!-- written by flowcolor push, checksum "


def write_folder(weights: Weights, folder: Path | str, card: str | None = None) -> list[Path]:
    """Write a model, all of its files or none; numbers are kept bit for bit.

    ``config.json`` holds the arguments of the constructor by name, as the hub's own mixin writes
    them, and under ``"flowcolor"`` the class, the size of its training images and the version.

    Args:
        weights: The model.
        folder: Where to; it is made if it is not there.
        card: Text of ``README.md``; ``None`` for none.

    Returns:
        The files.

    Raises:
        InputError: A file cannot be written.
    """
    from safetensors.torch import save

    folder = as_path(write_folder, folder)
    description = weights.description
    about = {name: value for name, value in description.items() if name != "config"}
    config = {**description["config"], KEY: about}
    # In the file, too, so that it is a model by itself, as --checkpoint takes it. Others look for
    # the key "format" before they read any.
    metadata = {"format": "pt", KEY: json.dumps(description)}
    whole = save(_writable(weights.state), metadata=metadata)
    # First: it says whose folder this is, should the rest not come about.
    contents: dict[Path, str | bytes] = {
        folder / CONFIG: json.dumps(config, indent=2) + "\n",
        folder / WEIGHTS: whole,
    }
    if card is not None:
        text = encoded(card)
        contents[folder / CARD] = text + _mark(text)
    write_together(contents)
    return list(contents)


def read_folder(folder: Path | str, source: str | None = None) -> Weights:
    """Read what :func:`write_folder` wrote; nothing is unpickled or executed.

    Args:
        folder: The folder.
        source: What the user calls it, for messages; ``None``: the folder.

    Raises:
        InputError: A file is missing, damaged or not one of flowcolor.
    """
    folder = as_path(read_folder, folder)
    name = source or str(folder)
    for part in (CONFIG, WEIGHTS):
        if not is_file(folder / part):
            raise InputError(f"{name} is no model of flowcolor: it expects {part}, got none.")
    description = _description(folder / CONFIG, name)
    return read_weights(folder / WEIGHTS, description)


def require_earlier(folder: Path, option: str, parts: Sequence[str] = PARTS) -> None:
    """Refuse to write over files of these names that :func:`write_folder` has not written so.

    A card may have been edited since.

    Args:
        folder: Where to write.
        option: How the command line calls it.
        parts: Which files.

    Raises:
        InputError: It names the files, or ``config.json`` is another's.
    """
    found = [part for part in parts if exists(folder / part)]
    if CONFIG in found:
        _description(folder / CONFIG, str(folder))
        found = [CARD] if CARD in found and not _is_as_written(folder / CARD) else []
    if found:
        raise InputError(
            f"{option} expects a new folder or one of an earlier push, got {folder}, whose "
            f"{' and '.join(found)} would be overwritten."
        )


def holds_model(folder: Path) -> bool:
    """Tell whether a folder is there that claims to hold a model."""
    return is_dir(folder) and is_file(folder / CONFIG)


def _mark(card: bytes) -> bytes:
    """Return the last line of a card, which readers do not see, and which tells of edits."""
    return f"\n{_MARK}{hashlib.sha256(card).hexdigest()[:16]} -->\n".encode()


def _is_as_written(path: Path) -> bool:
    """Tell whether a card is what :func:`write_folder` wrote."""
    try:
        text = read_whole(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    card = text.rpartition(f"\n{_MARK}".encode())[0]
    return text == card + _mark(card)


def _description(path: Path, name: str) -> dict[str, Any]:
    try:
        config = parse_json(read_whole(path).decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise InputError(f"{CONFIG} of {name} expects JSON, got a damaged file.") from error
    about = config.pop(KEY, None) if isinstance(config, dict) else None
    description = {**about, "config": config} if isinstance(about, dict) else None
    if not is_description(description):
        raise InputError(
            f"{CONFIG} of {name} expects the arguments of a model and, under {KEY!r}, its model "
            "and size: the file is damaged or of another library."
        )
    return description


def _writable(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    # Cloned: safetensors refuses tensors that share memory.
    return {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
