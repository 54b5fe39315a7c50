"""``flowcolor colorize``: paint a drawing, or a folder of drawings, with colours of photographs."""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flowcolor.cli.options import OptionParser, check_device, model_source
from flowcolor.console import complain, say
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import exists, is_dir, is_file
from flowcolor.painting import How, paint, shorter_side

if TYPE_CHECKING:
    from flowcolor.inference import Painter
    from flowcolor.models import Colorizer


@dataclass(frozen=True)
class Job:
    """One drawing, the photograph that gives it its colours, and where the result goes."""

    sketch: Path
    reference: Path | None
    output: Path


def find_jobs(sketch: Path, reference: Path | None, output: Path) -> list[Job]:
    """Pair files, or the files of folders by stem; a single photograph serves all drawings.

    Without a reference, for a method that uses none, every drawing stands alone.

    Raises:
        InputError: A file or folder is missing, or a drawing has no photograph.
    """
    from flowcolor.io.images import IMAGE_SUFFIXES, list_images, own_stem, pairing_stem

    _require_exists("--sketch", sketch)
    if reference is not None:
        _require_exists("--reference", reference)
    is_folder = is_dir(output) or output.suffix.lower() not in IMAGE_SUFFIXES
    if is_file(sketch):
        if reference is not None and is_dir(reference):
            raise InputError(
                f"--reference expects one photograph for the one drawing {sketch}, got the folder "
                f"{reference}."
            )
        if output.suffix and not is_dir(output) and is_folder:
            raise InputError(
                f"--output expects a folder or a file ending in {', '.join(IMAGE_SUFFIXES)}, "
                f"got {output}."
            )
        return [Job(sketch, reference, output / f"{sketch.stem}.png" if is_folder else output)]
    if not is_folder:
        raise InputError(f"--output expects a folder for the drawings of {sketch}, got {output}.")
    drawings = list_images(sketch)
    nested = any(path.parent != sketch for path in drawings)
    if nested and sketch.resolve() in (output / "file").resolve().parents:
        # The next call would take these results for drawings.
        raise InputError(
            f"--output expects a folder outside of {sketch}, whose subfolders hold the drawings, "
            f"got {output}."
        )
    photos = {}
    if reference is not None and is_dir(reference):
        photos = {pairing_stem(path, reference): path for path in list_images(reference)}
    stems = [pairing_stem(path, sketch) for path in drawings]
    missing = [
        path.relative_to(sketch).as_posix()
        for path, stem in zip(drawings, stems, strict=True)
        if photos and stem not in photos
    ]
    if missing:
        raise InputError(
            f"{reference} expects a photograph with the stem of each drawing, got none for "
            f"{len(missing)} of {len(drawings)}: {first_ten(missing)}."
        )
    return [
        Job(path, photos.get(stem, reference), output / f"{own_stem(path, sketch)}.png")
        for path, stem in zip(drawings, stems, strict=True)
    ]


def protect_inputs(jobs: Sequence[Job]) -> None:
    """Refuse jobs that would write over a drawing or photograph.

    Raises:
        InputError: Before anything is painted; it names the file.
    """
    inputs = {_identity(path) for job in jobs for path in (job.sketch, job.reference) if path}
    inputs.discard(None)
    for job in jobs:
        if _identity(job.output) in inputs:
            raise InputError(
                f"--output expects a place that holds no input, got {job.output}, which is a "
                "drawing or photograph of this very call and would be overwritten."
            )


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what all names of one file share, links and other spellings; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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
            failed.append(job.sketch.name)
            complain(f"left out {job.sketch}: {error}")
        else:
            say(text)
        if len(jobs) > 1 and done < len(jobs):
            left = (time.monotonic() - start) / done * (len(jobs) - done)
            say(f"{done} of {len(jobs)}, about {_minutes(left)} left")
    if failed:
        raise InputError(
            f"{len(failed)} of {len(jobs)} drawings could not be painted: {first_ten(failed)}."
        )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds > 90 else f"{max(1, round(seconds))} seconds"


def _paint_one(job: Job, painter: "Painter", how: How) -> str:
    """Paint one drawing, write it, and return what to say of it."""
    from flowcolor.io.images import read_image, write_image

    reference = None if job.reference is None else read_image(job.reference)
    painted = paint(painter, read_image(job.sketch), reference, how)
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
    how = How(options.size, options.lines, options.clean, options.draw, options.check)
    shorter_side(how.size)
    painter = _chosen(options.method, options.checkpoint, options.device)
    _check_traits(painter.colorizer, options.reference, options.check)
    jobs = find_jobs(options.sketch, options.reference, options.output)
    protect_inputs(jobs)
    colorize(jobs, painter, how)


def _chosen(method: str | None, checkpoint: str | Path | None, device: str) -> "Painter":
    """Return what --method or --checkpoint names, or else the packaged model."""
    from flowcolor.inference import load

    if method is not None and checkpoint is not None:
        raise InputError("flowcolor colorize expects either --method or --checkpoint, got both.")
    return load(checkpoint or method or "faces", check_device(device))


def _check_traits(model: "Colorizer", reference: Path | None, check: bool) -> None:
    """Refuse before any file is read what the method needs and has not, or cannot use."""
    name = type(model).__name__
    if model.reference == "required" and reference is None:
        raise InputError(f"{name} expects --reference, a photograph or a folder of them, got none.")
    if model.reference == "unused" and reference is not None:
        raise InputError(f"{name} cannot use --reference, got {reference}.")
    if check and not model.exact:
        raise InputError(f"--check expects a method that can be run backwards, got {name}.")


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor colorize",
        description="Paint a drawing with the colours of a photograph. Images may have any size "
        "and format; the result has the size of the drawing.",
    )
    parser.add_argument("--sketch", type=Path, required=True, help="a drawing, or a folder of them")
    parser.add_argument(
        "--reference",
        type=Path,
        help="a photograph, for all drawings, or a folder whose files are named like the drawings",
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


def _require_exists(option: str, path: Path) -> None:
    if not exists(path):
        raise InputError(
            f"{option} expects an image or a folder, got {path}, which does not exist."
        )
