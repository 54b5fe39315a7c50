"""A memory that does not suffice, in one sentence that says what to do."""


def out_of_memory(error: Exception) -> str | None:
    """Return what to say of an error, if it is about a memory that is too small.

    Torch raises errors of its own for GPUs; of the processor's memory it says so in words alone.
    """
    text = " ".join(str(error).split())
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
