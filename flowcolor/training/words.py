"""The words of a command line, before a parser sees them."""

from argparse import Namespace
from collections.abc import Sequence
from enum import Enum
from typing import Any

import torch

from flowcolor.errors import InputError

_UNPREDICTED = (
    *("train", "test", "held_out", "share", "seed", "repeat", "strict", "cache"),
    *("sketch_filter", "background", "augment", "hints"),
)


def value_of(option: str, words: Sequence[str]) -> str | None:
    """Return the value of the last ``option VALUE`` or ``option=VALUE``."""
    value = None
    for position, word in enumerate(words):
        if word == option and position + 1 < len(words):
            value = words[position + 1]
        elif word.startswith(f"{option}="):
            value = word.partition("=")[2]
    return value


def prints_configuration(options: Sequence[str]) -> bool:
    """Tell whether the configuration is to be printed, and nothing done."""
    return any(word.partition("=")[0] == "--print_config" for word in options)


def asks_for_help(options: Sequence[str]) -> bool:
    """Tell whether help on the command or on one of its parts is wanted."""
    return any(
        word in {"-h", "--help"} or word.partition("=")[0].endswith(".help") for word in options
    )


def with_plain_words(value: Any) -> Any:
    """Return parsed options without members of an enumeration and devices, which no YAML can say.

    Defaults of Lightning are such, as the ``interval`` of its ``Timer``.
    """
    if isinstance(value, Namespace):
        for name, part in list(vars(value).items()):
            setattr(value, name, with_plain_words(part))
        return value
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, list):
        return [with_plain_words(part) for part in value]
    return str(value.value) if isinstance(value, str) and isinstance(value, Enum) else value


def one_test_set(words: Sequence[str]) -> list[str]:
    """Let the test set of the command line win over what a configuration or a checkpoint says.

    Test photographs are either folders of their own (``--data.test``) or held out of the training's
    (``--data.held_out``): giving one takes back the other, unless the words give both.
    """
    names = {".".join(word.partition("=")[0].split(".")[:2]) for word in words}
    tests = "--data.test" in names and value_of("--data.test", words) != "null"
    holds_out = "--data.held_out" in names and value_of("--data.held_out", words) != "null"
    if tests and "--data.held_out" not in names:
        return [*words, "--data.held_out=null"]
    if holds_out and "--data.test" not in names:
        return [*words, "--data.test=null"]
    return list(words)


def refuse_unpredicted(words: Sequence[str]) -> None:
    """Refuse options of the data that have no effect on predictions, as colours at points have.

    Of a configuration or a checkpoint they are for training and tests, and are passed over.

    Args:
        words: Those after ``flowcolor predict``.

    Raises:
        InputError: It names the first.
    """
    for word in words:
        option = word.partition("=")[0]
        section, _, name = option.removeprefix("--data.").rstrip("+").partition(".")
        if option.startswith("--data.") and section in _UNPREDICTED and name != "help":
            raise InputError(
                f"flowcolor predict expects no --data.{section}, which has no effect on pictures "
                "from files: it reads data.predict.sketches and data.predict.photos as they are."
            )
