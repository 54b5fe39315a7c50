"""``flowcolor methods``: which colorizers there are, what they take, and what is missing here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowcolor.cli.options import OptionParser
from flowcolor.console import say
from flowcolor.errors import InputError, did_you_mean
from flowcolor.io.files import is_file

if TYPE_CHECKING:
    from flowcolor.models import Colorizer


def methods() -> dict[str, "type[Colorizer]"]:
    """Return every public colorizer by its name, which is that of its file.

    Example:
        >>> methods()["tint"].__name__
        'Tint'
    """
    from inspect import isabstract, isclass

    from flowcolor import models

    public = [getattr(models, name) for name in models.__all__]
    return {
        kind.__module__.rpartition(".")[2]: kind
        for kind in public
        if isclass(kind) and issubclass(kind, models.Colorizer) and not isabstract(kind)
    }


def untrained_method(name: str) -> "Colorizer":
    """Return the colorizer of a name that needs no checkpoint, ready to use.

    Raises:
        InputError: There is no such method, or it has weights that only a checkpoint brings.
    """
    known = methods()
    if name not in known:
        hint = did_you_mean(name, known)
        raise InputError(f"--method expects one of {', '.join(known)}, got {name!r}{hint}.")
    if known[name].trained:
        raise InputError(
            f"--method {name} expects trained weights: give --checkpoint FILE instead, from which "
            "the method is known."
        )
    return known[name]().eval()


def table() -> str:
    """Return one line for each method: what it takes, what it is, what is missing here."""
    from flowcolor.pretrained.weights import WEIGHTS, cached_path

    lines = [f"{'method':<14}{'content':<17}{'reference':<11}{'hints':<10}{'is':<22}needs"]
    for name, kind in methods().items():
        words = {"exact": kind.exact, "random": kind.stochastic, "keeps luma": kind.keeps_luminance}
        needs = ["a checkpoint"] if kind.trained else []
        for network in kind.pretrained:
            whole = cached_path(network)
            files = [whole, *(whole.with_name(other) for other in WEIGHTS[network].others)]
            here = any(is_file(path) for path in files)
            needs.append(network if here else f"{network} (missing: flowcolor weights)")
        lines.append(
            f"{name:<14}{' or '.join(sorted(kind.content)):<17}{kind.reference:<11}{kind.hints:<10}"
            f"{', '.join(word for word, holds in words.items() if holds) or '-':<22}"
            f"{', '.join(needs) or 'nothing'}"
        )
    return "\n".join(lines)


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor methods`` with these words."""
    parser = OptionParser(
        prog="flowcolor methods",
        description="List the colorizers: whether they take drawings or grey photographs, a "
        "reference and colour points, whether they are exact, draw random numbers or keep the "
        "luma, and what they need.",
    )
    parser.check(words)
    parser.parse_args(list(words))
    say(table())
