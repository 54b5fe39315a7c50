"""Layers that no machine could hold are refused before memory is asked for."""

import pytest
from torch import nn

from flowcolor import layers

NET = nn.Conv2d(2, 4, kernel_size=1)
PAIR = {"channels": 4, "condition_channels": 4}
SIZES = [
    (layers.ActNorm, {}, ["channels"]),
    (layers.AdaIN, PAIR, ["channels", "condition_channels"]),
    (layers.AttentionAggregation, PAIR, ["channels", "condition_channels"]),
    (layers.AttentionAggregation, PAIR, ["heads", "head_channels"]),
    (layers.ConcatAggregation, PAIR, ["channels", "condition_channels"]),
    (layers.ConditionalConv1x1, {"net": NET}, ["channels"]),
    (layers.FeatureAggregation, PAIR, ["channels", "condition_channels"]),
    (
        layers.HintedAggregation,
        {"aggregate": NET, "out_channels": 4, "condition_channels": 4, "hint_channels": 4},
        ["out_channels", "hint_channels", "hidden"],
    ),
    (layers.InvertibleConv1x1, {}, ["channels"]),
    (layers.OrthogonalDownsample, {"channels": 4}, ["channels", "factor"]),
    (layers.ZeroConv2d, {"channels": 4, "out_channels": 4}, ["channels", "out_channels"]),
]


@pytest.mark.parametrize("size", [10**10, 10**30])
@pytest.mark.parametrize(("build", "good", "names"), SIZES)
def test_a_layer_that_fits_no_machine_is_refused_at_once(build, good, names, size):
    for name in names:
        message = rf"^{build.__name__} expects [^\n]*{name}[^\n]* up to [^\n]*{size}[^\n]*\.$"
        with pytest.raises(ValueError, match=message):
            build(**{**good, name: size})
