"""The parser of the training commands: one line for a wrong key, configurations by name."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import yaml  # type: ignore[import-untyped]
from lightning.pytorch.cli import LightningArgumentParser

from flowcolor.errors import InputError, did_you_mean
from flowcolor.io.files import is_file
from flowcolor.io.places import refuse_homes, require_in_full
from flowcolor.io.streams import read_whole
from flowcolor.training.complaints import plain

CONFIGS = Path(__file__).parents[1] / "configs"
_CONFIG = ("-c", "--config")
_MOST_VALUES = 100_000
# The last two, and ValueError, are raised where a tag does not fit its value, as in `!!bool x`.
_NO_YAML = (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError)
_SECTIONS = (
    *("model", "data", "trainer", "networks"),
    *("best", "last", "pictures", "roundtrip", "curves"),
)


class TrainingParser(LightningArgumentParser):
    """Lightning's parser, whose errors are :class:`InputError` of one sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # An abbreviation that works today means something else when an option is added.
        super().__init__(*args, **(kwargs | {"allow_abbrev": False}))

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise one sentence instead of printing the usage, 55 lines of it, and exiting."""
        if isinstance(ex, InputError):
            raise ex
        if isinstance(ex, KeyError) and "Key must be a string" in str(ex):  # jsonargparse's.
            got = str(ex.args[0]).rpartition("got: ")[2].removesuffix(".")
            message = f"A configuration expects words as names of options, got {got}"
        elif isinstance(ex, KeyError):  # PyYAML's, of a value in an option as `!!bool x`.
            message = f"An option expects YAML, got a tag that does not fit its value {ex}"
        raise InputError(self._sentence(message)) from ex

    def _sentence(self, message: str) -> str:
        text = " ".join(message.split())
        # The innermost complaint is last, behind the names of all keys that led to it.
        unknown = re.findall(r"[Uu]nrecognized arguments: (?:--)?([^\s=]+)", text)
        unknown += re.findall(r"Option '([^']+)' is not accepted", text)
        unknown += re.findall(r"does not accept option '([^']+)'", text)
        if unknown:
            word = unknown[-1].removeprefix("--")
            return f"There is no option {word!r}{self._suggestion(word)}."
        record = re.search(r"key \"([\w.]+)\".*the following arguments are required: photos", text)
        if record:
            where = record[1]
            return f"Option '{where}' expects its photographs as --{where}.photos, got none there."
        sentence = plain(text)
        if "There is no option" in sentence:
            inner = re.findall(r"(There is no option '[^']+'[^.]*)\.", text)
            # The innermost is last, but another may know what was meant.
            return f"{sorted(inner, key=lambda each: 'did you mean' in each)[-1]}."
        return f"{sentence if len(sentence) < 400 else f'{sentence[:395]} ...'}."

    def _suggestion(self, word: str) -> str:
        known = {action.dest for action in self._actions}
        if self._subcommands_action is not None:
            for subparser in self._subcommands_action._name_parser_map.values():
                known |= {action.dest for action in subparser._actions}
        known = {name for name in known if not name.endswith(".help")} - {word}
        hint = did_you_mean(word, known)
        if hint:
            return hint
        last = word.rpartition(".")[2]
        return did_you_mean(last, {name.rpartition(".")[2] for name in known})


def packaged_configs() -> list[str]:
    """Return the names of the complete configurations that ``--config`` knows besides files."""
    return sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def packaged_overlays() -> list[str]:
    """Return the names of the parts of configurations that only go on top of another."""
    patterns = ("ablations/*/*.yaml", "documents/*/*.yaml", "models/*.yaml")
    files = [path for pattern in patterns for path in CONFIGS.glob(pattern)]
    return sorted(path.relative_to(CONFIGS).with_suffix("").as_posix() for path in files)


def find_config(name: str) -> Path:
    """Return the file of ``--config NAME``: a path that exists, or else a packaged name.

    Raises:
        InputError: Neither a file nor a packaged configuration has this name.
    """
    path = Path(name)
    if is_file(path):
        return path
    names = packaged_configs()
    overlays = packaged_overlays()
    if name in names or name in overlays:
        return CONFIGS / f"{name}.yaml"
    raise InputError(
        f"--config expects a YAML file or one of {', '.join(names)}, got {name!r}"
        f"{did_you_mean(name, [*names, *overlays])}."
    )


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a configuration file.

    Raises:
        InputError: It cannot be read, is empty, or is no YAML of keys and values.
    """
    try:
        text = read_whole(file).decode("utf-8")
        _require_once(yaml.compose(text, yaml.SafeLoader), set())
        content = yaml.safe_load(text)
        _count(content)
    except (OSError, *_NO_YAML) as error:
        known = isinstance(error, LookupError | AttributeError)
        reason = "a tag does not fit its value" if known else " ".join(str(error).split())
        raise InputError(f"{file} expects YAML in UTF-8, got another text ({reason}).") from error
    if not isinstance(content, dict):
        got = "nothing" if content is None else type(content).__name__
        raise InputError(f"{file} expects keys and values, got {got}.")
    return content


def _require_once(node: Any, seen: set[int]) -> None:
    """Refuse a key that stands twice in one place: YAML would drop all but the last.

    Raises:
        ValueError: It names the key and its lines.
    """
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    lines: dict[str, int] = {}
    for part in node.value:
        key, value = part if isinstance(node, yaml.MappingNode) else (None, part)
        if isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            if key.value in lines:
                places = f"in lines {lines[key.value]} and {line}"
                raise ValueError(f"{key.value!r} stands twice in one place, {places}")
            lines[key.value] = line
        _require_once(value, seen)


def _count(value: Any, above: tuple[int, ...] = (), known: dict[int, int] | None = None) -> int:
    """Return how many values there are once every alias is written out.

    The parser writes them out, so that a few lines of aliases of aliases would take all memory.

    Raises:
        ValueError: They are too many, or an alias stands inside what it means.
    """
    known = {} if known is None else known
    if id(value) in above:
        raise ValueError("an alias stands inside of what it means")
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(part, (*above, id(value)), known) for part in parts)
    if known[id(value)] > _MOST_VALUES:
        raise ValueError(f"with its aliases written out, it has more than {_MOST_VALUES} values")
    return known[id(value)]


def resolve_configs(arguments: Sequence[str]) -> tuple[list[str], list[Path]]:
    """Replace every ``--config NAME`` by its file; also return the files in order.

    They come first, because the parser lets what stands behind win, and options beat them.

    Raises:
        InputError: There is none of that name, or it is no YAML of sections, which the parser would
            answer with a traceback, or a place is below a ``~``.
    """
    refuse_homes(word for word in arguments if word.rpartition("=")[2] != "~")  # YAML's null.
    first, words, files = [], [], []
    flag = ""
    for word in arguments:
        name, equals, value = word.partition("=")
        if flag:
            files.append(find_config(word))
            first += [flag, str(files[-1])]
            flag = ""
        elif equals and name in _CONFIG:
            files.append(find_config(value))
            first.append(f"{name}={files[-1]}")
        elif word in _CONFIG:
            flag = word
        else:
            words.append(word)
    if flag:  # The parser says that a name is missing.
        words.append(flag)
    for file in files:
        content = read_yaml(file)
        _require_sections(content, file)
        _require_classes(content, str(file))
        for text in _texts(content):  # One may name another file, beside this one or here.
            _require_end(file.parent / text)
            _require_end(Path(text))
            require_in_full(Path(text), str(file))
    _require_words(words)
    for word in words:
        given = Path(word.partition("=")[2] or word)
        _require_end(given)
        if given.suffix.lower() in {".yaml", ".yml"} and given not in files and is_file(given):
            read_yaml(given)  # A file of one option, as --trainer FILE.
    return [*first, *words], files


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
            _count(content)
        except _NO_YAML:  # The parser says what is wrong with it.
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
                f"{source} expects {str(name)!r} under '{key}.init_args', got it beside class_path."
            )
        _require_classes(part, source, place)


def _no_keys(source: str, key: str, value: Any) -> InputError:
    got = "nothing" if value is None else type(value).__name__
    return InputError(f"{source} expects keys and values under {key!r}, got {got}.")
