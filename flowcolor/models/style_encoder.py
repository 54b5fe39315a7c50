"""From a photograph to a few numbers that stand for its colours."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.models.halving_conv import HalvingConv


class StyleEncoder(nn.Module):
    r"""Average what five convolutions of stride 2 see of an image.

    .. math:: l = \mathrm{mean}_{hw}\, \rho(K_5\, \rho(K_4 \cdots \rho(K_1 x)))

    with ReLU :math:`\rho`. Where a number is, is forgotten.

    Args:
        inputs: Channels of the image.
        latent: Length of :math:`l`.
        width: Channels of the first convolution; they double up to eight times as many.
        sigmoid: Bring the latent into [0, 1] in the end.

    Shape:
        - ``image``: :math:`(B, C, H, W)`, of any size.
        - output: :math:`(B, D)`.

    Example:
        >>> import torch
        >>> StyleEncoder(3, 5, width=2)(torch.rand(2, 3, 20, 33)).shape
        torch.Size([2, 5])
    """

    def __init__(self, inputs: int, latent: int, width: int = 64, *, sigmoid: bool = False) -> None:
        super().__init__()
        self.net = nn.Sequential()
        for before, after in pairwise([inputs, width, 2 * width, 4 * width, 8 * width, latent]):
            self.net.extend([HalvingConv(before, after), nn.ReLU()])
        self.sigmoid = sigmoid

    def forward(
        self, image: Float[Tensor, "batch _ height width"]
    ) -> Float[Tensor, "batch latent"]:
        code: Tensor = self.net(image).mean((2, 3))
        return code.sigmoid() if self.sigmoid else code
