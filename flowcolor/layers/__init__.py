"""Invertible layers. Every layer here honours :class:`InvertibleLayer`; aggregations serve them."""

from flowcolor.layers.actnorm import ActNorm
from flowcolor.layers.aggregation import AdaIN, ConcatAggregation, FeatureAggregation, NoAggregation
from flowcolor.layers.attention import AttentionAggregation
from flowcolor.layers.base import InvertibleLayer
from flowcolor.layers.chain import Chain
from flowcolor.layers.conditional_actnorm import ConditionalActNorm
from flowcolor.layers.conditional_conv1x1 import ConditionalConv1x1
from flowcolor.layers.conv1x1 import InvertibleConv1x1
from flowcolor.layers.coupling import AffineCoupling, ConditionalAffineCoupling
from flowcolor.layers.factor import Factor
from flowcolor.layers.haar import HaarDownsample
from flowcolor.layers.hinted import HintedAggregation
from flowcolor.layers.inverted import Inverted
from flowcolor.layers.orthogonal import OrthogonalDownsample
from flowcolor.layers.partial import Partial
from flowcolor.layers.spline_coupling import SplineCoupling
from flowcolor.layers.squeeze import Squeeze
from flowcolor.layers.top_prior import TopPrior
from flowcolor.layers.zero_conv import ZeroConv2d

__all__ = [
    "ActNorm",
    "AdaIN",
    "AffineCoupling",
    "AttentionAggregation",
    "Chain",
    "ConcatAggregation",
    "ConditionalActNorm",
    "ConditionalAffineCoupling",
    "ConditionalConv1x1",
    "Factor",
    "FeatureAggregation",
    "HaarDownsample",
    "HintedAggregation",
    "Inverted",
    "InvertibleConv1x1",
    "InvertibleLayer",
    "NoAggregation",
    "OrthogonalDownsample",
    "Partial",
    "SplineCoupling",
    "Squeeze",
    "TopPrior",
    "ZeroConv2d",
]
