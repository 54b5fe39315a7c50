r"""The conditional flow of Full-Glow, of any number of levels, as one chain."""

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_count, check_parameters, plain_numbers
from flowcolor.layers import (
    Chain,
    ConditionalAffineCoupling,
    Factor,
    Inverted,
    InvertibleLayer,
    Squeeze,
    TopPrior,
    ZeroConv2d,
)
from flowcolor.layers.functional.scale import Scale
from flowcolor.models.full_glow_predictors import predicted_actnorm, predicted_conv1x1
from flowcolor.models.glow_flow import check_glow_sizes
from flowcolor.models.glow_net import GlowNet

_WIDTH = 128  # Of the networks that look at the condition of a coupling.


@plain_numbers
def conditional_glow_flow(
    levels: int,
    steps: int,
    hidden: int,
    *,
    pool: int | None = 8,
    size: int = 256,
    channels: int = 3,
    scale: Scale = "bounded",
    padding_value: float = 1.0,
) -> Chain:
    """Build a flow like :func:`~flowcolor.models.glow_flow` of which every layer has a condition.

    Each layer's condition is the output of the same layer of another flow of these sizes: ActNorm
    and 1x1 convolution are predicted from it, the coupling's network sees it beside its half. The
    Gaussians of what leaves have no condition.

    Args:
        levels: How often resolution is halved.
        steps: Steps of each level.
        hidden: Channels inside of the couplings' networks.
        pool: See :class:`~flowcolor.models.full_glow_predictors.Predictor`.
        size: Height and width of the images, of ``pool=None``.
        channels: Of the image.
        scale: See :class:`~flowcolor.layers.AffineCoupling`.
        padding_value: See :class:`~flowcolor.layers.ZeroConv2d`.

    Reference:
        Sorkhei et al., "Full-Glow" (2021), section 3. https://arxiv.org/abs/2012.05846
    """
    sizes = {"channels": channels, "size": size, **({} if pool is None else {"pool": pool})}
    check_count(conditional_glow_flow, **sizes)
    check_choice(conditional_glow_flow, scale=(scale, Scale))
    check_glow_sizes(conditional_glow_flow, levels, steps, hidden, matrices=100, channels=channels)
    # Two predictors in a step, each with 32 numbers of all areas.
    areas = size**2 if pool is None else 4 * pool**2
    check_parameters(conditional_glow_flow, 32 * areas * levels * steps, **sizes)
    if pool is None and (size % 2 or size < 10):
        raise ValueError(
            "conditional_glow_flow with pool None expects size to be even and at least 10 at every "
            f"level, got {size}."
        )
    c, side = 4 * channels, size // 2
    half = c // 2
    layers: list[InvertibleLayer] = [Squeeze()]
    for _ in range(steps):
        net = GlowNet(half + c, half if scale == "none" else c, hidden, padding_value)
        coupling = ConditionalAffineCoupling(
            net, _Beside(c), scale=scale, steer="first", order="shift_scale"
        )
        layers += [predicted_actnorm(c, pool, side), predicted_conv1x1(c, pool, side), coupling]
    if levels == 1:
        layers.append(TopPrior(ZeroConv2d(c, 2 * c, padding_value)))
    else:
        inner = conditional_glow_flow(
            levels - 1,
            steps,
            hidden,
            pool=pool,
            size=max(side, 1),
            channels=half,
            scale=scale,
            padding_value=padding_value,
        )
        layers.append(Factor(ZeroConv2d(half, c, padding_value), inner))
    return Chain([*layers, Inverted(Squeeze())])


class _Beside(nn.Module):
    """Stack features and what two convolutions see in the condition."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.see = nn.Sequential(
            nn.Conv2d(channels, _WIDTH, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(_WIDTH, channels, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return both, one after the other along the channels."""
        return torch.cat([x, self.see(condition).to(x.dtype)], 1)
