"""``flowcolor styles``: every content with the colours of every reference, in one picture."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flowcolor.cli.options import OptionParser, model_source
from flowcolor.cli.painters import chosen_painter
from flowcolor.console import complain, say, shown, warn
from flowcolor.errors import InputError, first_ten
from flowcolor.painting import How, paint

if TYPE_CHECKING:
    from torch import Tensor

    from flowcolor.inference import Painter

_Given = TypeVar("_Given")
_Result = TypeVar("_Result")
_DEFAULT_SIDE = 256  # Of methods that no training has bound to a size.


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor styles`` with these words."""
    options = _parser().read(words)
    if not 1 <= options.most <= 100:
        raise InputError(f"--most expects a number from 1 to 100, got {options.most}.")

    from flowcolor.io.apart import require_apart
    from flowcolor.io.files import is_dir
    from flowcolor.io.images import IMAGE_SUFFIXES, require_sides, write_image
    from flowcolor.io.picture_size import name_pages
    from flowcolor.io.places import require_place
    from flowcolor.io.same_file import protect

    output: Path = options.output
    if output.suffix.lower() not in IMAGE_SUFFIXES or is_dir(output):
        raise InputError(
            f"--output expects a file ending in {', '.join(IMAGE_SUFFIXES)}, got {output}."
        )
    if options.size == "own":  # All squares of a picture have one side.
        raise InputError("--size expects `trained` or a number of pixels, got 'own'.")
    painter = chosen_painter(options)
    how = How(size=options.size, draw=options.draw, gray=options.gray)
    _require_possible(painter, how)
    contents = _files("contents", options.contents)
    references = _files("references", options.references)
    require_place(output)
    model = [options.checkpoint] if isinstance(options.checkpoint, Path) else []
    # With the files beyond the first few, which are not painted.
    protect(output, [*contents, *references, *model])
    require_apart(output.parent, [*options.contents, *options.references], "--output")
    side = int(options.size) if options.size.isdecimal() else painter.size or _DEFAULT_SIDE
    for name, given in (("contents", contents), ("references", references)):
        if len(given) > options.most:
            beyond = len(given) - options.most
            warn(f"--most {options.most} leaves out the last {beyond} of {len(given)} {name}.")
    contents, references = contents[: options.most], references[: options.most]
    name_pages([*contents, *references])
    rows = 1 + (how.draw or how.gray) + len(references)
    require_sides(output, rows * side, (1 + len(contents)) * side)  # And the gaps in the end.
    picture, lost = _gallery(painter, how, contents, references, side)
    write_image(picture, output)
    first = "own photograph, then " if how.draw or how.gray else ""
    say(f"wrote {shown(output)} (columns: contents; rows: {first}references)")
    if lost:
        raise InputError(
            f"{len(lost)} of {len(contents) + len(references)} pictures were left out: "
            f"{first_ten([path.name for path in lost])}."
        )


def _require_possible(painter: "Painter", how: How) -> None:
    """Refuse a model that colours without references, or not with references alone."""
    how.require_possible()
    model = painter.colorizer
    if model.reference == "unused":
        raise InputError(f"{type(model).__name__} cannot use references: there are no styles.")
    if model.hints == "required":
        raise InputError(f"{type(model).__name__} expects hints, which flowcolor styles has not.")


def _gallery(
    painter: "Painter", how: How, contents: Sequence[Path], references: Sequence[Path], side: int
) -> tuple["Tensor", list[Path]]:
    """Paint every content like every reference; return the picture, and which files are not in it.

    Raises:
        InputError: Nothing can be painted.
    """
    from flowcolor.color import to_gray
    from flowcolor.data.sketches import GradientLines
    from flowcolor.evaluation.style_gallery import style_gallery

    read = partial(_square, side=side)
    columns = _those_that_can(read, dict(enumerate(contents)), contents)
    rows = _those_that_can(read, dict(enumerate(references)), references)
    photographs = how.draw or how.gray
    say(f"painting {len(columns) * (len(rows) + photographs)} pictures ...")

    def column(content: "Tensor") -> list["Tensor"]:
        given = [content] if photographs else []
        return [paint(painter, content, one, how).image for one in [*given, *rows.values()]]

    painted = _those_that_can(column, columns, contents)
    results = [iter(column) for column in painted.values()]
    photos = [columns[place] for place in painted]
    lines = GradientLines()
    drawn = [lines(photo, (side, side)) if how.draw else to_gray(photo) for photo in photos]
    picture = style_gallery(
        lambda number, _: next(results[number]),
        [content.expand(3, -1, -1) for content in drawn],
        list(rows.values()),
        photos if photographs else None,
    )
    lost = [path for place, path in enumerate(contents) if place not in painted]
    lost += [path for place, path in enumerate(references) if place not in rows]
    return picture, lost


def _those_that_can(
    do: Callable[[_Given], _Result], given: Mapping[int, _Given], paths: Sequence[Path]
) -> dict[int, _Result]:
    """Return what comes of each, by its place; one of which nothing does is named and left out.

    Args:
        do: Makes something of it.
        given: What is left, by place: a file may be given twice.
        paths: All files.

    Raises:
        InputError: Nothing comes of any.
    """
    results: dict[int, _Result] = {}
    errors: list[tuple[Path, InputError]] = []
    for place, one in given.items():
        try:
            results[place] = do(one)
        except InputError as error:
            errors.append((paths[place], error))
    if errors and not results:
        raise errors[0][1]
    for path, reason in errors:
        complain(f"left out {path}: {reason}")
    return results


def _files(name: str, given: Sequence[Path]) -> list[Path]:
    """Return all files, those of folders included."""
    from flowcolor.io.files import exists, is_dir
    from flowcolor.io.listing import list_images

    found: list[Path] = []
    for path in given:
        if not exists(path):
            raise InputError(
                f"--{name} expects images or folders of them, got {path}, which does not exist."
            )
        found += list_images(path) if is_dir(path) else [path]
    return found


def _square(path: Path, side: int) -> "Tensor":
    from flowcolor.io.images import read_image
    from flowcolor.io.resizing import center_square, resize
    from flowcolor.working_size import check_size

    square = center_square(read_image(path))
    check_size(square, side, "A square", "choose a smaller size (--size)")
    return resize(square, (side, side)).clamp(0, 1)


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor styles",
        description="Colour several pictures with the colours of several photographs each, and lay "
        "the results out in one picture: a column for each content, a row for each reference.",
    )
    add = parser.add_argument
    add("--contents", type=Path, nargs="+", required=True, help="drawings, or folders of them")
    add("--references", type=Path, nargs="+", required=True, help="photographs, or folders of them")
    add("--output", type=Path, required=True, help="the picture")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--gray",
        action="store_true",
        help="the contents are photographs, of which the luma is coloured; the first row then has "
        "each one's own colours",
    )
    kinds.add_argument(
        "--draw",
        action="store_true",
        help="the contents are photographs, of which the lines are painted; the first row then has "
        "each one's own colours",
    )
    add("--most", type=int, default=8, help="of many files, so many contents and references")
    add(
        "--checkpoint",
        type=model_source,
        help="a .ckpt or .safetensors file of flowcolor, or hf://user/name",
    )
    add("--method", help="instead of a checkpoint, a method by name; see flowcolor methods")
    add("--set", nargs="+", metavar="NAME=VALUE", help="options of the method")
    add(
        "--size",
        default="trained",
        help="side in pixels of the squares to which all are cut: `trained`, that of the model's "
        "training, or a number",
    )
    add("--device", default="cpu", help="where the model runs, for instance cuda")
    return parser
