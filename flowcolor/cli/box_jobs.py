"""Which file of boxes belongs to which picture."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flowcolor.cli.jobs import Job
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import exists, find, is_dir


def give_boxes(jobs: Sequence[Job], boxes: Path | None, content: Path) -> list[Job]:
    """Give each job the one file of boxes, or that of a folder that is named like its content.

    Args:
        jobs: What to paint.
        boxes: A JSON file or a folder of them, see
            :func:`~flowcolor.models.box_files.read_boxes`; None: no boxes.
        content: The picture or the folder of them that the jobs were found in.

    Raises:
        InputError: There is no such place, a content has no file in the folder, or two of the
            folder's files have one name.
    """
    if boxes is None:
        return list(jobs)
    if not exists(boxes):
        raise InputError(
            f"--boxes expects a JSON file or a folder of them, got {boxes}, which does not exist."
        )
    if not is_dir(boxes):
        return [replace(job, boxes=boxes) for job in jobs]
    from flowcolor.io.listing import by_stem, pairing_stem

    root = content if is_dir(content) else None
    stems = [pairing_stem(job.content, root) for job in jobs]
    found = by_stem(boxes, [x for x in find(boxes, "**/*") if x.suffix.lower() == ".json"])
    missing = [job.content.name for job, stem in zip(jobs, stems, strict=True) if stem not in found]
    if missing:
        raise InputError(
            f"{boxes} expects a .json file with the stem of each picture, got none for "
            f"{len(missing)} of {len(jobs)}: {first_ten(missing)}."
        )
    return [replace(job, boxes=found[stem]) for job, stem in zip(jobs, stems, strict=True)]
