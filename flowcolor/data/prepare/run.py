"""Prepare a data set once, so that training reads small files instead of drawing large ones."""

import multiprocessing
import os
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from flowcolor.bounds import within
from flowcolor.data.datasets.celeba import MAPPING, CelebAMaskHQ, is_celeba
from flowcolor.data.datasets.folder import PhotoFolder
from flowcolor.data.datasets.portraits import Background, Portraits
from flowcolor.data.datasets.prepared import is_prepared
from flowcolor.data.prepare.defer import uninterrupted
from flowcolor.data.prepare.files import fingerprint, write_whole
from flowcolor.data.prepare.ledger import Entry, Ledger, alone
from flowcolor.data.prepare.progress import Progress
from flowcolor.data.prepare.work import Outcome, Worker, start, work
from flowcolor.data.sketches.by_name import find_filter
from flowcolor.errors import InputError
from flowcolor.io.files import exists, is_empty, is_file, remove_partial
from flowcolor.io.listing import natural_order


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
    photos: Sequence[str | Path],
    output: str | Path,
    size: int = 256,
    masks: Sequence[str | Path] | None = None,
    sketches: Sequence[str | Path] | None = None,
    sketch_filter: str = "GradientLines",
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
        photos: Folders of photographs, or one CelebAMask-HQ.
        output: The folder to write, new or begun by the same call.
        size: Side of the square images.
        masks: Folder of masks for each folder of photographs.
        sketches: Folder of ready drawings for each folder of photographs.
        sketch_filter: What draws: a name, path or JSON, as
            :func:`~flowcolor.data.sketches.by_name.find_filter` reads it.
        background: ``"white"`` whitens the photos outside their masks.
        workers: Processes; ``None``: one for each core that may be used.
        strict: Raise an error where a photograph would be skipped.

    Raises:
        InputError: A folder cannot be read or written, ``output`` holds files of other settings,
            nothing can be prepared, or, if ``strict``, something would be skipped.
    """
    workers = _cores() if workers is None else workers
    within("--workers", workers, 1, 1024)
    within("--size", size, 1, 16384)
    draw, description = find_filter(sketch_filter)
    finder = _find(photos, masks, sketches, strict)
    portraits = Portraits(finder, size, draw, background, cache=False)
    output = Path(output)
    _require_outside(output, photos, finder)
    settings = {
        "size": size,
        "background": background,
        "sketch_filter": description,
        "photos": _absolute(photos),
        "masks": _absolute(masks),
        "sketches": _absolute(sketches),
    }
    with alone(output):
        ledger = Ledger(output, settings)
        remove_partial(output)
        gone = _forget(ledger, finder)
        todo = [i for i, name in enumerate(portraits.names) if name not in ledger.entries]
        skipped = finder.left_out.photographs()
        progress = Progress(len(portraits), len(portraits) - len(todo))
        if todo:
            ledger.require_same_versions()
            workers = min(workers, len(todo))
            outcomes = _outcomes(Worker(portraits, output), todo, workers)
            with ledger.open(), closing(progress), closing(outcomes):
                for outcome in outcomes:
                    name = portraits.names[outcome.position]
                    if outcome.entry is None:
                        if strict:
                            raise InputError(str(outcome.reason))
                        skipped[name] = str(outcome.reason)
                    else:
                        ledger.note(name, outcome.entry)
                    progress.step()
        if not ledger.entries:
            first = next(iter(skipped.values()), "")
            raise InputError(f"None of {len(portraits)} photographs can be prepared: {first}")
        new = sum(portraits.names[i] in ledger.entries for i in todo)
        _finish(ledger, finder, skipped)
        for file in gone.difference(*(entry["sha256"] for entry in ledger.entries.values())):
            (output / file).unlink(missing_ok=True)
        remove_partial(output)
    return Summary(len(ledger.entries), new, skipped, progress.seconds, workers)


def _find(
    photos: Sequence[str | Path],
    masks: Sequence[str | Path] | None,
    sketches: Sequence[str | Path] | None,
    strict: bool,
) -> PhotoFolder | CelebAMaskHQ:
    special = [folder for folder in photos if is_celeba(folder) or is_prepared(folder)]
    if not special:
        one = len(photos) == 1
        roots = photos[0] if one else photos
        return PhotoFolder(roots, sketches, masks, strict)
    if is_prepared(special[0]):
        raise InputError(f"--photos expects photographs, but {special[0]} is prepared already.")
    if len(photos) > 1 or masks is not None:
        raise InputError(
            f"{special[0]} is CelebAMask-HQ: prepare it alone; it brings its own masks."
        )
    if sketches is not None and len(sketches) != 1:
        raise InputError(f"Expected one folder of sketches for {special[0]}, got {len(sketches)}.")
    drawings = None if sketches is None else sketches[0]
    return CelebAMaskHQ(special[0], drawings, strict)


def _require_outside(
    output: Path, roots: Sequence[str | Path], finder: PhotoFolder | CelebAMaskHQ
) -> None:
    """Refuse a place where the next call would take what was prepared for photographs."""
    above = (output / "file").resolve().parents
    for root in map(Path, roots):
        nested = any(root in finder[i].photo.parent.parents for i in range(len(finder)))
        if isinstance(finder, PhotoFolder) and nested and root.resolve() in above:
            raise InputError(
                f"--output expects a folder outside of {root}, whose subfolders hold the "
                f"photographs, got {output}."
            )


def _forget(ledger: Ledger, finder: PhotoFolder | CelebAMaskHQ) -> set[str]:
    """Drop entries whose sources are gone or changed or whose files are; return their files."""
    present = {
        path.relative_to(ledger.folder).as_posix()
        for path in ledger.folder.rglob("*.png")
        # What a power failure leaves may have a name and no content.
        if exists(path) and not is_empty(path)
    }
    positions = {name: index for index, name in enumerate(finder.names)}
    gone: set[str] = set()
    for name, entry in list(ledger.entries.items()):
        index = positions.get(name)
        try:
            same = index is not None and _is_same(finder, index, entry)
        except OSError:
            same = False
        if not (same and present.issuperset(entry["sha256"])):
            del ledger.entries[name]
            if not same:
                gone.update(entry["sha256"])
    return gone


def _is_same(finder: PhotoFolder | CelebAMaskHQ, index: int, entry: Entry) -> bool:
    """Tell whether an entry was made of the files that are there now."""
    if finder[index].photo.stat().st_size != entry.get("source_bytes"):
        return False  # As sure as the content, and much faster.
    return fingerprint(finder[index].sources()) == entry.get("sources")


def _finish(ledger: Ledger, finder: PhotoFolder | CelebAMaskHQ, skipped: dict[str, str]) -> None:
    """Write the manifest, in an order that no run of the processes has decided."""
    entries: dict[str, Entry] = {
        name: ledger.entries[name] for name in finder.names if name in ledger.entries
    }
    copied = {}
    if isinstance(finder, CelebAMaskHQ) and is_file(finder.root / MAPPING):
        data = (finder.root / MAPPING).read_bytes()
        copied[MAPPING] = write_whole(data, ledger.folder / MAPPING)
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


def _outcomes(worker: Worker, todo: Sequence[int], workers: int) -> Generator[Outcome]:
    """Do the work, in this process or in several, and yield what becomes of each photograph."""
    if workers == 1:
        yield from map(worker, todo)
        return
    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    if os.name == "posix":
        context.set_forkserver_preload(["flowcolor.data.prepare.work", "scipy.ndimage"])
    pool = ProcessPoolExecutor(workers, context, initializer=start, initargs=(worker,))
    rest = iter(todo)
    try:
        with uninterrupted():
            running = {pool.submit(work, index) for index in islice(rest, 4 * workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
                running |= {pool.submit(work, index) for index in islice(rest, 1)}
    except BrokenProcessPool as error:
        raise InputError(
            "A worker was killed, perhaps because memory ran out: what is done is kept, and the "
            "same command continues, with fewer --workers if need be."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _absolute(folders: Sequence[str | Path] | None) -> list[str] | None:
    return None if folders is None else [str(Path(folder).resolve()) for folder in folders]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
