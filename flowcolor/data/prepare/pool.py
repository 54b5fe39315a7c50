"""Many photographs at once: the work, handed out to processes."""

import multiprocessing
import os
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
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
        InputError: A file cannot be written, or a process was killed.
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
