"""``flowcolor colorize``: colour a drawing or a grey photograph, or a folder of them."""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flowcolor.cli.box_jobs import give_boxes
from flowcolor.cli.colorize_options import make_parser
from flowcolor.cli.job_hints import hints_of, of_pages
from flowcolor.cli.jobs import Job, choose_references, find_jobs, protect_inputs, protect_plots
from flowcolor.cli.painters import chosen_painters
from flowcolor.cli.trace import begin_traces, whole_traces
from flowcolor.cli.vary import paint_variants, require_one_picture
from flowcolor.console import complain, say, shown
from flowcolor.errors import InputError, first_ten
from flowcolor.io.disk_errors import is_full
from flowcolor.painting import How, paint

if TYPE_CHECKING:
    from torch import Tensor

    from flowcolor.inference import Painter
    from flowcolor.models import Colorizer
    from flowcolor.models.dots import Dot
    from flowcolor.pretrained.face_finder import Face


def colorize(
    jobs: Sequence[Job],
    painter: "Painter",
    how: How,
    dots: Sequence["Dot"] = (),
    plots: bool = False,
) -> None:
    """Paint every job and print what was written; of several, one that fails is left out.

    Args:
        jobs: What to paint.
        painter: What paints.
        how: In which way.
        dots: Colours at places, the same for all.
        plots: Whether to draw what was changed beside each result.

    Raises:
        InputError: A file cannot be read or written: the only one, or in the end, after all others
            have been painted, how many and which. Or the disk is full.
    """
    failed, start = [], time.monotonic()
    # One reference is often for all: it is read, and its face looked for, once.
    reading = lru_cache(maxsize=1)(partial(_read_reference, painter, how))
    for done, job in enumerate(jobs, 1):
        try:
            text = _paint_one(job, painter, how, dots, plots, reading)
        except InputError as error:
            # Nothing that is painted from now on could be written, either.
            if len(jobs) == 1 or is_full(error.__cause__):
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


def _read_reference(
    painter: "Painter", how: How, path: Path | None
) -> tuple["Tensor | None", "Face | None"]:
    """Read a reference, and find its face where that will be laid on the drawing's."""
    from flowcolor.io.images import read_image

    if path is None:
        return None, None
    reference = read_image(path)
    return reference, painter.face_of(reference) if how.align and not how.gray else None


def _paint_one(
    job: Job,
    painter: "Painter",
    how: How,
    dots: Sequence["Dot"],
    plots: bool,
    reading: Callable[[Path | None], tuple["Tensor | None", "Face | None"]],
) -> str:
    """Paint one picture, write it, and return what to say of it."""
    from flowcolor.io.images import read_image, require_sides, write_image

    picture = read_image(job.content)
    require_sides(job.output, picture.shape[-2], picture.shape[-1])
    reference, face = reading(job.reference)
    hints = hints_of(job, picture, dots)
    painted = paint(painter, picture, reference, how, hints, face)
    write_image(painted.image, job.output)
    height, width = painted.worked_at
    lines = [f"wrote {shown(job.output)} (painted at {width}x{height})"]
    if painted.said:
        lines.append(f"  the drawing: {', '.join(painted.said)} (--no-clean leaves it as it is)")
    if painted.aligned:
        lines.append("  the reference: laid with its face on the drawing's (--no-align leaves it)")
    lines += [f"  notice: {notice}" for notice in [*of_pages(job), *painted.notices]]
    if plots:
        from flowcolor.color import to_gray
        from flowcolor.evaluation.plots import draw_plots

        content = to_gray(picture).expand(3, -1, -1)
        draw_plots(content, painted.image, job.plots, reference)
        lines.append(f"  wrote {shown(job.plots)}")
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
    options = make_parser().read(words)
    from flowcolor.models.dots import read_dots

    gray = options.content is not None
    how = How(
        size=options.size,
        lines=options.lines,
        clean=options.clean,
        align=options.align,
        draw=options.draw,
        check=options.check,
        gray=gray,
    )
    how.require_possible()
    for option in ("--clean", "--align"):  # They are the defaults, so only the words show them.
        if gray and option in words:
            raise InputError(f"{option} expects --sketch, a drawing, got --content.")
    painters = chosen_painters(options)
    for painter in painters.values():
        _check_traits(painter.colorizer, options)
        if "--align" in words and not painter.size:  # As of those that look at no faces.
            name = type(painter.colorizer).__name__
            raise InputError(f"--align expects a trained model, got {name}.")
    picture, option = (options.content, "--content") if gray else (options.sketch, "--sketch")
    dots = read_dots(options.dots or [])
    jobs = find_jobs(picture, options.reference, options.output, options.hints, option)
    unread: list[Path] = []
    if options.gallery is not None:
        jobs, unread = choose_references(jobs, options.gallery)
    jobs = give_boxes(jobs, options.boxes, picture)
    protect_inputs(jobs, options.checkpoint)
    if options.vary:
        require_one_picture(jobs, {"--plots": options.plots, "--check": options.check})
    if options.plots:
        import_module("matplotlib")  # Before anything is painted that could not be shown.
        protect_plots(jobs, options.checkpoint)
    traces = []
    if options.trace is not None:
        read = [path for path in (picture, options.gallery) if path is not None]
        results = [job.output for job in jobs]
        traces = begin_traces(list(painters.values()), options.trace, results, read)
    with whole_traces(traces):
        if options.vary:
            say(paint_variants(jobs[0], painters, how, dots))
        else:
            colorize(jobs, painters["result"], how, dots, options.plots)
        for trace in traces:
            say(trace.write())
    if unread:
        raise InputError(
            f"{len(unread)} of the photographs of {options.gallery} could not be read: "
            f"{first_ten([path.name for path in unread])}."
        )


def _check_traits(model: "Colorizer", options: argparse.Namespace) -> None:
    """Refuse before any file is read what the method needs and has not, or cannot use."""
    name = type(model).__name__
    content = "drawing" if options.content is None else "gray"
    if content not in model.content:
        wanted = "--sketch, a drawing" if content == "gray" else "--content, a grey photograph"
        raise InputError(f"{name} expects {wanted}, got {options.content or options.sketch}.")
    for argument, what in (
        ("reference", "a photograph or a folder of them"),
        ("hints", "a copy of the picture with marks in colour, or --dots"),
        ("boxes", "a JSON file of boxes around the objects"),
    ):
        use, value = getattr(model, argument), getattr(options, argument)
        option = argument
        if argument == "reference" and options.gallery is not None:
            option, value = "gallery", options.gallery
        elif argument == "hints" and options.dots:
            option, value = "dots", " ".join(options.dots)
        if use == "required" and value is None:
            raise InputError(f"{name} expects --{argument}, {what}, got none.")
        if use == "unused" and value is not None:
            raise InputError(f"{name} cannot use --{option}, got {value}.")
    if options.check and not model.exact:
        raise InputError(f"--check expects a method that can be run backwards, got {name}.")
