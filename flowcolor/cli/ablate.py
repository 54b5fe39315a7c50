"""``flowcolor ablate``: one of the thesis's ablations, trained, tested and laid beside it."""

from collections.abc import Sequence
from pathlib import Path

from flowcolor.cli.options import OptionParser
from flowcolor.cli.seeds import read_seeds
from flowcolor.console import shown
from flowcolor.errors import InputError


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor ablate`` with these words."""
    parser = _parser()
    options, shared = parser.parse_known_args(list(words))
    if not any(word.split("=")[0] in {"-c", "--config"} for word in shared):
        raise InputError(
            "flowcolor ablate expects --config NAME_OR_FILE, the configuration that is varied, "
            "for instance --config portraits, got none."
        )
    from flowcolor.experiments.report import Results
    from flowcolor.experiments.runner import taken_back
    from flowcolor.experiments.runs import Ablation, call_in_process_of_its_own, check
    from flowcolor.experiments.show import ablation_table, write_ablation
    from flowcolor.experiments.tables import find_table
    from flowcolor.io.alone import alone
    from flowcolor.training.say import say

    table = find_table(options.table)
    output = options.output or Path("runs") / f"table_{table.number}"
    ablation = Ablation(table, tuple(shared), read_seeds(options.seeds), output)
    check(ablation)
    with alone(output, "flowcolor ablate"), taken_back(output, ["ablation.json"]):
        runs = list(ablation)
        for number, run in enumerate(runs, 1):
            what = f"{run.variant.label}, seed {run.seed}, in {shown(run.folder)}"
            say(f"{number} of {len(runs)}: {what}")
            run.finish(call_in_process_of_its_own)
        results = Results(ablation)
        paths = write_ablation(results, output)
        say("\n".join(["", ablation_table(results), *(f"wrote {shown(path)}" for path in paths)]))


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor ablate",
        description="Train and test every variant of one of the thesis's ablations and print the "
        "table beside the thesis's. All other options are those of `flowcolor fit` and hold for "
        "all variants. What is done is kept: the same command goes on after an interruption.",
    )
    parser.add_argument(
        "--table", required=True, help="4.3 (aggregation), 4.5 (sizes) or 4.6 (loss)"
    )
    parser.add_argument(
        "--seeds", default="0", help="one run of each variant for each of these initial weights"
    )
    parser.add_argument(
        "--output", type=Path, help="folder of all runs, runs/table_NUMBER if not given"
    )
    return parser
