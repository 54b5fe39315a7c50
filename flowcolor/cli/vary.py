"""``--vary``: one picture by several settings of a method, side by side."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flowcolor.cli.job_hints import hints_of, of_pages
from flowcolor.cli.jobs import Job
from flowcolor.console import shown
from flowcolor.errors import InputError
from flowcolor.painting import How, paint

if TYPE_CHECKING:
    from flowcolor.inference import Painter
    from flowcolor.models.dots import Dot


def require_one_picture(jobs: Sequence[Job], unusable: Mapping[str, bool]) -> None:
    """Refuse what is made of a single result where there are several.

    Args:
        jobs: What to paint.
        unusable: Whether each of these options is given.

    Raises:
        InputError: It names the option.
    """
    if len(jobs) != 1:
        raise InputError(f"--vary expects one picture, got {len(jobs)}.")
    for option, given in unusable.items():
        if given:
            raise InputError(f"{option} expects one result, got one for each --vary.")


def paint_variants(
    job: Job, painters: Mapping[str, "Painter"], how: How, dots: Sequence["Dot"] = ()
) -> str:
    """Paint a picture by every painter, write all results as one, and return what to say of it.

    Args:
        job: What to paint.
        painters: What paints, by the caption.
        how: In which way.
        dots: Colours at places.

    Raises:
        InputError: A file cannot be read or written.
    """
    from flowcolor.color import to_gray
    from flowcolor.evaluation.captions import captioned
    from flowcolor.io.images import read_image, write_image

    picture = read_image(job.content)
    reference = None if job.reference is None else read_image(job.reference)
    hints = hints_of(job, picture, dots)
    cells = {"content": to_gray(picture).expand(3, -1, -1) if how.gray else picture}
    if reference is not None:
        cells["reference"] = reference
    if hints is not None:
        cells["points"] = hints.colors[0].where(hints.mask[0] > 0, cells["content"])
    notices = dict.fromkeys(of_pages(job))  # Each once, in order.
    for name, painter in painters.items():
        painted = paint(painter, picture, reference, how, hints)
        cells[name] = painted.image
        notices |= dict.fromkeys(painted.notices)
    write_image(captioned(cells), job.output)
    wrote = f"wrote {shown(job.output)} (row by row: {shown('; '.join(cells))})"
    return "\n".join([wrote, *(f"  notice: {notice}" for notice in notices)])
