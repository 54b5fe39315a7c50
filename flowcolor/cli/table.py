"""``flowcolor table``: PSNR and SSIM of several methods on several data sets."""

from collections.abc import Sequence
from pathlib import Path

from flowcolor.cli.options import OptionParser
from flowcolor.console import say, shown
from flowcolor.errors import InputError

_SUFFIXES = (".md", ".markdown", ".txt")


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor table`` with these words."""
    options = _parser().read(words)
    from flowcolor.evaluation.data_table import data_table
    from flowcolor.io.places import require_place
    from flowcolor.io.same_file import protect
    from flowcolor.io.whole_file import write_text

    if options.output is not None:
        protect(options.output, options.reports)
        if options.output.suffix.lower() not in _SUFFIXES:
            raise InputError(
                f"--output expects a file ending in {', '.join(_SUFFIXES)}, got {options.output}."
            )
        require_place(options.output)
    text = data_table(options.reports, options.setting)
    say(text)
    if options.output is not None:
        write_text(text + "\n", options.output)
        say(f"wrote {shown(options.output)}")


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor table",
        description="Lay PSNR and SSIM of several methods on several data sets in one Markdown "
        "table, with the trivial answers beside them.",
    )
    parser.add_argument(
        "--reports",
        type=Path,
        nargs="+",
        required=True,
        metavar="JSON",
        help="what flowcolor test and flowcolor score have written",
    )
    parser.add_argument(
        "--setting",
        choices=("cross", "self"),
        default="cross",
        help="whether the references are photographs of others or the content's own",
    )
    parser.add_argument("--output", type=Path, help="a file for the table, too, as scores.md")
    return parser
