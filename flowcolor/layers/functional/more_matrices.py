r"""Further matrices for channels: a fixed order, and a product of reflections."""

import torch
from torch import Tensor, nn

from flowcolor.layers.functional.matrices import ChannelMatrix
from flowcolor.values import widen


class Permutation(ChannelMatrix):
    """Exchange channels in a random order that is never learned."""

    order: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        order = torch.eye(channels)[torch.randperm(channels)]
        self.register_buffer("order", order.to(torch.get_default_dtype()))

    def weight(self) -> Tensor:
        return widen(self.order)

    def inverse_weight(self) -> Tensor:
        return self.weight().mT

    def logabsdet(self) -> Tensor:
        return widen(self.order).new_zeros(())


class Householder(ChannelMatrix):
    r"""Learn :math:`W = \prod_{i=1}^{C} \big(I - 2\, v_i v_i^T / |v_i|^2\big)`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(channels, channels))

    def weight(self) -> Tensor:
        vectors = widen(self.vectors)
        weight = torch.eye(len(vectors), dtype=vectors.dtype, device=vectors.device)
        for v in vectors:
            weight = weight - torch.outer(weight @ v, 2 / v.dot(v) * v)
        return weight

    def inverse_weight(self) -> Tensor:
        return self.weight().mT

    def logabsdet(self) -> Tensor:
        return self.vectors.new_zeros((), dtype=widen(self.vectors).dtype)
