"""``flowcolor colorize``: colour a drawing or a grey photograph, or a folder of them."""

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flowcolor.cli.jobs import Job, choose_references, find_jobs, protect_inputs
from flowcolor.cli.options import OptionParser, check_device, model_source
from flowcolor.cli.settings import read_settings
from flowcolor.console import complain, say
from flowcolor.errors import InputError, first_ten
from flowcolor.painting import How, paint

if TYPE_CHECKING:
    from flowcolor.inference import Painter
    from flowcolor.models import Colorizer


def colorize(jobs: Sequence[Job], painter: "Painter", how: How) -> None:
    """Paint every job and print what was written; of several, one that fails is left out.

    Args:
        jobs: What to paint.
        painter: What paints.
        how: In which way.

    Raises:
        InputError: A file cannot be read or written: the only one, or in the end, after all others
            have been painted, how many and which.
    """
    failed, start = [], time.monotonic()
    for done, job in enumerate(jobs, 1):
        try:
            text = _paint_one(job, painter, how)
        except InputError as error:
            if len(jobs) == 1:
                raise
            failed.append(job.content.name)
            complain(f"left out {job.content}: {error}")
        else:
            say(text)
        if len(jobs) > 1 and done < len(jobs):
            left = (time.monotonic() - start) / done * (len(jobs) - done)
            say(f"{done} of {len(jobs)}, about {_minutes(left)} left")
    if failed:
        raise InputError(
            f"{len(failed)} of {len(jobs)} {'photograph' if how.gray else 'drawing'}s could not be "
            f"painted: {first_ten(failed)}."
        )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds > 90 else f"{max(1, round(seconds))} seconds"


def _paint_one(job: Job, painter: "Painter", how: How) -> str:
    """Paint one picture, write it, and return what to say of it."""
    from flowcolor.io.images import read_image, write_image
    from flowcolor.models.hint_files import read_hints

    picture = read_image(job.content)
    reference = None if job.reference is None else read_image(job.reference)
    hints = None if job.hints is None else read_hints(job.hints, picture)
    painted = paint(painter, picture, reference, how, hints)
    write_image(painted.image, job.output)
    height, width = painted.worked_at
    lines = [f"wrote {job.output} (painted at {width}x{height})"]
    if painted.said:
        lines.append(f"  the drawing: {', '.join(painted.said)} (--no-clean leaves it as it is)")
    lines += [f"  notice: {notice}" for notice in painted.notices]
    if how.check:
        errors = {
            "photograph": painted.photo_error,
            "latent": painted.latent_error,
            "drawing recovered from the result": painted.sketch_error,
        }
        measured = ", ".join(f"{k} {v:.1e}" for k, v in errors.items() if not math.isnan(v))
        lines.append(
            f"  round trip of what the model computed: {measured} "
            "(largest errors, colours from 0 to 1)"
        )
    return "\n".join(lines)


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor colorize`` with these words."""
    parser = _parser()
    parser.check(words)
    options = parser.parse_args(list(words))
    gray = options.content is not None
    how = How(options.size, options.lines, options.clean, options.draw, options.check, gray)
    how.require_possible()
    painter = _chosen(options)
    _check_traits(painter.colorizer, options)
    picture, option = (options.content, "--content") if gray else (options.sketch, "--sketch")
    jobs = find_jobs(picture, options.reference, options.output, options.hints, option)
    if options.gallery is not None:
        jobs = choose_references(jobs, options.gallery)
    protect_inputs(jobs)
    colorize(jobs, painter, how)


def _chosen(options: argparse.Namespace) -> "Painter":
    """Return what --method or --checkpoint names, or else the packaged model."""
    from flowcolor.inference import Painter, load
    from flowcolor.models.methods import untrained_method

    method, device = options.method, check_device(options.device)
    if method is not None and options.checkpoint is not None:
        raise InputError("flowcolor colorize expects either --method or --checkpoint, got both.")
    if options.set:
        if method is None:
            raise InputError("--set expects --method, whose options it sets, got none.")
        model = untrained_method(method, read_settings(options.set))
        return Painter(model.to(device), 0, method)
    return load(options.checkpoint or method or "faces", device)


def _check_traits(model: "Colorizer", options: argparse.Namespace) -> None:
    """Refuse before any file is read what the method needs and has not, or cannot use."""
    name = type(model).__name__
    content = "drawing" if options.content is None else "gray"
    if content not in model.content:
        wanted = "--sketch, a drawing" if content == "gray" else "--content, a grey photograph"
        raise InputError(f"{name} expects {wanted}, got {options.content or options.sketch}.")
    for argument, what in (
        ("reference", "a photograph or a folder of them"),
        ("hints", "a copy of the picture with marks in colour"),
    ):
        use, value = getattr(model, argument), getattr(options, argument)
        if argument == "reference":
            value = value or options.gallery
        if use == "required" and value is None:
            raise InputError(f"{name} expects --{argument}, {what}, got none.")
        if use == "unused" and value is not None:
            raise InputError(f"{name} cannot use --{argument}, got {value}.")
    if options.check and not model.exact:
        raise InputError(f"--check expects a method that can be run backwards, got {name}.")


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor colorize",
        description="Paint a drawing, or colour a grey photograph. Images may have any size and "
        "format; the result has the size of the picture.",
    )
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
    parser.add_argument(
        "--hints",
        type=Path,
        help="colours at points: a transparent picture that is painted where a colour is given, or "
        "a copy of the drawing or grey photograph with marks in colour; or a folder of such files",
    )
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
    return parser
