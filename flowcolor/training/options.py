"""An argument parser that answers a wrong option in one sentence."""

import argparse
import re
from typing import NoReturn

from flowcolor.errors import InputError
from flowcolor.training.suggest import did_you_mean


class OptionParser(argparse.ArgumentParser):
    """``argparse`` for the plain commands: no abbreviations, and errors are :class:`InputError`.

    Example:
        >>> parser = OptionParser(prog="flowcolor colorize")
        >>> _ = parser.add_argument("--sketch")
        >>> parser.parse_args(["--skech", "a.png"])
        Traceback (most recent call last):
        flowcolor.errors.InputError: flowcolor colorize: ... '--skech'; did you mean '--sketch'.
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
            hint = did_you_mean(word, self._option_string_actions)
            raise InputError(f"{self.prog}: there is no option {word!r}{hint}.")
        raise InputError(f"{self.prog}: {message}.")

    def parse_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Parse, but name an unknown option before a missing one: it is the likelier mistake."""
        known = {word for word in self._option_string_actions}
        for word in args or []:
            option = word.split("=")[0]
            if option.startswith("--") and len(option) > 2 and option not in known:
                self.error(f"unrecognized arguments: {option}")
        return super().parse_args(args, namespace)
