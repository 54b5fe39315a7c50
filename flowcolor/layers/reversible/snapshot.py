"""A layer together with the parameters it had when it was called."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.func import functional_call

from flowcolor.layers.base import InvertibleLayer
from flowcolor.layers.reversible.torch_private import is_replica
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep


class Snapshot:
    """Hold a layer and, by reference, the parameters and buffers it has at this moment.

    A backward pass needs the very tensors of the forward pass. The layer may have others by then:
    ``torch.func.functional_call`` has put back the layer's own. And autograd may hand out others
    for those it saved: checkpointing and offloading pack them. It may also be in eval mode or
    frozen by then, which would give another network, or none with gradients.

    Args:
        layer: The layer, about to be called.

    Attributes:
        params: The parameters whose gradients are wanted.

    Raises:
        RuntimeError: If the layer is a replica of ``torch.nn.DataParallel``, whose parameters no
            longer count as such, so that they would get no gradients.
    """

    def __init__(self, layer: InvertibleLayer) -> None:
        if is_replica(layer):
            raise RuntimeError(
                'memory="reversible" expects DistributedDataParallel where there are several '
                "devices, got a replica of torch.nn.DataParallel."
            )
        self._layer = layer
        self._tensors = _tensors(layer)
        self._modes = [(part, part.training) for part in layer.modules()]
        self.params = [p for p in layer.parameters() if p.requires_grad]

    def vjp(self, step: ReverseStep) -> Rebuilt:
        """Do :meth:`~flowcolor.layers.InvertibleLayer.vjp` with the tensors of then."""
        backward, now = _Backward(self._layer), _tensors(self._layer)
        with self._as_then():
            if all(now.get(name) is tensor for name, tensor in self._tensors.items()):
                return backward.forward(step)
            then = {f"layer.{name}": tensor for name, tensor in self._tensors.items()}
            rebuilt: Rebuilt = functional_call(backward, then, (step,))
            return rebuilt

    @contextmanager
    def _as_then(self) -> Iterator[None]:
        """Run the body in the modes of then, and with the parameters that were not frozen then."""
        switched = [(part, part.training) for part, then in self._modes if part.training != then]
        frozen = [param for param in self.params if not param.requires_grad]
        for part, now in switched:
            part.training = not now
        for param in frozen:
            param.requires_grad_(True)
        try:
            yield
        finally:
            for part, now in switched:
                part.training = now
            for param in frozen:
                param.requires_grad_(False)


class _Backward(nn.Module):
    """The backward pass as a module, because that is what tensors can be substituted in."""

    def __init__(self, layer: InvertibleLayer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, step: ReverseStep) -> Rebuilt:
        return self.layer.differentiate(step)


def _tensors(layer: nn.Module) -> dict[str, Tensor]:
    return {**dict(layer.named_parameters()), **dict(layer.named_buffers())}
