r"""The learned prior at the end of a flow."""

from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_module
from flowcolor.layers.base import Condition, Features, InvertibleLayer, LogDet, check_tensor
from flowcolor.layers.functional.affine import Order, affine
from flowcolor.layers.functional.affine_vjp import undo_affine
from flowcolor.layers.functional.layout import for_networks
from flowcolor.layers.functional.scale import Scale
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep
from flowcolor.values import widen


class TopPrior(InvertibleLayer):
    r"""Standardise all that is left by a mean and a deviation that are learned.

    .. math::
        (\log\sigma, \mu) = \mathrm{net}(0), \qquad y = \frac{x - \mu}{\sigma}, \qquad
        \log|\det J| = -\textstyle\sum \log\sigma

    The network sees zeros of the shape of :math:`x`, so what it gives depends on the place at most:
    a convolution that pads with ones tells the border from the middle. As with :class:`Factor`,
    the latent is standard normal, and the density is that of a learned Gaussian.

    Args:
        net: Gives :math:`\log\sigma` and :math:`\mu` stacked along the channels; let it start at
            zero, for instance :class:`ZeroConv2d`.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)`.
        - ``net``: :math:`(B, C, *)` to :math:`(B, 2C, *)`.
        - ``logdet``: :math:`(B,)`.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), the code released with it.
        https://arxiv.org/abs/1807.03039

    Example:
        >>> from flowcolor.layers import ZeroConv2d
        >>> y, logdet = TopPrior(ZeroConv2d(3, 6))(torch.randn(8, 3, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([8, 3, 4, 4]), torch.Size([8]))
    """

    # Read by the arithmetic that couplings share: x = sigma y + mu, undone.
    shift_net: nn.Module | None = None
    scale: Scale = "exp"
    order: Order = "scale_shift"
    clamp: float | None = None
    draws_alike: ClassVar[bool] = True

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        check_module(self, net=net)
        self.net = net

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        return self._run(x, inverse=True)

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        return self._run(y, inverse=False)

    def vjp(self, step: ReverseStep) -> Rebuilt:
        h = for_networks(torch.zeros_like(step.out), self.net)
        step = replace(step, inverse=not step.inverse)
        x, grad_x, grads = undo_affine(self, h, step.out, step.grad_out, step, step.params)
        return Rebuilt(x, grad_x, grad_params=grads)

    def _run(self, x: Tensor, *, inverse: bool) -> tuple[Tensor, LogDet]:
        check_tensor(self, x)
        if x.ndim < 2:
            raise ValueError(
                "TopPrior expects an input of shape (batch, channels, *spatial), got "
                f"{tuple(x.shape)}."
            )
        x = widen(x)
        return affine(self, torch.zeros_like(x), x, inverse=inverse)
