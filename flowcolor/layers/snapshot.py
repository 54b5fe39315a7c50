"""A layer together with the parameters it had when it was called."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call

from flowcolor.layers.base import InvertibleLayer, LogDet
from flowcolor.layers.gradients import Gradients, invert_then_differentiate
from flowcolor.layers.random_state import RandomState


class Snapshot:
    """Hold a layer's parameters by reference, for a backward pass that needs the very same.

    Not those that autograd saves: it returns other tensors where somebody packs what it saves, as
    checkpointing and offloading do. And not those of the layer in the backward pass:
    ``torch.func.functional_call`` has put back its own by then.

    Args:
        layer: The layer, about to be called.

    Attributes:
        params: The parameters whose gradients are wanted.

    Raises:
        RuntimeError: If the layer is a replica of ``torch.nn.DataParallel``, whose parameters no
            longer count as such, so that they would get no gradients.
    """

    def __init__(self, layer: InvertibleLayer) -> None:
        if getattr(layer, "_is_replica", False):  # Its parameters are no parameters.
            raise RuntimeError(
                'memory="reversible" expects DistributedDataParallel where there are several '
                "devices, got a replica of torch.nn.DataParallel."
            )
        self._layer = layer
        self._tensors = _tensors(layer)
        self.params = [p for p in layer.parameters() if p.requires_grad]

    def invert_and_differentiate(
        self,
        out: Tensor,
        condition: Tensor | Sequence[Tensor] | None,
        grad_out: Tensor,
        grad_logdet: LogDet,
        *,
        inverse: bool,
        random: RandomState | None = None,
    ) -> tuple[Tensor, Tensor, Any, Gradients]:
        """Do :meth:`~flowcolor.layers.InvertibleLayer.invert_and_differentiate` as of then.

        With the state from which the layer drew ``random`` numbers, it draws the same again.
        """
        backward = _Backward(self._layer)
        arguments = (out, condition, grad_out, grad_logdet, self.params)
        now = _tensors(self._layer)
        if all(now.get(name) is tensor for name, tensor in self._tensors.items()):
            result = backward.forward(*arguments, inverse=inverse, random=random)
        else:
            then = {f"layer.{name}": tensor for name, tensor in self._tensors.items()}
            options = {"inverse": inverse, "random": random}
            result = functional_call(backward, then, arguments, options)
        return result


class _Backward(nn.Module):
    """The backward pass as a module, because that is what tensors can be substituted in."""

    def __init__(self, layer: InvertibleLayer) -> None:
        super().__init__()
        self.layer = layer

    def forward(
        self,
        out: Tensor,
        condition: Any,
        grad_out: Tensor,
        grad_logdet: LogDet,
        params: Sequence[Tensor],
        *,
        inverse: bool,
        random: RandomState | None,
    ) -> tuple[Tensor, Tensor, Any, Gradients]:
        layer = self.layer
        if random is None and (condition is None or isinstance(condition, Tensor)):
            return layer.invert_and_differentiate(
                out, condition, grad_out, grad_logdet, params, inverse=inverse
            )
        # Of the layers that take several conditions only chains come with the library. Layers that
        # draw random numbers cannot use their own way: it evaluates their networks in other turns.
        there, back = (layer.inverse, layer.forward) if inverse else (layer.forward, layer.inverse)
        if random is not None:
            there, back = random.replaying(there), random.replaying(back)
        grads_out = (grad_out, grad_logdet)
        return invert_then_differentiate(there, back, out, condition, grads_out, params)


def _tensors(layer: nn.Module) -> dict[str, Tensor]:
    return {**dict(layer.named_parameters()), **dict(layer.named_buffers())}
