"""What takes part in a comparison: a configuration that is trained, or a model that already is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pydoc import ErrorDuringImport

from flowcolor.errors import InputError, did_you_mean
from flowcolor.io.files import is_file
from flowcolor.pretrained.convert import checksum
from flowcolor.training.config_files import CONFIGS, packaged_configs, packaged_overlays, read_yaml
from flowcolor.training.named import colorizer_class

OURS = "portraits"  # The configuration of the library's own model for a few hundred photographs.
RESERVED = ("content", "reference", "truth", "points", "oracle")  # Names beside those of methods.
_MODELS = "models/"
_WEIGHTS = (".ckpt", ".safetensors")


@dataclass(frozen=True)
class Entry:
    """One method of a comparison.

    Args:
        label: Its name in the tables and of its folders.
        source: A configuration, or the weights of a model that was trained before.
    """

    label: str
    source: Path

    @property
    def given(self) -> bool:
        """Whether it is trained already and only painted and scored."""
        return self.source.suffix.lower() in _WEIGHTS

    @property
    def stages(self) -> int:
        """How many trainings its configuration makes one after another, of several networks."""
        stages = None if self.given else read_yaml(self.source).get("stages")
        return max(1, len(stages)) if isinstance(stages, list) else 1

    def needs_training(self) -> bool:
        """Ask the class that a configuration names.

        Raises:
            InputError: It names none.
        """
        if self.given:
            return False
        found = read_yaml(self.source).get("model")
        colorizer = found.get("colorizer") if isinstance(found, dict) else None
        path = colorizer.get("class_path") if isinstance(colorizer, dict) else colorizer
        try:
            return colorizer_class(str(path)).trained
        # What is imported may raise whatever it likes.
        except (ErrorDuringImport, ValueError) as error:
            raise InputError(
                f"{self.source} expects the class of a colorizer under model.colorizer.class_path,"
                f" got {path}."
            ) from error

    @property
    def checksum(self) -> str:
        """Of the file, by which another of the same name is recognised.

        Raises:
            InputError: It cannot be read.
        """
        return checksum(self.source)


def find_entries(words: Sequence[str]) -> tuple[Entry, ...]:
    """Read the words of ``--methods``, each ``SOURCE`` or ``NAME=SOURCE``.

    Args:
        words: A source is ``ours``, the name of a configuration, with or without ``models/``, a
            YAML file, or a ``.ckpt`` or ``.safetensors`` file.

    Raises:
        InputError: A source is unknown, or a name is unfit or comes twice.

    Example:
        >>> [entry.label for entry in find_entries(["lut", "mine=models/wavelet"])]
        ['lut', 'mine']
    """
    entries: dict[str, Entry] = {}
    for word in words:
        entry = _entry(word)
        if not re.fullmatch(r"\w[\w .+-]*", entry.label) or entry.label in RESERVED:
            raise InputError(
                "--methods expects names of letters and digits other than "
                f"{', '.join(RESERVED)}, got {entry.label!r}: write NAME={word}."
            )
        if entry.label in entries:
            raise InputError(
                f"--methods expects names that differ, got {entry.label!r} twice: write "
                "NAME=SOURCE."
            )
        entries[entry.label] = entry
    return tuple(entries.values())


def _entry(word: str) -> Entry:
    name, equals, source = word.partition("=")
    if not equals or is_file(Path(word)):
        name, source = "", word
    path = _source(source)
    return Entry(name or ("ours" if source == "ours" else path.stem), path)


def _source(word: str) -> Path:
    path = Path(word)
    if is_file(path):
        return path
    if path.suffix.lower() in _WEIGHTS:
        raise InputError(f"--methods expects a file of weights, got {word}, which is none.")
    models = [name for name in packaged_overlays() if name.startswith(_MODELS)]
    known = [*packaged_configs(), *models]
    name = OURS if word == "ours" else word
    found = next((each for each in (_MODELS + name, name) if each in known), None)
    if found is None:
        short = ["ours", *packaged_configs(), *(each.removeprefix(_MODELS) for each in models)]
        raise InputError(
            f"--methods expects files or some of {', '.join(short)}, got {word!r}"
            f"{did_you_mean(word, [*short, *known])}."
        )
    return CONFIGS / f"{found}.yaml"
