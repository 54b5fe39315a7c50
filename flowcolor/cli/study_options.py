"""The options of ``flowcolor study``."""

from pathlib import Path

from flowcolor.cli.options import OptionParser


def make_parser() -> OptionParser:
    """Return the parser of ``flowcolor study make``."""
    parser = OptionParser(
        prog="flowcolor study make",
        description="Write a page that asks people how well each method colours, or which of two "
        "pictures is real. Files are matched by their names without suffix.",
    )
    add = parser.add_argument
    add(
        "--methods",
        nargs="+",
        required=True,
        metavar="NAME=FOLDER",
        help="a folder of results for each method",
    )
    add("--sketches", type=Path, help="folder of the drawings, for --kind grade")
    add("--references", type=Path, help="folder of the references, for --kind grade")
    add("--truth", type=Path, help="folder of the photographs that were drawn")
    add("--output", type=Path, required=True, help="the new folder to write")
    add(
        "--kind",
        choices=("grade", "fool"),
        default="grade",
        help="five grades for every method, or which of two pictures is real",
    )
    add(
        "--content",
        choices=("drawing", "gray"),
        default="drawing",
        help="what was coloured, drawings or grey photographs, as participants are told",
    )
    add("--pairs", type=int, default=30, help="drawings that are chosen, half for each question")
    add("--seed", type=int, default=0, help="chooses the drawings and the letters")
    add("--size", type=int, default=256, help="side of all pictures in pixels")
    add(
        "--minimum_seconds",
        type=float,
        default=3.0,
        help="who needs less for a page, in the median, is not counted",
    )
    add(
        "--layout",
        choices=("beside", "after"),
        default="beside",
        help="with --kind fool: two pictures beside each other or one after the other",
    )
    add(
        "--seconds",
        type=float,
        default=0.0,
        help="with --kind fool: how long a picture is shown; 0: until the answer",
    )
    return parser


def import_parser() -> OptionParser:
    """Return the parser of ``flowcolor study import``."""
    parser = OptionParser(
        prog="flowcolor study import",
        description="Turn the CSV export of a survey site, a row for each participant, into files "
        "of answers.",
    )
    add = parser.add_argument
    add("export", type=Path, help="the CSV file; items such as p07-A stand in its headings")
    add("--key", type=Path, required=True, help="the key.json of the study")
    add("--output", type=Path, required=True, help="the folder for answers-NUMBER.json")
    return parser


def report_parser() -> OptionParser:
    """Return the parser of ``flowcolor study report``."""
    parser = OptionParser(
        prog="flowcolor study report",
        description="Count the answers of a study and say what is more than chance.",
    )
    add = parser.add_argument
    add("answers", type=Path, nargs="+", help="files of answers")
    add("--key", type=Path, required=True, help="the key.json of the study")
    add("--output", type=Path, default=Path("runs/study"), help="folder of the files")
    add("--resamples", type=int, default=9999, help="of the bootstrap")
    return parser
