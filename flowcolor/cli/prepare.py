"""The command ``flowcolor prepare``."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flowcolor.cli.options import OptionParser
from flowcolor.console import as_word, complain, say, shown
from flowcolor.data.prepare.progress import duration


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor prepare`` with these words."""
    options = make_parser().read(words)
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        _prepare(options)
    except KeyboardInterrupt as error:
        complain("Interrupted: what is done is kept, and the same command continues.")
        raise SystemExit(143 if isinstance(error, _Terminated) else 130) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _prepare(options: Any) -> None:
    from flowcolor.data.prepare.run import prepare
    from flowcolor.data.prepare.work import keep_memory

    keep_memory()
    summary = prepare(
        options.photos,
        options.output,
        options.size,
        options.masks,
        options.sketches,
        options.sketch_filter,
        options.background,
        options.workers,
        options.strict,
    )
    output = shown(options.output)
    line = f"{summary.prepared:,} photographs are ready in {output}, {summary.new:,} new"
    if summary.new:
        rate = summary.new / max(summary.seconds, 1e-9)
        line += f": {duration(summary.seconds)}, {rate:.1f} photographs a second"
        if summary.workers > 1:
            line += f", {rate / summary.workers:.1f} for each of {summary.workers} workers"
    lines = [line]
    if summary.skipped:
        lines.append(f"skipped {len(summary.skipped):,}; manifest.json lists all:")
        lines += [
            f"  {shown(name)}: {shown(reason)}"
            for name, reason in list(summary.skipped.items())[:10]
        ]
        lines += ["  ..."] if len(summary.skipped) > 10 else []
    config = "portraits" if options.size <= 128 else "thesis"  # What their networks are made for.
    lines.append(
        f"train with them: flowcolor fit --config {config} --data.train "
        f"{as_word(options.output)} --data.size {options.size}"
    )
    say("\n".join(lines))


def make_parser() -> OptionParser:
    """Return the parser of the options."""
    parser = OptionParser(
        prog="flowcolor prepare",
        description="Cut, draw and shrink photographs once, for training. The same command "
        "continues after an interruption, and adds what is new.",
    )
    parser.add_argument(
        "--photos",
        nargs="+",
        required=True,
        help="folders of photographs, or the root of CelebAMask-HQ",
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder to write")
    parser.add_argument("--size", type=int, default=256, help="side of the square images")
    parser.add_argument(
        "--masks", nargs="+", help="a folder of masks for each folder of photographs"
    )
    parser.add_argument(
        "--sketches", nargs="+", help="a folder of ready drawings for each folder of photographs"
    )
    parser.add_argument(
        "--sketch_filter",
        default="GradientLines",
        help="what draws: GradientLines, SobelLines, XDoG, ColorDodge or Hed, the path of a "
        'class or function of yours, or JSON: {"class_path": NAME, "init_args": {...}}',
    )
    parser.add_argument(
        "--background",
        choices=("keep", "white"),
        default="keep",
        help="white: also whiten the photographs outside their masks",
    )
    parser.add_argument(
        "--workers", type=int, help="processes; by default one for each core that may be used"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="stop with an error where a photograph would be skipped",
    )
    return parser


class _Terminated(KeyboardInterrupt):
    """SIGTERM, after which the same is to be left as after Ctrl-C."""


def _terminate(_signal: int, _frame: Any) -> None:
    raise _Terminated
