"""Counts bytes exactly, so that memory can be asserted without timing or an allocator's mood."""

import weakref

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """Follow every storage that an operator returns, from then to its release.

    Attributes:
        now: Bytes alive. What was there before does not count.
        peak: The most there were.
    """

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self._known = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        for tensor in tensors((args, kwargs)):  # Inputs that no operator returned: not ours.
            self._follow(tensor, 0)
        result = func(*args, **(kwargs or {}))
        for tensor in tensors(result):
            self._follow(tensor, tensor.untyped_storage().nbytes())
        self.peak = max(self.peak, self.now)
        return result

    def _follow(self, tensor, size):
        storage = tensor.untyped_storage()
        if storage._cdata not in self._known:
            self._known.add(storage._cdata)
            self.now += size
            weakref.finalize(storage, self._release, storage._cdata, size)

    def _release(self, key, size):
        self._known.remove(key)
        self.now -= size


class SavedBytes(torch.autograd.graph.saved_tensors_hooks):
    """Collect the storages that autograd saves."""

    def __init__(self):
        self.storages = {}
        super().__init__(self._pack, lambda tensor: tensor)

    def __enter__(self):
        super().__enter__()
        return self

    def _pack(self, tensor):
        storage = tensor.untyped_storage()
        self.storages[storage._cdata] = storage  # Held, so that no address is used twice.
        return tensor

    def beside(self, *known):
        """Count the bytes saved, but for the storages of ``known`` tensors."""
        theirs = {tensor.untyped_storage()._cdata for tensor in known}
        return sum(s.nbytes() for key, s in self.storages.items() if key not in theirs)


def tensors(tree):
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]
