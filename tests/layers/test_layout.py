"""Channels first or last: the same numbers, and each where it is fast."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from flowcolor.layers import ActNorm, AffineCoupling, Chain, InvertibleConv1x1
from flowcolor.layers.functional.layout import has_channels_last
from tests.layers.cases import conditional, conv_net, fam
from tests.layers.memory_modes import MODES, assert_same, outcome
from tests.layers.test_contract import double, every_case
from tests.strategies import at_most, samples

LAST = torch.channels_last
# Not Squeeze and the like, which on some devices return what suits them.
KEEPING = {
    "ActNorm": ActNorm(4),
    "InvertibleConv1x1": InvertibleConv1x1(4, "lu"),
    "AffineCoupling": AffineCoupling(conv_net(2, 4)),
    "AffineCoupling, two networks": AffineCoupling(conv_net(2, 2), conv_net(2, 2)),
    "ConditionalAffineCoupling": conditional(fam()),
    "Chain": Chain([ActNorm(4), InvertibleConv1x1(4), AffineCoupling(conv_net(2, 4))]),
}


def cubes(y, logdet):
    y = y + 1  # At zero, squares of rounding errors would be compared with no gradient at all.
    return (y * y * y).sum() + logdet.square().sum()  # Its gradient has the layout of y.


def cubes_in(order):
    """The same number, whose gradient has another layout: not all of torch's kernels look."""

    def loss(y, logdet):
        return cubes(y.permute(order).contiguous() if y.ndim == 4 else y, logdet)

    return loss


@every_case
@given(sample=samples(), order=st.permutations(range(4)))
@at_most(5)
def test_layout_changes_no_number(case, sample, order):
    layer = Chain([case.settled(sample)]).double()
    x, condition = double(case.inputs(sample))
    if x.ndim != 4:
        return
    last = x.contiguous(memory_format=LAST)
    for inverse in (False, True):
        if inverse:
            x = layer(x, condition)[0].detach()
            last = x.contiguous(memory_format=LAST) if x.ndim == 4 else x
        expected = outcome(layer, "none", x, condition, inverse=inverse, loss=cubes)
        for mode in MODES:
            loss = cubes_in(order)
            found = outcome(layer, mode, last, condition, inverse=inverse, loss=loss)
            # No closer: torch's `matrix_exp` loses digits of large gradients.
            assert_same(found, expected, 1e-6)
        layer.eval()
        with torch.no_grad():
            run = layer.inverse if inverse else layer
            y, logdet = run(last, condition)
        layer.train()
        assert_close(y, expected["result"], rtol=1e-9, atol=1e-9)
        assert_close(logdet, expected["logdet"], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("layer", KEEPING.values(), ids=KEEPING)
def test_result_has_the_layout_of_the_input(layer, last, training):
    x = torch.randn(2, 4, 3, 5)
    condition = torch.randn(2, 6, 3, 5)
    if last:
        x = x.contiguous(memory_format=LAST)
    layer.train(training)
    with torch.set_grad_enabled(training):
        for run in (layer, layer.inverse):
            y, _ = run(x, condition)
            assert has_channels_last(y) == last
            assert last or y.is_contiguous()


class Own(nn.Conv2d):
    """A user's network that takes no other layout than the usual one."""

    def forward(self, x):
        assert x[0].is_contiguous()  # The half of an image is, the half of a batch is not.
        return super().forward(x.view(len(x), -1).view(x.shape))


class Willing(nn.Conv2d):
    """A user's network that takes every layout and says so."""

    takes_any_layout = True


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="oneDNN is what it is for")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", [nn.Conv2d, Own, Willing])
def test_networks_of_torch_get_channels_last_where_that_is_faster(kind, dtype):
    net = nn.Sequential(kind(2, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 4, 1))
    coupling = AffineCoupling(net).to(dtype)
    seen = []
    net[0].register_forward_pre_hook(lambda _, args: seen.append(has_channels_last(args[0])))
    x = torch.randn(2, 4, 3, 5, dtype=dtype, requires_grad=True)
    y, logdet = coupling(x)
    (y.square().sum() + logdet.sum()).backward()
    assert seen == [dtype == torch.float32 and kind is not Own]
    a, b = x.detach().double().chunk(2, 1)
    raw, shift = net.double()(b).chunk(2, 1)
    scale = 0.5 + raw.sigmoid()
    assert_close(y.double(), torch.cat([a * scale + shift, b], 1), rtol=1e-5, atol=1e-5)
    assert_close(x.grad[:, :2].double(), 2 * scale * (a * scale + shift), rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="oneDNN is what it is for")
@pytest.mark.parametrize("batch", [1, 2])
def test_reversible_backward_evaluates_in_the_same_layout(batch):
    chain = Chain([AffineCoupling(conv_net(2, 4)), AffineCoupling(conv_net(2, 4))], "reversible")
    seen = []
    for layer in chain.layers:  # What a convolution returns tells how it was evaluated.
        layer.net[0].register_forward_hook(lambda *call: seen.append(has_channels_last(call[-1])))
    chain(torch.randn(batch, 4, 3, 5, requires_grad=True))[0].sum().backward()
    assert seen == 4 * [True]


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 1, 4, 5), (2, 3, 1, 1), (2, 3), (2, 3, 4)])
def test_channels_last_is_told_from_channels_first(shape):
    x = torch.zeros(shape)
    assert not has_channels_last(x)
    if x.ndim == 4:
        both = x.shape[1] == 1 or x.shape[2:].numel() == 1
        assert has_channels_last(x.contiguous(memory_format=LAST)) != both
        assert not has_channels_last(x.contiguous(memory_format=LAST)[:, :2, :-1])
