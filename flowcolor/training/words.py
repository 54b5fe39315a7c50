"""The words of a command line, before a parser sees them."""

from collections.abc import Sequence


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
    return any(word in {"-h", "--help"} or word.endswith(".help") for word in options)
