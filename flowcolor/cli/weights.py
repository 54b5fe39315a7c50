"""``flowcolor weights``: which pretrained weights are needed for what, and which are there."""

from collections.abc import Sequence
from pathlib import Path

from flowcolor.cli.options import OptionParser
from flowcolor.console import say
from flowcolor.errors import InputError
from flowcolor.io.files import is_file

# In the order of the table.
_PURPOSES = {
    "vgg16": "the perceptual loss; LPIPS with network vgg16",
    "vgg19": "SR, CR, content and style loss",
    "inception": "FID, KID",
    "alexnet": "LPIPS",
}
_FEATURES_MEGABYTES = {"vgg16": 56, "vgg19": 76, "alexnet": 9}


def table() -> str:
    """Return one paragraph for each network: its files, where they come from, which are there."""
    from flowcolor.pretrained.weights import WEIGHTS, cached_path

    places = {name: cached_path(name) for name in WEIGHTS}
    lines = [f"The weights are looked for in {places['vgg16'].parent}"]
    for name, purpose in _PURPOSES.items():
        known, whole = WEIGHTS[name], places[name]
        lines += ["", f"{name}, for {purpose}", *_row(name, whole, f"{known.megabytes} MB")]
        for other in known.others:
            size = f"{_FEATURES_MEGABYTES.get(name, known.megabytes)} MB"
            lines += _row(name, whole.with_name(other), size)
        lines.append(f"  from {known.url}")
    lines += [
        "",
        "One file of each network is enough. A missing one is downloaded when it is needed first.",
        "Without a network: put a file into the folder, or give its path where it is needed.",
        "To shrink a file of vgg16, vgg19 or alexnet: flowcolor weights --convert FILE",
    ]
    return "\n".join(lines)


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor weights`` with these words."""
    parser = _parser()
    parser.check(words)
    options = parser.parse_args(list(words))
    if options.output is not None and options.convert is None:
        raise InputError("--output expects --convert FILE beside it.")
    text = table() if options.convert is None else _converted(options.convert, options.output)
    say(text)


def _row(name: str, path: Path, size: str) -> list[str]:
    from flowcolor.pretrained.convert import problem

    state = "missing"
    try:
        if is_file(path):
            wrong = problem(name, path)
            state = f"there, but {wrong}" if wrong else "there"
    except (InputError, OSError):  # The others are still worth a line.
        state = "cannot be read"
    return [f"  {path.name:<42} {size:>6}  {state}"]


def _converted(source: Path, output: Path | None) -> str:
    from flowcolor.pretrained.convert import convert

    written = convert(source, output)
    megabytes = written.stat().st_size / 2**20
    return f"wrote {written} ({megabytes:.0f} MB instead of {source.stat().st_size / 2**20:.0f})"


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor weights",
        description="List the pretrained weights that loss and metrics look through, what they are "
        "needed for and whether they are there; or make a small file of a large one.",
    )
    parser.add_argument(
        "--convert",
        type=Path,
        metavar="FILE",
        help="a checkpoint of VGG16, VGG19 or AlexNet; its convolutional part is written as "
        "safetensors, a fraction of the size, and serves wherever these weights are asked for",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="where --convert writes to; by default where the weights are looked for",
    )
    return parser
