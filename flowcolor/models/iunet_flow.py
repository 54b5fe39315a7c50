r"""The invertible U-Net of any number of levels, as one chain."""

from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral

from torch import nn

from flowcolor.arguments import (
    MOST_BLOCKS,
    MOST_PARAMETERS,
    check_count,
    check_list,
    check_positive,
    plain_numbers,
)
from flowcolor.bounds import shown_value
from flowcolor.layers import (
    AffineCoupling,
    Chain,
    Inverted,
    InvertibleConv1x1,
    InvertibleLayer,
    OrthogonalDownsample,
    Partial,
)
from flowcolor.layers.functional.affine import Half

_SLOPE = 0.01  # Of the leaky ReLU, and of what the weights' deviation is made for.


@plain_numbers
def iunet_flow(
    channels: Sequence[int] = (64, 128, 256, 384), couplings: int = 2, norm_eps: float = 0.1
) -> Chain:
    r"""Build a U-Net of which every step can be undone, with log-det 0.

    A level of :math:`C_i` channels lets the first :math:`C_i - C_{i+1}/4` go by, which is what
    skip connections are elsewhere, and gives the rest to the next level at half the resolution:

    .. math:: f_i = u_i \circ [\,p,\; D_i^{-1} \circ f_{i+1} \circ D'_i (r)\,] \circ d_i

    with learned orthogonal resamplers :math:`D_i, D'_i`, and :math:`d_i, u_i` of ``couplings``
    additive couplings and an orthogonal 1x1 convolution each. The deepest level is twice as many
    couplings alone. Elsewhere the halves change places after each coupling; here every second
    coupling is steered by the other half, which is the same and moves nothing.

    Args:
        channels: Channels of each level, the finest first: even numbers, from the second on
            multiples of 4, each below four times the one before.
        couplings: Couplings on each side of a level.
        norm_eps: Added to the variances of the instance normalisation. 1e-5 is the letter; where
            a channel is nearly constant, as on blank paper, it amplifies what rounding leaves by
            up to 316, and inputs and gradients that are rebuilt in float32 suffer.

    Raises:
        ValueError: If an argument is none of those above.

    Reference:
        Etmann et al., "iUNets" (2020), section 3. https://arxiv.org/abs/2005.05220

    Example:
        >>> import torch
        >>> y, logdet = iunet_flow((4, 8), couplings=1)(torch.randn(2, 4, 8, 8))
        >>> y.shape
        torch.Size([2, 4, 8, 8])
    """
    check_iunet_sizes(iunet_flow, channels, couplings, norm_eps)
    return _level(list(channels), couplings, norm_eps)


def _level(channels: list[int], couplings: int, norm_eps: float) -> Chain:
    here, *deeper = channels

    def blocks(count: int) -> list[InvertibleLayer]:
        return [_coupling(here, number, norm_eps) for number in range(count)]

    if not deeper:
        return Chain(blocks(2 * couplings))
    rest = deeper[0] // 4
    inner = _level(deeper, couplings, norm_eps)
    resampled = Chain([OrthogonalDownsample(rest), inner, Inverted(OrthogonalDownsample(rest))])
    first, *others = blocks(couplings)
    down = [*blocks(couplings), InvertibleConv1x1(here, "orthogonal")]
    up = [first, InvertibleConv1x1(here, "orthogonal"), *others]
    return Chain([*down, Partial(resampled, passed=here - rest), *up])


def _coupling(channels: int, number: int, norm_eps: float) -> AffineCoupling:
    half = channels // 2
    layers: list[nn.Module] = []
    for _ in range(2):
        conv = nn.Conv2d(half, half, kernel_size=3, padding=1, bias=False)
        nn.init.kaiming_normal_(conv.weight, a=_SLOPE, mode="fan_out")
        # One group for each channel is instance normalisation, in any layout of memory.
        norm = nn.GroupNorm(half, half, eps=norm_eps)
        layers += [conv, norm, nn.LeakyReLU(_SLOPE, inplace=True)]
    steer: Half = "first" if number % 2 else "second"
    return AffineCoupling(nn.Sequential(*layers), scale="none", steer=steer)


def check_iunet_sizes(
    model: object, channels: Sequence[int], couplings: int, norm_eps: float
) -> None:
    """Refuse sizes of which no invertible U-Net can be built.

    Raises:
        ValueError: A number is out of range, channels do not fit together, or the model would have
            too many parameters.
    """
    name = getattr(model, "__name__", type(model).__name__)
    check_count(model, couplings=couplings)
    check_positive(model, norm_eps=norm_eps)
    check_list(model, channels=channels)
    fits = len(channels) > 0 and all(
        isinstance(count, Integral) and count > 1 for count in channels
    )
    fits = fits and channels[0] % 2 == 0 and all(count % 4 == 0 for count in channels[1:])
    if not fits or any(coarse >= 4 * fine for fine, coarse in pairwise(channels)):
        raise ValueError(
            f"{name} expects even channels, from the second level on multiples of 4, each below "
            f"four times those before, got {shown_value(list(channels))}."
        )
    parameters = sum((9 * couplings + 2) * count**2 for count in channels)
    if couplings > MOST_BLOCKS or parameters > MOST_PARAMETERS:
        raise ValueError(
            f"{name} expects up to {MOST_BLOCKS} couplings and {MOST_PARAMETERS / 1e9:.0f} billion "
            f"parameters, got {couplings} couplings of {list(channels)} channels."
        )
