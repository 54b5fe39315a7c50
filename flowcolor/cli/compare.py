"""``flowcolor compare``: methods trained alike and judged on the same pairs, in one table."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from flowcolor.bounds import within
from flowcolor.cli.network_options import add_network_options, networks_of
from flowcolor.cli.options import OptionParser, check_device
from flowcolor.cli.seeds import read_seeds
from flowcolor.console import is_option
from flowcolor.errors import InputError

SHARED = ("--data.", "--trainer.")


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor compare`` with these words."""
    parser = _parser()
    options, shared = parser.parse_known_args(list(words))
    for word in shared:
        if is_option(word) and not word.startswith(SHARED):
            parser.error(f"unrecognized arguments: {word}")
    if options.train_minutes is not None and options.train_steps is not None:
        raise InputError("flowcolor compare expects --train_minutes or --train_steps, got both.")
    if options.train_minutes is not None:
        # Lightning's clock knows whole seconds.
        within("--train_minutes", options.train_minutes, 1 / 60, 60 * 24 * 365)
    if options.train_steps is not None:
        within("--train_steps", options.train_steps, 1, 2**31)
    from flowcolor.experiments import runner
    from flowcolor.experiments.comparison.entries import find_entries
    from flowcolor.experiments.comparison.plan import Budget, Comparison
    from flowcolor.experiments.comparison.run import run

    comparison = Comparison(
        find_entries(options.methods),
        options.content,
        options.size,
        Budget(options.train_minutes, options.train_steps),
        read_seeds(options.seeds),
        tuple(shared),
        _output(options),
        options.points,
        options.pairs,
        networks_of(options),
        check_device(options.device),
    )
    run(comparison, runner.call_in_process_of_its_own)


def _output(options: Namespace) -> Path:
    return options.output or Path("runs") / f"compare_{options.content}"


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor compare",
        description="Train what needs it, one after another, paint and score all methods on the "
        "same pairs, and print one table for methods without a reference, one for those with one, "
        "and one for those with colours at points. All other options are those of `flowcolor fit`, "
        "--data.* and --trainer.*, and hold for all. What is done is kept: the same command goes "
        "on after an interruption, and more methods or seeds may be added.",
    )
    add = parser.add_argument
    add(
        "--methods",
        nargs="+",
        required=True,
        metavar="[NAME=]SOURCE",
        help="names of configurations as lut, pix2pix-small or portraits, ours, YAML files, or "
        ".ckpt and .safetensors files of models that are only painted and scored",
    )
    add(
        "--content",
        choices=("drawing", "gray"),
        default="drawing",
        help="what is coloured: line drawings or grey photographs",
    )
    add("--size", type=int, default=64, help="side of all pictures in pixels")
    add(
        "--train_minutes",
        "--train-minutes",
        type=float,
        help="how long each network is trained, over all interruptions",
    )
    add(
        "--train_steps",
        "--train-steps",
        type=int,
        help="how many batches each network is trained on, instead of minutes",
    )
    add("--seeds", default="0", help="one training of each network for each, as 0,1,2")
    add("--pairs", type=int, help="how many test photographs are painted; all if not given")
    add("--points", type=int, default=10, help="colours of the truth for methods that take hints")
    add("--output", type=Path, help="folder of all files, runs/compare_CONTENT if not given")
    add("--device", default="cpu", help="where results are painted and scored, for instance cuda")
    add_network_options(parser)
    return parser
