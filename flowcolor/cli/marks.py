"""``flowcolor marks``: colours at points, taken from a photograph as a user might mark them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flowcolor.bounds import whole_within
from flowcolor.cli.options import OptionParser
from flowcolor.console import say, shown
from flowcolor.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor marks`` with these words."""
    parser = _parser()
    options = parser.read(words)
    from flowcolor.data.photo_marks import edge_marks, random_marks, region_marks
    from flowcolor.io.images import read_image
    from flowcolor.io.places import require_place
    from flowcolor.io.same_file import protect
    from flowcolor.models.hint_files import COLORLESS

    if options.output.suffix.lower() != ".png":
        raise InputError(f"--output expects a file ending in .png, got {options.output}.")
    require_place(options.output)
    protect(options.output, [options.photo])
    if not 0 < options.share < 1:
        raise InputError(f"--share expects a number between 0 and 1, got {options.share:g}.")
    whole_within("--regions", options.regions, 1, 10_000)
    whole_within("--seed", options.seed, 0)
    for at, names in {"random": ("share", "seed"), "regions": ("regions",)}.items():
        if options.at != at:
            parser.refuse_given(options, names, f"--at {at}")
    photo = read_image(options.photo)
    if float((photo.amax(0) - photo.amin(0)).amax()) < COLORLESS:
        raise InputError(f"{options.photo} expects a photograph in colour, got grey.")
    if options.at == "random":
        marks = random_marks(photo, options.share, options.seed)
    elif options.at == "regions":
        marks = region_marks(photo, options.regions)
    else:
        marks = edge_marks(photo)
    if not bool(marks.any()) or bool(marks.all()):
        raise InputError(
            f"{options.photo} expects places to mark and others, got {int(marks.sum())} marks for "
            f"{marks.numel()} pixels."
        )
    write_marks(photo, marks, options.output)
    say(f"wrote {shown(options.output)} ({int(marks.sum())} of {marks.numel()} pixels)")


def write_marks(photo: "Tensor", marks: "Tensor", path: Path) -> None:
    """Write the marked pixels of a photograph as a layer that is transparent elsewhere.

    Args:
        photo: :math:`(3, H, W)` in [0, 1].
        marks: :math:`(H, W)`, true where a colour is given.
        path: The file, a PNG.

    Raises:
        InputError: It cannot be written.
    """
    import torch
    from PIL import Image

    from flowcolor.io.images import to_uint8
    from flowcolor.io.whole_file import whole_file

    layer = to_uint8(torch.cat([photo * marks, marks[None].to(photo)]))
    with whole_file(path) as file:
        Image.fromarray(layer.movedim(0, -1).numpy()).save(file, format="PNG")


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor marks",
        description="Take colours at points from a photograph, to try methods that need some: a "
        "transparent PNG for --hints.",
    )
    add = parser.add_argument
    add("--photo", type=Path, required=True, help="a photograph in colour")
    add("--output", type=Path, required=True, help="the layer, a PNG of the photograph's size")
    add(
        "--at",
        choices=("random", "regions", "edges"),
        default="regions",
        help="at pixels drawn by chance, in the middle of regions, or on both sides of edges",
    )
    add("--share", type=float, default=0.05, help="share of the pixels, with random")
    add("--seed", type=int, default=0, help="of the chance, with random")
    add("--regions", type=int, default=12, help="about how many, with regions")
    return parser
