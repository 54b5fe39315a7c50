"""How many bytes of tensors are alive at once while something runs?"""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from flowcolor.arguments import check_callable, device_of
from flowcolor.layers.reversible.torch_private import DispatchMode, storage_key


class StorageTracker(DispatchMode):
    """Note every storage that an operator returns, until it is released.

    What was there before does not count; views are counted with what they look at. Blind to memory
    that an operator takes and gives back inside, and to all that is no tensor.

    Attributes:
        total: Bytes that are alive now.
        peak: The most that there were.

    Example:
        >>> with StorageTracker() as tracker:
        ...     x = torch.ones(256)
        ...     y = x + 1
        ...     del x
        >>> tracker.total, tracker.peak
        (1024, 2048)
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0
        self.peak = 0
        self._known: dict[int, int] = {}
        self._before: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        for tensor in tensors_in((args, kwargs)):
            self._see(tensor, None)
        result = func(*args, **(kwargs or {}))
        for tensor in tensors_in(result):
            self._see(tensor, func)
        return result

    def changed(self, storage: int, size: int, tensor: Tensor | None, operator: Any) -> None:
        """Take note of a storage that came, of an operator's tensor, or went, with size below 0."""
        self.total += size
        self.peak = max(self.peak, self.total)

    def _see(self, tensor: Tensor, operator: Any) -> None:
        storage, key = tensor.untyped_storage(), storage_key(tensor)
        if key in self._before or key in self._known:
            return
        if operator is None:  # An input that no operator returned was there before.
            self._before.add(key)
            weakref.finalize(storage, self._before.discard, key)
            return
        self._known[key] = size = storage.nbytes()
        self.changed(key, size, tensor, operator)
        weakref.finalize(storage, self._release, key)

    def _release(self, key: int) -> None:
        self.changed(key, -self._known.pop(key), None, None)


def peak_bytes(run: Callable[[], Any], device: torch.device | str) -> int:
    """Return the most bytes of tensors that are alive at once in ``run()``, beside those before.

    On a GPU, the peak of its allocator; elsewhere, what :class:`StorageTracker` sees.

    Args:
        run: Is called once.
        device: Where it works.

    Raises:
        ValueError: It cannot be called, or there is no such device.
    """
    check_callable(peak_bytes, run=run)
    device = device_of(peak_bytes, device)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        run()
        torch.cuda.synchronize(device)
        return int(torch.cuda.max_memory_allocated(device) - before)
    tracker = StorageTracker()
    with tracker:
        run()
    return tracker.peak


def tensors_in(tree: Any) -> list[Tensor]:
    """Return all tensors in nested lists, tuples and dictionaries."""
    if isinstance(tree, Tensor):
        return [tree]
    parts = tree.values() if isinstance(tree, dict) else tree
    nested = isinstance(tree, (dict, list, tuple))
    return [tensor for part in parts for tensor in tensors_in(part)] if nested else []
