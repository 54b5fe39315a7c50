"""The options of ``flowcolor colorize``."""

import argparse
from pathlib import Path

from flowcolor.cli.options import OptionParser, model_source


def make_parser() -> OptionParser:
    """Return the parser of the command line."""
    parser = OptionParser(
        prog="flowcolor colorize",
        description="Paint a drawing, or colour a grey photograph. Images may have any size and "
        "format; the result has the size of the picture.",
    )
    _add_pictures(parser)
    _add_model(parser)
    _add_manner(parser)
    return parser


def _add_pictures(parser: OptionParser) -> None:
    """Add what is painted and what gives it its colours."""
    contents = parser.add_mutually_exclusive_group(required=True)
    contents.add_argument("--sketch", type=Path, help="a drawing, or a folder of them")
    contents.add_argument(
        "--content", type=Path, help="instead of a drawing, a grey photograph, or a folder of them"
    )
    lending = parser.add_mutually_exclusive_group()
    lending.add_argument(
        "--reference",
        type=Path,
        help="a photograph, for all drawings, or a folder whose files are named like the drawings",
    )
    lending.add_argument(
        "--gallery",
        type=Path,
        help="instead of a reference, a folder of photographs: that which looks most like the "
        "drawing or grey photograph is taken",
    )
    points = parser.add_mutually_exclusive_group()
    points.add_argument(
        "--hints",
        type=Path,
        help="colours at points: a transparent picture that is painted where a colour is given, or "
        "a copy of the drawing or grey photograph with marks in colour; or a folder of such files",
    )
    points.add_argument(
        "--dots",
        nargs="+",
        metavar="X,Y=COLOUR",
        help="instead of a file of hints, colours at places in pixels from the upper left corner, "
        "as 120,80=#3366cc or 120,80=red",
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        help="for methods that look at objects one by one, a JSON file of boxes around them, "
        "[[left, top, right, bottom], ...] in pixels, or a folder of such files",
    )


def _add_model(parser: OptionParser) -> None:
    """Add what paints, and what refines its result."""
    parser.add_argument(
        "--checkpoint",
        type=model_source,
        help="a .ckpt or .safetensors file of flowcolor, or hf://user/name",
    )
    parser.add_argument(
        "--method",
        help="instead of a checkpoint, a model of the package (faces, the default) or a method "
        "without weights; see flowcolor methods",
    )
    parser.add_argument(
        "--set",
        nargs="+",
        metavar="NAME=VALUE",
        help="options of the method, as --set system=normal neighbors=4 for levin",
    )
    parser.add_argument(
        "--vary",
        nargs="+",
        action="append",
        metavar="NAME=VALUE",
        help="given several times: one result for each, with these options of the method on top of "
        "those of --set, all in one picture beside what was given",
    )
    parser.add_argument(
        "--then",
        nargs="+",
        metavar="WORD",
        help="refine the result: gatys, and its options as NAME=VALUE",
    )
    parser.add_argument(
        "--trace",
        type=Path,
        metavar="FOLDER",
        help="of a picture that gatys optimises, write its losses and every hundredth step there",
    )


def _add_manner(parser: OptionParser) -> None:
    """Add where the result goes, how it is painted, and what is reported of it."""
    parser.add_argument(
        "--output", type=Path, required=True, help="an image file, or a folder for <drawing>.png"
    )
    parser.add_argument(
        "--size",
        default="trained",
        help="shorter side in pixels at which the model works: `trained`, the size of its training "
        "images, at which its colours are best; `own`, the drawing's, which keeps the finest "
        "lines; or a number. The result is scaled back to the drawing's size",
    )
    parser.add_argument(
        "--lines",
        choices=("keep", "blend", "model"),
        default="keep",
        help="whose lines the result has: the drawing's own at its own size (keep), those that the "
        "model painted, enlarged (model), or the mean of both (blend)",
    )
    parser.add_argument(
        "--clean",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="make paper white and strokes dark first, and cut a page to its strokes",
    )
    parser.add_argument(
        "--align",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="where both have a face, move and scale the reference so that they lie alike",
    )
    parser.add_argument(
        "--draw",
        action="store_true",
        help="the drawing is given as a photograph, whose lines are drawn first",
    )
    parser.add_argument("--device", default="cpu", help="where the model runs, for instance cuda")
    parser.add_argument(
        "--check",
        action="store_true",
        help="also report how exactly the model runs backwards on each pair: no line was lost if "
        "the drawing can be recovered from the result",
    )
    parser.add_argument(
        "--plots",
        action="store_true",
        help="also write <output>-plots.png: histograms of drawing or grey photograph, reference "
        "and result, and what was changed in luma and chroma",
    )
