"""``flowcolor methods``: which colorizers there are, what they take, and what is missing here."""

from collections.abc import Sequence

from flowcolor.cli.options import OptionParser
from flowcolor.console import say
from flowcolor.io.files import is_file


def table() -> str:
    """Return one line for each method: what it takes, what it is, what is missing here."""
    from flowcolor.models.methods import methods
    from flowcolor.pretrained.weights import WEIGHTS, cached_path

    wide = max(map(len, methods())) + 2
    lines = [f"{'method':<{wide}}{'content':<17}{'reference':<11}{'hints':<18}{'is':<22}needs"]
    for name, kind in methods().items():
        words = {
            "exact": kind.exact,
            "random": kind.stochastic,
            "keeps luma": kind.keeps_luminance,
            "for aligned faces": kind.aligned,
        }
        marks = kind.hints if kind.boxes == "unused" else f"{kind.hints}, boxes"
        needs = ["a checkpoint"] if kind.trained else []
        for network in kind.pretrained:
            whole = cached_path(network)
            files = [whole, *(whole.with_name(other) for other in WEIGHTS[network].others)]
            here = any(is_file(path) for path in files)
            needs.append(network if here else f"{network} (missing: flowcolor weights)")
        lines.append(
            f"{name:<{wide}}{' or '.join(sorted(kind.content)):<17}"
            f"{kind.reference:<11}{marks:<18}"
            f"{', '.join(word for word, holds in words.items() if holds) or '-':<22}"
            f"{', '.join(needs) or 'nothing'}"
        )
    return "\n".join(lines)


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor methods`` with these words."""
    parser = OptionParser(
        prog="flowcolor methods",
        description="List the colorizers: whether they take drawings or grey photographs, a "
        "reference and colour points, whether they are exact, draw random numbers, keep the "
        "luma or need faces that lie as in CelebA-HQ, and what else they need.",
    )
    parser.read(words)
    say(table())
