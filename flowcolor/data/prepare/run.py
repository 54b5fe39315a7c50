"""Prepare a data set once, so that training reads small files instead of drawing large ones."""

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from flowcolor.bounds import whole_within
from flowcolor.data.datasets.celeba import MAPPING, CelebAMaskHQ
from flowcolor.data.datasets.folder import Partners, PhotoFolder, Roots, as_list
from flowcolor.data.datasets.portraits import NO_MASKS, Background, Portraits
from flowcolor.data.fingerprint import fingerprint
from flowcolor.data.prepare.files import require_inside, write_whole
from flowcolor.data.prepare.ledger import Entry, Ledger
from flowcolor.data.prepare.pool import outcomes
from flowcolor.data.prepare.progress import Progress
from flowcolor.data.prepare.results import forget, require_looked_into
from flowcolor.data.prepare.sources import FileFinder, find_sources
from flowcolor.data.prepare.work import Outcome, Worker
from flowcolor.data.sketches.base import SketchFilter
from flowcolor.data.sketches.by_name import find_filter
from flowcolor.errors import InputError
from flowcolor.io.alone import alone
from flowcolor.io.apart import require_apart
from flowcolor.io.files import is_file, real, remove
from flowcolor.io.listing import natural_order
from flowcolor.io.parts import remove_partial
from flowcolor.io.places import require_here, require_path

_FILTER = "GradientLines"


class Summary(NamedTuple):
    """What a run of :func:`prepare` did.

    Args:
        prepared: Photographs in the folder.
        new: Those that this run made.
        skipped: Names of the others, and why.
        seconds: Time that it took.
        workers: Processes at work.
    """

    prepared: int
    new: int
    skipped: dict[str, str]
    seconds: float
    workers: int


def prepare(
    photos: Roots,
    output: str | Path,
    size: int = 256,
    masks: Partners = None,
    sketches: Partners = None,
    sketch_filter: str = _FILTER,
    background: Background = "keep",
    workers: int | None = None,
    strict: bool = False,
) -> Summary:
    """Write ``photos/``, ``sketches/``, ``masks/`` and ``manifest.json`` into a folder.

    The pixels are those of the datasets :class:`~flowcolor.data.PhotoFolder` and
    :class:`~flowcolor.data.CelebAMaskHQ` at this size. A run that was interrupted, in whatever way,
    is continued by the same call, and neither that nor the number of workers nor their order
    changes a byte. A photograph that cannot be read, or whose mask is empty, is skipped and named.

    Args:
        photos: A folder of photographs or several, or one CelebAMask-HQ.
        output: The folder to write, new or begun by the same call.
        size: Side of the square images.
        masks: Folder of masks, or ``None``, for each folder of photographs.
        sketches: Folder of ready drawings, or ``None``, for each folder of photographs.
        sketch_filter: What draws: a name, path or JSON, as
            :func:`~flowcolor.data.sketches.by_name.find_filter` reads it.
        background: ``"white"`` whitens the photos outside their masks.
        workers: Processes; ``None``: one for each core that may be used.
        strict: Raise an error where a photograph would be skipped.

    Raises:
        InputError: A folder cannot be read or written, ``output`` holds files of other settings,
            nothing can be prepared, or, if ``strict``, something would be skipped.
    """
    photos = as_list(photos)
    require_path("--output", output)
    workers = _cores() if workers is None else workers
    for name, number, most in (("--workers", workers, 1024), ("--size", size, 16384)):
        whole_within(name, number, 1, most)
    size = int(size)  # The manifest holds Python's own numbers, not NumPy's.
    if not isinstance(sketch_filter, str):
        kind = type(sketch_filter).__name__
        raise InputError(f"--sketch_filter expects a name, a path or JSON, got {kind}.")
    masks, sketches = (
        [part] if isinstance(part, str | Path) else part for part in (masks, sketches)
    )
    draw, description = find_filter(sketch_filter)
    finder = find_sources(photos, masks, sketches, strict)
    portraits = Portraits(finder, size, draw, background, cache=False)
    output = Path(output)
    require_here(output)
    if isinstance(finder, PhotoFolder):  # Of others it is known which files are photographs.
        require_apart(output, map(Path, photos), "--output")
    settings = {
        "size": size,
        "background": background,
        "sketch_filter": description,
        "photos": _absolute(photos),
        "masks": _absolute(masks),
        "sketches": _absolute(sketches),
        **_files_of(draw),
    }
    mapping = _mapping_of(finder)
    with alone(output, "flowcolor prepare"):
        ledger = Ledger(output, settings)
        if background == "white" and not finder.knows_background:
            raise InputError(f"--{NO_MASKS}: give --masks FOLDER.")
        if sketches is not None and None not in sketches and sketch_filter != _FILTER:
            raise InputError(
                "--sketch_filter expects photographs without --sketches, which are drawn already, "
                f"got {sketch_filter}."
            )
        require_looked_into(ledger, finder, photos)
        return _bring_up_to_date(ledger, portraits, finder, mapping, workers, strict)


def _files_of(draw: object) -> dict[str, str]:
    """Return what tells the files apart that a filter reads, if it reads any."""
    files = draw.files() if isinstance(draw, SketchFilter) else {}
    return {"sketch_filter_files": fingerprint(files)} if files else {}


def _bring_up_to_date(
    ledger: Ledger,
    portraits: Portraits,
    finder: FileFinder,
    mapping: bytes | None,
    workers: int,
    strict: bool,
) -> Summary:
    """Make what is missing or has changed, and then remove what nothing needs any more."""
    require_inside(ledger.folder, [*portraits.names, *ledger.entries])
    remove_partial(ledger.folder)
    gone = forget(ledger, finder)
    todo = [i for i, name in enumerate(portraits.names) if name not in ledger.entries]
    skipped = finder.left_out.photographs()
    progress = Progress(len(portraits), len(portraits) - len(todo))
    if todo:
        ledger.require_same_versions()
        workers = min(workers, len(todo))
        found = outcomes(Worker(portraits, ledger.folder), todo, workers)
        with ledger.open(), closing(progress), closing(found):
            skipped |= _note(found, portraits.names, ledger, progress, strict)
    if not ledger.entries:
        first = next(iter(skipped.values()), "")
        raise InputError(f"None of {len(portraits)} photographs can be prepared: {first}")
    new = sum(portraits.names[i] in ledger.entries for i in todo)
    _finish(ledger, finder, skipped, mapping)
    for file in gone.difference(*(entry["sha256"] for entry in ledger.entries.values())):
        remove(ledger.folder / file)
    remove_partial(ledger.folder)
    return Summary(len(ledger.entries), new, skipped, progress.seconds, workers)


def _note(
    found: Iterable[Outcome],
    names: Sequence[str],
    ledger: Ledger,
    progress: Progress,
    strict: bool,
) -> dict[str, str]:
    """Write down what is done as soon as it is, and return what was skipped, and why."""
    skipped = {}
    for outcome in found:
        name = names[outcome.position]
        if outcome.entry is not None:
            ledger.note(name, outcome.entry)
        elif strict:
            raise InputError(str(outcome.reason))
        else:
            skipped[name] = str(outcome.reason)
        progress.step()
    return skipped


def _mapping_of(finder: FileFinder) -> bytes | None:
    """Return what says which photographs of CelebA these are, if there is such a file."""
    path = finder.root / MAPPING if isinstance(finder, CelebAMaskHQ) else None
    if path is None or not is_file(path):
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _finish(
    ledger: Ledger, finder: FileFinder, skipped: dict[str, str], mapping: bytes | None
) -> None:
    """Write the manifest, in an order that no run of the processes has decided."""
    entries: dict[str, Entry] = {
        name: ledger.entries[name] for name in finder.names if name in ledger.entries
    }
    copied = {}
    if mapping is not None:
        copied[MAPPING] = write_whole(mapping, ledger.folder / MAPPING)
    files = [file for entry in entries.values() for file in entry["sha256"]]
    counts = {
        kind: sum(f.startswith(kind) for f in files) for kind in ("photos", "sketches", "masks")
    }
    ledger.finish(
        {
            "counts": {**counts, "skipped": len(skipped)},
            "skipped": {name: skipped[name] for name in sorted(skipped, key=natural_order)},
            "copied": copied,
            "photographs": entries,
        }
    )


def _absolute(folders: Sequence[str | Path | None] | None) -> list[str | None] | None:
    if folders is None:
        return None
    return [None if folder is None else str(real(Path(folder))) for folder in folders]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
