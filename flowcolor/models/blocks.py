r"""Coupling blocks: the steps of a flow, with and without a condition."""

from typing import Literal

from torch import nn

from flowcolor.arguments import (
    check_choice,
    check_count,
    check_number,
    check_parameters,
    check_whole_number,
    plain_numbers,
)
from flowcolor.layers import (
    ActNorm,
    AdaIN,
    AffineCoupling,
    AttentionAggregation,
    Chain,
    ConcatAggregation,
    ConditionalAffineCoupling,
    FeatureAggregation,
    HintedAggregation,
    InvertibleConv1x1,
    NoAggregation,
)
from flowcolor.layers.conv1x1 import Parametrization
from flowcolor.layers.functional.scale import Scale
from flowcolor.models.residual_net import Norm, ResidualNet

Aggregation = Literal["fam", "concat", "adain", "none", "attention"]


@plain_numbers
def coupling_block(
    channels: int,
    *,
    scale: Scale = "bounded",
    parametrization: Parametrization = "full",
    norm: Norm = "instance",
    norm_eps: float = 0.1,
) -> Chain:
    """Build an NCCB: ActNorm, 1x1 convolution, affine coupling (thesis, equations 3.1 to 3.10).

    Args:
        channels: Channels of the block, even.
        scale: See :class:`~flowcolor.layers.AffineCoupling`.
        parametrization: See :class:`~flowcolor.layers.InvertibleConv1x1`.
        norm: See :class:`~flowcolor.models.ResidualNet`.
        norm_eps: See :class:`~flowcolor.models.ResidualNet`.

    Example:
        >>> import torch
        >>> y, logdet = coupling_block(12)(torch.randn(2, 12, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([2, 12, 4, 4]), torch.Size([2]))
    """
    half = _half_of(coupling_block, channels)
    scale_net, shift_net = (ResidualNet(half, half, norm, norm_eps) for _ in range(2))
    coupling = AffineCoupling(scale_net, shift_net, scale)
    return Chain([ActNorm(channels), InvertibleConv1x1(channels, parametrization), coupling])


@plain_numbers
def conditional_coupling_block(
    channels: int,
    *,
    aggregation: Aggregation = "fam",
    attention_scale: float | None = None,
    width: int | None = None,
    hint_channels: int = 0,
    scale: Scale = "bounded",
    parametrization: Parametrization = "full",
    norm: Norm = "instance",
    norm_eps: float = 0.1,
) -> Chain:
    """Build a CCB: as :func:`coupling_block`, with a condition (thesis, equations 3.17 to 3.19).

    Args:
        channels: Channels of the block, even, and of its condition.
        aggregation: How the condition joins: ``"fam"``, ``"concat"``, ``"adain"``, ``"none"`` or
            ``"attention"``, see :class:`~flowcolor.layers.AttentionAggregation`.
        attention_scale: See :class:`~flowcolor.layers.FeatureAggregation`; of ``"fam"`` only.
        width: Of the sub-networks, see :class:`~flowcolor.models.ResidualNet`.
        hint_channels: If not 0, conditions may bring so many channels more, see
            :class:`~flowcolor.layers.HintedAggregation`.
        scale: See :class:`~flowcolor.layers.AffineCoupling`.
        parametrization: See :class:`~flowcolor.layers.InvertibleConv1x1`.
        norm: See :class:`~flowcolor.models.ResidualNet`.
        norm_eps: See :class:`~flowcolor.models.ResidualNet`.

    Raises:
        ValueError: ``attention_scale`` is given to another aggregation than ``"fam"``.

    Example:
        >>> import torch
        >>> x, condition = torch.randn(2, 2, 12, 4, 4)
        >>> y, logdet = conditional_coupling_block(12)(x, condition)
        >>> y.shape, logdet.shape
        (torch.Size([2, 12, 4, 4]), torch.Size([2]))
    """
    check_choice(conditional_coupling_block, aggregation=(aggregation, Aggregation))
    if attention_scale is not None and aggregation != "fam":
        raise ValueError(
            "conditional_coupling_block expects attention_scale with aggregation 'fam' only, got "
            f"{attention_scale} with {aggregation!r}."
        )
    half = _half_of(conditional_coupling_block, channels)
    check_whole_number(conditional_coupling_block, hint_channels=hint_channels)
    check_number(conditional_coupling_block, smallest=0.0, hint_channels=hint_channels)
    seen = 2 * half if aggregation == "attention" else half  # Channels of what is fused.
    scale_net, shift_net = (ResidualNet(seen, half, norm, norm_eps, width) for _ in range(2))
    fuse = _aggregation(aggregation, half, channels, attention_scale)
    if hint_channels:
        fuse = HintedAggregation(fuse, seen, channels, hint_channels)
    coupling = ConditionalAffineCoupling(scale_net, fuse, shift_net, scale)
    return Chain([ActNorm(channels), InvertibleConv1x1(channels, parametrization), coupling])


def _half_of(builder: object, channels: int) -> int:
    """Return the channels of a half, after a look at those of the whole."""
    check_count(builder, channels=channels)
    if channels % 2:
        name = getattr(builder, "__name__")  # noqa: B009  (an object has none)
        raise ValueError(f"{name} expects channels to be an even number, got {channels}.")
    check_parameters(builder, 15 * channels**2, channels=channels)
    return channels // 2


def _aggregation(
    name: Aggregation, channels: int, condition_channels: int, attention_scale: float | None
) -> nn.Module:
    match name:
        case "fam":
            return FeatureAggregation(channels, condition_channels, attention_scale)
        case "concat":
            return ConcatAggregation(channels, condition_channels)
        case "adain":
            return AdaIN(channels, condition_channels)
        case "none":
            return NoAggregation()
        case "attention":
            return AttentionAggregation(channels, condition_channels)
