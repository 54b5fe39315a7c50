"""Counts the bytes that autograd holds, so that memory can be asserted without timing."""

import torch


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
