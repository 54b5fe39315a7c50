"""Numbers that a network predicts for each image from its condition."""

from torch import Tensor, nn

from flowcolor.layers.base import one_condition
from flowcolor.layers.subnetwork import call_network


def predict(
    layer: object, net: nn.Module, condition: Tensor | None, x: Tensor, count: int
) -> Tensor:
    """Return so many numbers for each image of ``x``, ``(B, count)``, in its precision.

    Raises:
        ValueError: If there is no condition, or the network returns another number of values.
    """
    name = type(layer).__name__
    condition = one_condition(layer, condition)
    output = call_network(layer, net, condition)
    if output.shape[:2] != (x.shape[0], count) or any(side != 1 for side in output.shape[2:]):
        raise ValueError(
            f"{name} expects its network to return shape {(x.shape[0], count)} for a condition of "
            f"shape {tuple(condition.shape)}, got {tuple(output.shape)}."
        )
    return output.reshape(x.shape[0], count).to(x.dtype)
