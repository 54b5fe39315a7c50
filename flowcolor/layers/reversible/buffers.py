"""Buffers that a call changes: what is called a second time must not change any."""

from collections.abc import Iterable

import torch
from torch import nn

from flowcolor.layers.reversible.torch_private import own_buffers, version


class Buffers:
    """The buffers of a layer before it is called.

    Batch normalisation counts its batch and spectral norm takes a step of its iteration in every
    call. Training that evaluates a layer again would do so twice, or differentiate another network
    than the one that was run.

    Args:
        layer: The layer, about to be called. A flag, which says that something has happened, such
            as :class:`~flowcolor.layers.ActNorm`'s, is no count and may be set.
        parts: The modules inside of it, itself included.
    """

    def __init__(self, layer: nn.Module, parts: Iterable[nn.Module]) -> None:
        self._layer = layer
        self._then = [
            (owner, {name: (buffer, version(buffer)) for name, buffer in buffers.items()})
            for owner, buffers in own_buffers(parts)
        ]

    def refuse_changes(self, memory: str) -> None:
        """Raise ``RuntimeError`` if the call changed one of them."""
        for owner, then in self._then:
            for name, (buffer, before) in then.items():
                now = getattr(owner, name)
                if (now is buffer and version(now) == before) or buffer.dtype == torch.bool:
                    continue
                raise RuntimeError(self._message(owner, name, memory))

    def _message(self, owner: nn.Module, name: str, memory: str) -> str:
        path = next(path for path, part in self._layer.named_modules() if part is owner)
        where = ".".join([type(self._layer).__name__, *filter(None, [path])])
        return (
            f'memory="{memory}" expects layers that count a batch once, got '
            f"{type(owner).__name__} in training mode ({where}), which changes {name} in every "
            "call; use GroupNorm, ActNorm, or what keeps no statistics of batches, or eval mode."
        )
