r"""Inversion of an invertible layer."""

from torch import Tensor

from flowcolor.arguments import check_module
from flowcolor.layers.base import Features, InvertibleLayer, LogDet, Step
from flowcolor.layers.conditions import Conditions


class Inverted(InvertibleLayer):
    r"""Swap the directions of a layer.

    .. math:: y = f^{-1}(x; c), \qquad \log|\det J| = -\log|\det J_f(y)|

    Args:
        layer: The layer :math:`f`. Its ``inverse`` must keep the contract, as always; an
            :class:`ActNorm` inside still initialises only when its own ``forward`` is called.

    Example:
        >>> import torch
        >>> from flowcolor.layers import Squeeze
        >>> y, logdet = Inverted(Squeeze(2))(torch.randn(8, 12, 2, 2))
        >>> y.shape
        torch.Size([8, 3, 4, 4])
    """

    def __init__(self, layer: InvertibleLayer) -> None:
        super().__init__()
        check_module(self, InvertibleLayer, layer=layer)
        self.layer = layer
        self.num_conditions = layer.num_conditions

    def forward(self, x: Features, condition: Conditions = None) -> tuple[Tensor, LogDet]:
        return self.layer.inverse(x, condition)  # type: ignore[arg-type]

    def inverse(self, y: Tensor, condition: Conditions = None) -> tuple[Features, LogDet]:
        return self.layer(y, condition)  # type: ignore[no-any-return]

    def steps(self, condition: Conditions, *, inverse: bool) -> list[Step]:
        """Return the steps of the layer inside, in the other direction."""
        return self.layer.steps(condition, inverse=not inverse)
