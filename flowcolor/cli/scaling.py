"""``flowcolor scaling``: what more photographs help, by trainings on nested parts of them."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from flowcolor.cli.options import OptionParser
from flowcolor.cli.seeds import read_seeds
from flowcolor.console import shown
from flowcolor.errors import InputError


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor scaling`` with these words."""
    parser = _parser()
    options, shared = parser.parse_known_args(list(words))
    if not any(word.split("=")[0] in {"-c", "--config"} for word in shared):
        raise InputError(
            "flowcolor scaling expects --config NAME_OR_FILE, which is trained on parts of its "
            "photographs, for instance --config portraits, got none."
        )
    from flowcolor.experiments.runner import call_in_process_of_its_own, taken_back
    from flowcolor.experiments.scaling import Scaling, check
    from flowcolor.experiments.scaling_report import ScalingResults, scaling_table, write_scaling
    from flowcolor.io.alone import alone
    from flowcolor.training.say import say

    import_module("matplotlib")  # Before hours of training that could not be shown.
    shares, seeds = _shares(options.shares), read_seeds(options.seeds)
    output = options.output
    scaling = Scaling(tuple(shared), shares, seeds, output)
    counts = check(scaling)
    with alone(output, "flowcolor scaling"), taken_back(output, ["scaling.json"]):
        runs = list(scaling)
        for number, run in enumerate(runs, 1):
            photographs = f"{counts[run.share]} photographs"
            say(f"{number} of {len(runs)}: {photographs}, seed {run.seed}, in {shown(run.folder)}")
            run.finish(call_in_process_of_its_own)
        results = ScalingResults(scaling, counts)
        paths = write_scaling(results, output)
        say("\n".join(["", scaling_table(results), *(f"wrote {shown(path)}" for path in paths)]))


def _shares(text: str) -> tuple[float, ...]:
    """Return the numbers of ``--shares``, fractions allowed.

    Example:
        >>> _shares("1/8,0.5,1")
        (0.125, 0.5, 1.0)
    """
    found = []
    for word in text.split(","):
        above, _, below = word.partition("/")
        try:
            found.append(float(above) / (float(below) if below else 1.0))
        except (ValueError, ZeroDivisionError):
            found.append(0.0)
    if len(set(found)) < max(2, len(found)) or not all(0 < share <= 1 for share in found):
        raise InputError(
            f"--shares expects two or more different parts of 1, as in 1/8,1/4,1/2,1, got {text!r}."
        )
    return tuple(found)


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor scaling",
        description="Train and test one configuration on nested parts of its photographs, for as "
        "many steps each, and say by which power of their number every error falls. All other "
        "options are those of `flowcolor fit`, and --networks.* those of `flowcolor test`. What is "
        "done is kept: the same command goes on after an interruption.",
    )
    parser.add_argument("--shares", default="1/8,1/4,1/2,1", help="parts of the photographs")
    parser.add_argument(
        "--seeds", default="0", help="one run of each part for each of these initial weights"
    )
    parser.add_argument("--output", type=Path, default=Path("runs/scaling"), help="of all runs")
    return parser
