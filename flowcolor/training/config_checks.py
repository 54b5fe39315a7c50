"""What is wrong in configurations and options, and the parser would not say or drop."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from flowcolor.errors import InputError
from flowcolor.io.files import is_file, real
from flowcolor.io.places import require_in_full
from flowcolor.training.config_files import (
    NO_YAML,
    count_values,
    read_part,
    read_yaml,
    require_meant,
)

_YAML = {".yaml", ".yml"}
_SECTIONS = (
    *("model", "data", "trainer", "networks"),
    *("best", "last", "pictures", "roundtrip", "curves"),
)


def check_file(content: Any, file: Path, above: tuple[Path, ...] = ()) -> None:
    """Refuse what is wrong in a configuration, and in the files that it names.

    Args:
        content: As it was read, keys and values or a list.
        file: Where it stands.
        above: The files that have led to it, from the root on.

    Raises:
        InputError: It names the file and the key, or the place that a text names.
    """
    if isinstance(content, dict):
        _require_sections(content, file)
        other = content.get("config")
        if not isinstance(other, str | None):  # The parser would read none of a list.
            got = type(other).__name__
            raise InputError(f"{file} expects the name of another file under 'config', got {got}.")
    _require_classes(content, str(file))
    for text in _texts(content):  # One may name another file, beside this one or here.
        _require_end(file.parent / text)
        _require_end(Path(text))
        require_in_full(Path(text), str(file))
        inner = next((each for each in (file.parent / text, Path(text)) if _is_yaml(each)), None)
        if inner is not None and real(inner) not in above:  # The parser tells of a circle.
            check_file(read_part(inner), inner, (*above, real(inner)))


def check_words(words: Sequence[str], files: Sequence[Path]) -> None:
    """Refuse in options what is refused in files, and files of single options that are no YAML.

    Args:
        words: Of a command line, without ``--config``.
        files: Those of ``--config``, which have been read.

    Raises:
        InputError: It names the key or the file.
    """
    _require_words(words)
    before = ""
    for word in words:
        value = word.partition("=")[2] if word.startswith("--") else word
        given = Path(word.partition("=")[2] or word)
        _require_end(given)
        if value.startswith(("[", "{")):
            _require_meant(word, value)
        # A file of one option, as --trainer FILE, which may have any name.
        option = (word if "=" in word else before).partition("=")[0].removeprefix("--")
        is_part = _is_yaml(given) or (option in {*_SECTIONS, "data.predict"} and is_file(given))
        if given not in files and is_part:
            check_file(read_yaml(given), given)
        before = word


def _require_meant(word: str, value: str) -> None:
    try:
        require_meant(value)
    except (yaml.YAMLError, RecursionError):  # The parser says what is wrong with it.
        return
    except ValueError as error:
        raise InputError(f"An option expects YAML, got {word}: {error}.") from error


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in _YAML and is_file(path)


def _require_end(path: Path) -> None:
    """Refuse a pipe by name, for which the parser would wait, but none that the shell has begun.

    Raises:
        InputError: It is one.
    """
    if str(path).startswith(("/dev/fd/", "/dev/stdin", "/proc/")):  # As --trainer <(COMMAND).
        return
    is_pipe = False
    with suppress(OSError, ValueError):  # Most words are no names of files.
        is_pipe = path.is_fifo()
    if is_pipe:
        raise InputError(f"{path} is a pipe; expected a file.")


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts among values that lie in each other."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _require_sections(content: dict[str, Any], file: Path) -> None:
    """Refuse anything else in the place of several options: the parser would drop them all."""
    stages = content.get("stages")
    for part in [content, *(stages if isinstance(stages, list) else [])]:
        for name in _SECTIONS:
            value = part.get(name, {}) if isinstance(part, dict) else {}
            if not isinstance(value, dict | str):  # A text names another file.
                raise _no_keys(str(file), name, value)


def _require_words(words: Sequence[str]) -> None:
    """Refuse in the options what :func:`_require_classes` refuses in a file."""
    for before, word in zip(["", *words], words, strict=False):
        option, has_value, text = word.partition("=")
        if not word.startswith("--"):
            option, has_value, text = before, "=", word
        if not has_value or not re.search("class_path|init_args", f"{option} {text}"):
            continue
        try:
            content = yaml.safe_load(text)
            count_values(content)
        except NO_YAML:  # The parser says what is wrong with it.
            continue
        _require_classes({option.removeprefix("--"): content}, "An option")


def _require_classes(value: Any, source: str, key: str = "") -> None:
    """Refuse a class without a name, and arguments that it would not get.

    The parser tries them, and says what Python could not do with them, or misses something else.

    Args:
        value: Of a configuration or an option, and what lies in it.
        source: Where it stands, for the message.
        key: Of the value.

    Raises:
        InputError: It names the key.
    """
    for part in value if isinstance(value, list) else []:
        _require_classes(part, source, key)
    if not isinstance(value, dict):
        return
    for name, part in value.items():
        place = f"{key}.{name}".lstrip(".")
        last = place.rpartition(".")[2]
        if last == "init_args" and not isinstance(part, dict):
            raise _no_keys(source, place, part)
        if last == "class_path" and not isinstance(part, str):
            got = "nothing" if part is None else type(part).__name__
            raise InputError(f"{source} expects the name of a class under {place!r}, got {got}.")
        of_class = str(name).partition(".")[0] in {"class_path", "init_args", "dict_kwargs"}
        if "class_path" in value and not of_class:
            raise InputError(
                f"{source} expects {str(name)!r} under {f'{key}.init_args'.lstrip('.')!r}, got it "
                "beside class_path."
            )
        _require_classes(part, source, place)


def _no_keys(source: str, key: str, value: Any) -> InputError:
    got = "nothing" if value is None else type(value).__name__
    return InputError(f"{source} expects keys and values under {key!r}, got {got}.")
