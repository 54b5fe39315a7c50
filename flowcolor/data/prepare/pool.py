"""Many photographs at once: the work, handed out to processes."""

import multiprocessing
import os
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from flowcolor.data.prepare.work import Outcome, Worker, start, work
from flowcolor.errors import InputError
from flowcolor.uninterrupted import uninterrupted


def outcomes(worker: Worker, todo: Sequence[int], workers: int) -> Generator[Outcome]:
    """Do the work, in this process or in several, and yield what becomes of each photograph.

    Args:
        worker: Prepares one photograph.
        todo: Positions of the photographs.
        workers: Processes; 1 is this one.

    Raises:
        InputError: A file cannot be written, or a process cannot be started or was killed.
    """
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
            running = _begin(pool, islice(rest, 4 * workers))
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


def _begin(pool: ProcessPoolExecutor, positions: Iterable[int]) -> set[Future[Outcome]]:
    """Hand out the first positions, for which the processes are started."""
    try:
        return {pool.submit(work, index) for index in positions}
    except OSError as error:  # Their socket, for one, lies in the folder for temporary files.
        raise InputError(
            f"Processes cannot be started ({error.strerror or error}): give --workers 1, or a "
            "TMPDIR of a shorter name on a disk of this machine."
        ) from error
