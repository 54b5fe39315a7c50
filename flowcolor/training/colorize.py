"""``flowcolor colorize``: paint a drawing, or a folder of drawings, with a trained model."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.options import OptionParser, check_device


@dataclass(frozen=True)
class Job:
    """One drawing, the photograph that gives it its colours, and where the result goes."""

    sketch: Path
    reference: Path
    output: Path


def find_jobs(sketch: Path, reference: Path, output: Path) -> list[Job]:
    """Pair files, or the files of folders by stem; a single photograph serves all drawings.

    Raises:
        InputError: A file or folder is missing, or a drawing has no photograph.
    """
    from flowcolor.data.images import IMAGE_SUFFIXES, list_images

    _require_exists("--sketch", sketch)
    _require_exists("--reference", reference)
    is_folder = output.is_dir() or output.suffix.lower() not in IMAGE_SUFFIXES
    if sketch.is_file():
        if reference.is_dir():
            raise InputError(
                f"--reference expects one photograph for the one drawing {sketch}, got the folder "
                f"{reference}."
            )
        if output.suffix and not output.is_dir() and is_folder:
            raise InputError(
                f"--output expects a folder or a file ending in {', '.join(IMAGE_SUFFIXES)}, "
                f"got {output}."
            )
        return [Job(sketch, reference, output / f"{sketch.stem}.png" if is_folder else output)]
    if not is_folder:
        raise InputError(f"--output expects a folder for the drawings of {sketch}, got {output}.")
    drawings = list_images(sketch)
    photos = {path.stem: path for path in list_images(reference)} if reference.is_dir() else {}
    missing = [path.name for path in drawings if photos and path.stem not in photos]
    if missing:
        raise InputError(
            f"{reference} expects a photograph with the stem of each drawing, got none for "
            f"{len(missing)} of {len(drawings)}: {', '.join(missing[:10])}"
            f"{' and more' if len(missing) > 10 else ''}."
        )
    return [
        Job(path, photos.get(path.stem, reference), output / f"{path.stem}.png")
        for path in drawings
    ]


def colorize(jobs: Sequence[Job], checkpoint: Path, size: str, device: str, check: bool) -> None:
    """Paint every job and print what was written.

    Raises:
        InputError: A file cannot be read or written, or an option has an unknown value.
    """
    from flowcolor.data.images import read_image, read_sketch, write_image
    from flowcolor.training.checkpoint import read_weights
    from flowcolor.training.paint import paint

    weights = read_weights(checkpoint)
    shorter = _shorter_side(size, weights.size)
    model = weights.build().to(check_device(device))
    for job in jobs:
        sketch, reference = read_sketch(job.sketch), read_image(job.reference)
        painted = paint(model, sketch, reference, shorter, check)  # type: ignore[arg-type]
        write_image(painted.image, job.output)
        height, width = painted.worked_at
        lines = [f"wrote {job.output} (painted at {width}x{height})"]
        if check:
            lines.append(
                f"  round trip: photograph {painted.photo_error:.1e}, latent "
                f"{painted.latent_error:.1e}, drawing recovered from the result "
                f"{painted.sketch_error:.1e} (largest errors, colours from 0 to 1)"
            )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor colorize`` with these words."""
    parser = _parser()
    parser.check(words)
    options = parser.parse_args(list(words))
    jobs = find_jobs(options.sketch, options.reference, options.output)
    colorize(jobs, options.checkpoint, options.size, options.device, options.check)


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
        required=True,
        help="a photograph, for all drawings, or a folder whose files are named like the drawings",
    )
    parser.add_argument(
        "--checkpoint", type=Path, required=True, help="a .ckpt or .safetensors file of flowcolor"
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
    parser.add_argument("--device", default="cpu", help="where the model runs, for instance cuda")
    parser.add_argument(
        "--check",
        action="store_true",
        help="also report how exactly the model runs backwards on each pair: no line was lost if "
        "the drawing can be recovered from the result",
    )
    return parser


def _require_exists(option: str, path: Path) -> None:
    if not path.exists():
        raise InputError(
            f"{option} expects an image or a folder, got {path}, which does not exist."
        )


def _shorter_side(size: str, trained: int) -> int | None:
    if size == "own":
        return None
    if size == "trained":
        return trained or None
    if size.isdecimal() and 0 < int(size) <= 16384:
        return int(size)
    raise InputError(
        f"--size expects `trained`, `own` or a number of pixels up to 16384, got {size!r}."
    )
