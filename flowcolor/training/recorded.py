"""What the checkpoint of ``--ckpt_path`` was trained with: the first configuration of a command."""

import json
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flowcolor.data.folders import Folders
from flowcolor.errors import InputError
from flowcolor.io.files import find, status
from flowcolor.io.whole_file import write_text
from flowcolor.models.checkpoint import KEY, read_checkpoint, read_weights
from flowcolor.training.allowlist import only_allowed
from flowcolor.training.run_folder import CHECKPOINTS
from flowcolor.training.words import value_of


@dataclass(frozen=True)
class Recorded:
    """A checkpoint, and the configuration that wrote it.

    Args:
        checkpoint: The file; ``None`` without ``--ckpt_path``.
        config: Its ``model`` and ``data`` in plain values, as far as they may be believed, and
            what else a training depends on that goes on; empty if it has none.
    """

    checkpoint: Path | None
    config: dict[str, Any]

    @contextmanager
    def as_words(self) -> Iterator[list[str]]:
        """Yield the option that gives the parser the configuration, which it reads from a file."""
        if not self.config:
            yield []
            return
        file = Path(tempfile.gettempdir()) / f"flowcolor-{secrets.token_hex(8)}.yaml"
        try:
            write_text(_as_yaml(self.config), file)
            yield ["--config", str(file)]
        finally:
            file.unlink(missing_ok=True)


def read_recorded(
    command: str, options: Sequence[str], files: Sequence[Path], root: Path
) -> Recorded:
    """Read the checkpoint that a command line names.

    Args:
        command: ``fit``, ``validate``, ``test`` or ``predict``.
        options: The words after it.
        files: Those of ``--config``.
        root: Folder of runs, unless the options name another.

    Raises:
        InputError: It cannot be read, ``command`` cannot use it, or it names what no training of
            this library writes.
    """
    word = value_of("--ckpt_path", options)
    if word is None:
        return Recorded(None, {})
    own_root = value_of("--trainer.default_root_dir", options)
    checkpoint = _find_checkpoint(word, Path(own_root) if own_root else root)
    if checkpoint.suffix.lower() == ".safetensors":
        config = _describe_exported(checkpoint, command)
    else:
        content = read_checkpoint(checkpoint)
        if "pytorch-lightning_version" not in content:  # Weights by hand, or a part was lost.
            raise InputError(
                f"{checkpoint} expects what a training saves, with 'pytorch-lightning_version', "
                f"got {', '.join(map(str, content))}."
            )
        config = content[KEY].get("run", {})
    config = only_allowed(config, options, files, checkpoint)
    if command != "fit":
        config = {name: part for name, part in config.items() if name in {"model", "data"}}
    return Recorded(checkpoint, spell_out_folders(config) if config else {})


def spell_out_folders(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration whose folders of photographs are records, as ``Folders`` is one.

    To a record an option can add what belongs to the photographs. And the parser takes a word in
    the place of a record for the name of a class first, which it imports.
    """
    data = dict(config.get("data", {}))
    for name in ("train", "test"):
        if isinstance(data.get(name), str | list):
            data[name] = asdict(Folders.of(data[name]))
    return config | {"data": data}


def differences(recorded: Any, chosen: Any, key: str = "") -> Iterator[str]:
    """Yield ``key: new instead of old`` for every recorded value that the user replaced.

    Example:
        >>> list(differences({"a": {"lr": 1, "b": 2}}, {"a": {"lr": 3, "b": 2}}))
        ['a.lr: 3 instead of 1']
    """
    if isinstance(recorded, dict) and isinstance(chosen, dict):
        for name in recorded:
            if name in chosen:
                inner = f"{key}.{name}" if key else str(name)
                yield from differences(recorded[name], chosen[name], inner)
    elif recorded != chosen:
        yield f"{key}: {chosen} instead of {recorded}"


def _as_yaml(config: dict[str, Any]) -> str:
    """Return JSON whose every letter beyond ASCII is escaped as YAML does it.

    JSON escapes one outside of the first 65536 as two halves, which are no letters in YAML, and
    leaves 0x7F as it is, which YAML does not read.
    """
    text = json.dumps(config, ensure_ascii=False)
    return re.sub("[^\n -~]", lambda found: f"\\U{ord(found[0]):08X}", text)


def _find_checkpoint(word: str, root: Path) -> Path:
    """Return the file of ``--ckpt_path``: a path, or the newest ``last`` or ``best`` below a root.

    Raises:
        InputError: ``last`` or ``best``, and no run below ``root`` has one.
    """
    if word not in {"last", "best"}:
        return Path(word)
    places = {path: status(path) for path in find(root, f"**/{CHECKPOINTS}/{word}.ckpt")}
    times = {path: place.st_mtime for path, place in places.items() if place is not None}
    found = sorted(times, key=lambda path: times[path])
    if not found:
        raise InputError(
            f"--ckpt_path {word} expects a run below {root}/ with {CHECKPOINTS}/{word}.ckpt, "
            "got none."
        )
    return found[-1]


def _describe_exported(path: Path, command: str) -> dict[str, Any]:
    """Return the configuration of an exported model, which knows neither data nor optimizer."""
    if command == "fit":
        raise InputError(
            f"--ckpt_path expects a .ckpt to continue from, got {path}: to start a new training "
            "from these weights, use --model.weights."
        )
    weights = read_weights(path)
    name = f"flowcolor.models.{weights.description['model']}"
    model = {"class_path": name, "init_args": weights.description["config"]}
    return {"model": {"colorizer": model, "weights": str(path)}, "data": {"size": weights.size}}
