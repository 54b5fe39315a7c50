"""What is told at places of one picture, and what is to be said of its file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowcolor.cli.jobs import Job

if TYPE_CHECKING:
    from torch import Tensor

    from flowcolor.models import Hints
    from flowcolor.models.dots import Dot


def hints_of(job: Job, picture: "Tensor", dots: Sequence["Dot"]) -> "Hints | None":
    """Return the colours of a job's file or of dots, with the boxes of its file.

    Args:
        job: What to paint.
        picture: Its content, :math:`(3, H, W)`.
        dots: Colours at places, instead of a file.

    Raises:
        InputError: A file cannot be read, or says nothing of this picture.
    """
    from flowcolor.models.box_files import read_boxes, with_boxes
    from flowcolor.models.dots import hints_of_dots
    from flowcolor.models.hint_files import read_hints

    height, width = picture.shape[1:]
    hints = None if job.hints is None else read_hints(job.hints, picture)
    if dots:
        hints = hints_of_dots(dots, height, width)
    if job.boxes is not None:
        hints = with_boxes(hints, read_boxes(job.boxes, picture), height, width)
    return hints


def of_pages(job: Job) -> list[str]:
    """Return a notice if a job's file has several pages, as scanners save them, or frames."""
    from flowcolor.io.picture_size import count_pages

    count = count_pages(job.content)
    return [f"only the first of its {count} pages is painted"] if count > 1 else []
