"""A memory that does not suffice, in one sentence that says what to do."""

import re

_LOST_WORKER = re.compile(r"DataLoader worker \(pid.*\) (is killed by signal|exited unexpectedly)")


def out_of_memory(error: Exception) -> str | None:
    """Return what to say of an error, if it is about a memory that is too small.

    Torch raises errors of its own for GPUs; of the processor's memory it says so in words alone.
    """
    text = " ".join(str(error).split())
    if isinstance(error, RuntimeError) and _LOST_WORKER.match(text):
        return (
            f"A process that reads pictures was ended from outside ({text.rstrip('.')}), as "
            "systems do whose memory runs out: give a smaller --data.num_workers, or smaller "
            "batches."
        )
    of_gpu = type(error).__name__ == "OutOfMemoryError"
    of_cpu = isinstance(error, RuntimeError) and (
        "can't allocate memory" in text or "not enough memory" in text
    )
    if not (isinstance(error, MemoryError) or of_gpu or of_cpu):
        return None
    wanted = text.partition("DefaultCPUAllocator: ")[2] or text
    # The rest of torch's text is about the settings of its allocator.
    wanted = ". ".join(wanted.split(". ")[:2]).rstrip(".")
    return (
        f"There is not enough memory{f' ({wanted})' if wanted else ''}: give smaller pictures, "
        "smaller batches, or a smaller model."
    )
