"""``flowcolor export``: write a model for runtimes that know nothing of this library."""

import time
from collections.abc import Sequence
from pathlib import Path

from flowcolor.cli.options import OptionParser, model_source
from flowcolor.console import say, shown
from flowcolor.errors import InputError
from flowcolor.io.files import is_dir
from flowcolor.io.places import require_place
from flowcolor.io.same_file import protect


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor export`` with these words."""
    options = _parser().read(words)
    output: Path = options.output
    suffix = {"onnx": ".onnx", "torch": ".pt2"}[options.format]
    if output.suffix.lower() != suffix or is_dir(output):
        raise InputError(
            f"--output expects a file ending in {suffix} for --format {options.format}, "
            f"got {output}."
        )
    require_place(output)
    if isinstance(options.checkpoint, Path):
        protect(output, [options.checkpoint])
    say(f"Exporting {shown(options.checkpoint)}; this takes some minutes ...")
    start = time.monotonic()

    from flowcolor.deploy.export import export_model
    from flowcolor.inference import load

    painter = load(options.checkpoint)
    model = painter.colorizer
    export_model(model, output, options.format)
    size = f"{painter.size}x{painter.size}" if painter.size else "an unknown size"
    say(
        f"wrote {shown(output)} ({output.stat().st_size / 2**20:.1f} MB, "
        f"{time.monotonic() - start:.0f} seconds)\n"
        f"  takes drawing and reference, both (batch, 3, height, width), float32 from 0 to 1, "
        f"sides multiples\n  of {model.multiple} and at least {2 * model.multiple}, and returns "
        f"picture, of the same shape; trained at {size}\n"
        "  left out: cleaning of drawings, the drawing's own lines at its own size, --check"
    )


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor export",
        description="Write a model as ONNX or as a torch.export program, for any batch and any "
        "sides that are multiples of the model's. Only what the model computes is exported: no "
        "cleaning of drawings, no lines at the drawing's own size, no checks of inputs, no "
        "round trip. Of the methods, SketchColorFlow can be exported.",
    )
    add = parser.add_argument
    add(
        "--checkpoint",
        type=model_source,
        default="faces",
        help="a .ckpt or .safetensors file, hf://user/name, or a model of the package",
    )
    add("--format", choices=("onnx", "torch"), default="onnx", help="what to write")
    add("--output", type=Path, required=True, help="the file, ending in .onnx or .pt2")
    return parser
