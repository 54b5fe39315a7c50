"""An argument parser that answers a wrong option in one sentence."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from flowcolor.console import warn_of_replaced
from flowcolor.errors import InputError, did_you_mean, refuse_empty
from flowcolor.io.places import refuse_homes


class OptionParser(argparse.ArgumentParser):
    """``argparse`` for the plain commands: no abbreviations, and errors are :class:`InputError`.

    Example:
        >>> parser = OptionParser(prog="flowcolor colorize")
        >>> _ = parser.add_argument("--sketch")
        >>> parser.read(["--sketch", "a.png"]).sketch
        'a.png'
        >>> parser.read(["--skech", "a.png"])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        flowcolor.errors.InputError: flowcolor colorize: ...'--skech'; did you mean '--sketch'.
    """

    def __init__(self, prog: str, description: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        """Raise one sentence, with a suggestion for a misspelt option."""
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        if unknown:
            word = unknown[1].split("=")[0]
            if not word.startswith("-"):
                raise InputError(
                    f"{self.prog}: {word!r} belongs to no option: a path with spaces needs quotes, "
                    "and several files are given as their folder."
                )
            hint = did_you_mean(word, self._option_string_actions)
            raise InputError(f"{self.prog}: there is no option {word!r}{hint}.")
        raise InputError(f"{self.prog}: {message}.")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as ``argparse`` does, but no empty words, no ``~``, and no list that is lost."""
        words = sys.argv[1:] if args is None else args
        refuse_empty(self.prog, words)
        refuse_homes(words)
        self._refuse_lost(words)
        warn_of_replaced(
            words,
            {
                name
                for name, action in self._option_string_actions.items()
                if isinstance(action, argparse._StoreAction) and action.nargs is None
            },
        )
        return super().parse_known_args(args, namespace)

    def _refuse_lost(self, words: Sequence[str]) -> None:
        """Refuse an option of several words that comes again: of its first words none would stay.

        Of one word, the last counts, as it does for training; so it can be given after an alias.

        Raises:
            InputError: It names the option.
        """
        given = set()
        for word in words:
            action = self._option_string_actions.get(word.partition("=")[0])
            if action is None or action.nargs != "+" or isinstance(action, argparse._AppendAction):
                continue
            if action.dest in given:
                name = action.option_strings[0]
                raise InputError(
                    f"{self.prog}: {name} expects all of its words behind one {name}, got two."
                )
            given.add(action.dest)

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Return the options among the words of a command.

        Raises:
            InputError: A word is wrong or one is missing.
        """
        self.check(words)
        return self.parse_args(list(words))

    def refuse_given(self, options: argparse.Namespace, names: Sequence[str], needed: str) -> None:
        """Refuse options that would do nothing as the others are.

        Args:
            options: As :meth:`read` returned them.
            names: Of the options, without dashes.
            needed: With what they would do something.

        Raises:
            InputError: One has another value than it has by itself.
        """
        for name in names:
            value = getattr(options, name)
            if value != self.get_default(name):
                raise InputError(
                    f"--{name} {value} expects {needed}, without which it does nothing."
                )

    def check(self, words: Sequence[str]) -> None:
        """Name an unknown option before a missing one: it is the likelier mistake."""
        for word in words:
            option = word.split("=")[0]
            if option.startswith("--") and option not in self._option_string_actions:
                self.error(f"unrecognized arguments: {option}")


def check_device(name: str) -> str:
    """Return the value of ``--device``, refused if this machine has no such device."""
    from flowcolor.arguments import device_of

    try:
        device_of(check_device, name)
    except ValueError as error:
        raise InputError(f"--device expects a device of this machine, got {name!r}.") from error
    return name


def model_source(word: str) -> str | Path:
    """Return what names a model: ``hf://user/name`` as it is, everything else as a place.

    Example:
        >>> model_source("hf://user/name"), model_source("a/b.ckpt").name
        ('hf://user/name', 'b.ckpt')
    """
    return word if word.startswith("hf:") else Path(word)
