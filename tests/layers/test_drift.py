"""The drift of reconstruction, as measured and as bounded."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.layers import ActNorm, AffineCoupling, Chain, Inverted, InvertibleLayer
from flowcolor.models import SketchColorFlow
from flowcolor.testing import measure_drift
from tests.layers.cases import conv_net
from tests.layers.random_chains import glow


class Sloppy(InvertibleLayer):
    """Its inverse is off by a known amount."""

    def __init__(self, error):
        super().__init__()
        self.error = error
        self.rate = nn.Parameter(torch.zeros(()))

    def forward(self, x, condition=None):
        return 2 * x, x.new_zeros(x.shape[0])

    def inverse(self, y, condition=None):
        wrong = y.new_zeros(y.shape)
        wrong[0, 0] = self.error  # Of one number alone.
        return y / 2 + wrong, y.new_zeros(y.shape[0])


def drift_of(chain, x, condition=None):
    return dict(measure_drift(chain, x, condition))


def test_every_error_is_found_where_it_is_made():
    chain = Chain([Sloppy(0.25), Chain([Sloppy(0.0), Sloppy(0.5)])])
    expected = {"layers.0": 0.375, "layers.1.layers.0": 0.25, "layers.1.layers.1": 0.5}
    assert drift_of(chain, torch.ones(2, 3)) == expected
    assert drift_of(Chain([Sloppy(0.5)]), torch.ones(2, 3)) == {"layers.0": 0.5}
    assert drift_of(Sloppy(0.5), torch.ones(2, 3)) == {"": 0.5}
    assert drift_of(Chain([]), torch.ones(2, 3)) == {}


def test_anchors_stop_the_drift():
    layers = [Sloppy(1.0) for _ in range(4)]
    drifts = [drift_of(Chain(layers, anchor_every=k), torch.ones(1, 1)) for k in (None, 2, 1)]
    names = [f"layers.{number}" for number in range(4)]
    assert drifts[0] == dict(zip(names, [1.875, 1.75, 1.5, 1.0], strict=True))
    assert drifts[1] == dict(zip(names, [1.5, 1.0, 1.5, 1.0], strict=True))
    assert drifts[2] == dict.fromkeys(names, 1.0)


def test_it_is_what_training_rebuilds():
    """The gradient of a layer without parameters of its own tells what the next one rebuilt."""
    seen = []

    class Spy(Sloppy):
        def vjp(self, step):
            rebuilt = super().vjp(step)
            seen.append(rebuilt.x)
            return rebuilt

    chain = Chain([Spy(0.25), Spy(0.5), Inverted(Spy(0.0)), Spy(0.5)], "reversible")
    x = torch.randn(2, 3)
    chain(x)[0].sum().backward()
    trained, seen[:] = seen[:], []
    measure_drift(chain, x)
    assert_close(seen, trained, rtol=0, atol=0)


def test_the_chain_is_left_alone():
    chain = Chain([ActNorm(4), nn.Identity(), AffineCoupling(conv_net(2, 4))][::2], "reversible")
    before, flags = copy.deepcopy(chain.state_dict()), [m.training for m in chain.modules()]
    x = 5 + torch.randn(2, 4, 2, 2)
    measure_drift(chain, x)
    assert_close(chain.state_dict(), before, rtol=0, atol=0)
    assert [m.training for m in chain.modules()] == flags
    assert all(p.requires_grad and p.grad is None for p in chain.parameters())


def test_conditions_and_the_opposite_direction():
    chain, x, conditions = glow()
    names = [f"layers.{number}" for number in range(8)]
    forward = measure_drift(chain, x, conditions)
    assert [name for name, _ in forward] == names
    backward = measure_drift(Inverted(chain), chain(x, conditions)[0].detach(), conditions)
    assert [name for name, _ in backward] == [f"layer.{name}" for name in names[::-1]]
    assert 0 < max(drift for _, drift in forward + backward) < 1e-12


@pytest.mark.parametrize("scale", ["bounded", "exp"])
def test_models_stay_within_the_documented_bound(scale):
    model = SketchColorFlow(downsamplings=2, ccbs=8, scale=scale)
    x = torch.rand(2, 3, 16, 16)
    model(x, x)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    conditions = [c.detach() for c in model.encode_color(x)[1]]
    states = [t.abs().max().item() for t in (x, *conditions)]
    for flow in (model.color_flow, model.sketch_flow):
        drifts = measure_drift(flow, x, conditions)
        assert len(drifts) == 4 * 2 + 3 * 8
        assert max(drift for _, drift in drifts) < 1e-5 * max(states)
