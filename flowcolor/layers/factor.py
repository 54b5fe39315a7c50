r"""The learned split of multi-scale flows."""

from torch import Tensor, nn

from flowcolor.arguments import check_module
from flowcolor.layers.base import Features, InvertibleLayer, LogDet, Step
from flowcolor.layers.chain import Chain
from flowcolor.layers.conditions import Conditions
from flowcolor.layers.coupling import AffineCoupling
from flowcolor.layers.inverted import Inverted
from flowcolor.layers.partial import Partial


class Factor(InvertibleLayer):
    r"""Let half of the channels leave a flow, standardised by what the other half says of them.

    .. math::
        (a, b) = \mathrm{split}(x), \qquad (\log\sigma, \mu) = \mathrm{net}(a), \qquad
        y = \Big[f(a; c),\; \frac{b - \mu}{\sigma}\Big], \qquad
        \log|\det J| = \log|\det J_f| - \textstyle\sum \log\sigma

    Elsewhere :math:`b` leaves with a density :math:`\mathcal{N}(b; \mu, \sigma^2)` of its own, and
    a flow ends in a list of latents. Here :math:`b` becomes standard normal like all the rest, so a
    flow of any number of levels ends in one latent with one density :math:`\mathcal{N}(0, 1)`, is
    sampled from one noise at one temperature, and is undone by ``inverse`` alone. The density is
    the same.

    Args:
        net: Gives :math:`\log\sigma` and :math:`\mu` stacked along the channels; let it start at
            zero, for instance :class:`ZeroConv2d`.
        inner: The rest of the flow :math:`f`, which keeps the spatial shape, see :class:`Partial`.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with :math:`C \ge 2`; :math:`a` is the larger half.
        - ``net``: :math:`(B, \lceil C/2 \rceil, *)` to :math:`(B, 2\lfloor C/2 \rfloor, *)`.
        - ``condition``: whatever ``inner`` takes.
        - ``logdet``: :math:`(B,)`.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), section 3.4 and the code released with it.
        https://arxiv.org/abs/1807.03039

    Example:
        >>> import torch
        >>> from flowcolor.layers import InvertibleConv1x1, ZeroConv2d
        >>> layer = Factor(ZeroConv2d(2, 4), InvertibleConv1x1(2))
        >>> y, logdet = layer(torch.randn(8, 4, 6, 6))
        >>> y.shape, logdet.shape
        (torch.Size([8, 4, 6, 6]), torch.Size([8]))
    """

    def __init__(self, net: nn.Module, inner: InvertibleLayer) -> None:
        super().__init__()
        check_module(self, net=net)
        check_module(self, InvertibleLayer, inner=inner)
        standardize = Inverted(AffineCoupling(net, scale="exp", steer="first", clamp=None))
        self.both = Chain([standardize, Partial(inner, side="last")])
        self.num_conditions = inner.num_conditions

    def forward(self, x: Features, condition: Conditions = None) -> tuple[Features, LogDet]:
        return self.both(x, condition)  # type: ignore[no-any-return]

    def inverse(self, y: Tensor, condition: Conditions = None) -> tuple[Features, LogDet]:
        return self.both.inverse(y, condition)

    def steps(self, condition: Conditions, *, inverse: bool) -> list[Step]:
        """Return the steps of both parts, so that each is undone by itself."""
        return self.both.steps(condition, inverse=inverse)
