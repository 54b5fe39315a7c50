"""One word for what all chains of a model keep in training."""

from torch import nn

from flowcolor.layers import Chain
from flowcolor.layers.chain import Memory


class MemoryMode(nn.Module):
    """A model whose chains all work in the same memory mode; one of them at least."""

    @property
    def memory(self) -> Memory:
        """What training keeps: ``"none"``, ``"checkpoint"`` or ``"reversible"``."""
        return next(part.memory for part in self.modules() if isinstance(part, Chain))

    @memory.setter
    def memory(self, memory: Memory) -> None:
        for part in self.modules():
            if isinstance(part, Chain):
                part.memory = memory
