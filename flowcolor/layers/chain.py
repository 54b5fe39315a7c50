r"""Composition and inversion of invertible layers."""

from collections.abc import Sequence

from torch import Tensor, nn

from flowcolor.layers.base import Condition, Features, InvertibleLayer, LogDet, widen

Conditions = Condition | Sequence[Condition] | None


class Chain(InvertibleLayer):
    r"""Apply layers in the order given; undo them in the opposite order.

    .. math:: f = f_n \circ \dots \circ f_1, \qquad \log|\det J_f| = \sum_i \log|\det J_{f_i}|

    One condition goes to every layer. A list of conditions gives one to each conditional layer, in
    the order in which ``forward`` meets them; ``inverse`` takes the same list. Chains nest: one
    inside another consumes as many entries as it has conditional layers.

    Args:
        layers: The layers :math:`f_1, \dots, f_n`.

    Raises:
        ValueError: If a list of conditions has not one entry for each conditional layer.

    Example:
        >>> import torch
        >>> from flowcolor.layers import ActNorm
        >>> y, logdet = Chain([ActNorm(3), ActNorm(3)])(torch.randn(8, 3, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([8, 3, 4, 4]), torch.Size([8]))
    """

    def __init__(self, layers: Sequence[InvertibleLayer]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.num_conditions = sum(layer.num_conditions for layer in layers)

    def forward(self, x: Features, condition: Conditions = None) -> tuple[Tensor, LogDet]:
        x = widen(x)
        total = x.new_zeros(x.shape[0])
        for layer, share in zip(self.layers, self._shares(condition), strict=True):
            x, logdet = layer(x, share)
            total = total + logdet
        return x, total

    def inverse(self, y: Tensor, condition: Conditions = None) -> tuple[Features, LogDet]:
        y = widen(y)
        total = y.new_zeros(y.shape[0])
        shares = self._shares(condition)
        for layer, share in zip(reversed(self.layers), reversed(shares), strict=True):
            y, logdet = layer.inverse(y, share)  # type: ignore[operator]
            total = total + logdet
        return y, total

    def _shares(self, condition: Conditions) -> list[Conditions]:
        if condition is None or isinstance(condition, Tensor):
            return [condition] * len(self.layers)
        if len(condition) != self.num_conditions:
            raise ValueError(
                f"Chain expects {self.num_conditions} conditions, one for each conditional layer, "
                f"got {len(condition)}."
            )
        shares: list[Conditions] = []
        start = 0
        for layer in self.layers:
            count = int(layer.num_conditions)  # type: ignore[arg-type]
            share = condition[start : start + count]
            shares.append(share if count > 1 else share[0] if count else None)
            start += count
        return shares


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
        self.layer = layer
        self.num_conditions = layer.num_conditions

    def forward(self, x: Features, condition: Conditions = None) -> tuple[Tensor, LogDet]:
        return self.layer.inverse(x, condition)  # type: ignore[arg-type]

    def inverse(self, y: Tensor, condition: Conditions = None) -> tuple[Features, LogDet]:
        return self.layer(y, condition)  # type: ignore[no-any-return]
