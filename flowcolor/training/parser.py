"""The parser of the training commands: one line for a wrong key, configurations by name."""

import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from lightning.pytorch.cli import LightningArgumentParser

from flowcolor.data.folders import Folders
from flowcolor.errors import InputError, did_you_mean
from flowcolor.io.places import refuse_homes
from flowcolor.training.complaints import plain
from flowcolor.training.config_checks import check_file, check_words
from flowcolor.training.config_files import find_config, read_yaml

_CONFIG = ("-c", "--config")
_NO_KEY = re.compile(r'(?:Empty nested key|Spaces not allowed in keys): "(.*)"', re.DOTALL)


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
        elif isinstance(ex, KeyError) and (bad := _NO_KEY.match(str(ex))):
            raise InputError(f"There is no option {bad[1]!r}{self._suggestion(bad[1])}.") from ex
        elif isinstance(ex, KeyError):  # PyYAML's, of a value in an option as `!!bool x`.
            message = f"An option expects YAML, got a tag that does not fit its value {ex}"
        elif ex is not None and isinstance(ex.__cause__, UnicodeEncodeError):
            before = message.partition("'utf-8' codec")[0]
            message = f"{before}Expected a name in UTF-8, got {ex.__cause__.object}"
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
        for record in known & {"data.train", "data.test"}:  # Of which no action tells the parts.
            known |= {f"{record}.{part.name}" for part in fields(Folders)}
        known = {name for name in known if not name.endswith(".help")} - {word}
        last = word.rpartition(".")[2]
        places = sorted(name for name in known if name.rpartition(".")[2] == last)
        if places:  # As of --sketches, an option of other commands.
            return f"; did you mean {' or '.join(map(repr, places))}"
        hint = did_you_mean(word, known)
        return hint or did_you_mean(last, {name.rpartition(".")[2] for name in known})


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
        check_file(read_yaml(file), file)
    check_words(words, files)
    return [*first, *words], files
