"""The sub-network, against its formula."""

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from flowcolor.layers import AffineCoupling
from flowcolor.layers.functional.layout import has_channels_last
from flowcolor.models import ResidualNet

NORMS = {
    "instance": lambda x: (
        (x - x.mean((2, 3), keepdim=True))
        / (x.var((2, 3), correction=0, keepdim=True) + 0.01).sqrt()
    ),
    "layer": lambda x: (
        (x - x.mean((1, 2, 3), keepdim=True))
        / (x.var((1, 2, 3), correction=0, keepdim=True) + 0.01).sqrt()
    ),
    "none": lambda x: x,
}


@pytest.mark.parametrize("norm", NORMS)
def test_three_convolutions_a_residual_and_a_pointwise_convolution(norm):
    net, x = ResidualNet(4, 3, norm, norm_eps=0.01), torch.randn(2, 4, 5, 6)
    torch.nn.init.normal_(net.out.weight)
    torch.nn.init.normal_(net.out.bias)
    h = x
    for conv in (part for part in net.body if isinstance(part, torch.nn.Conv2d)):
        assert conv.kernel_size == (3, 3)
        h = functional.conv2d(h, conv.weight, conv.bias, padding=1)
        h = NORMS[norm](h).relu()
    expected = torch.einsum("oi,bihw->bohw", net.out.weight[:, :, 0, 0], x + h)
    assert_close(net(x), expected + net.out.bias[:, None, None])


@pytest.mark.parametrize("norm", NORMS)
def test_another_width_is_reached_by_a_pointwise_convolution(norm):
    net, x = ResidualNet(4, 3, norm, width=7), torch.randn(2, 4, 5, 6)
    torch.nn.init.normal_(net.out.weight)
    same = ResidualNet(7, 3, norm)
    same.load_state_dict({k: v for k, v in net.state_dict().items() if "lift" not in k})
    lifted = torch.einsum("oi,bihw->bohw", net.lift.weight[:, :, 0, 0], x)
    assert_close(net(x), same(lifted + net.lift.bias[:, None, None]))


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="oneDNN is what it is for")
@pytest.mark.parametrize("norm", NORMS)
def test_all_convolutions_get_channels_last(norm):
    net, seen = ResidualNet(4, 8, norm), []
    for part in net.modules():
        if isinstance(part, torch.nn.Conv2d):
            part.register_forward_pre_hook(lambda _, args: seen.append(has_channels_last(args[0])))
    AffineCoupling(net)(torch.randn(2, 8, 5, 6))
    assert seen == 4 * [True]
    AffineCoupling(net.double())(torch.randn(2, 8, 5, 6).double())
    assert seen[4:] == 4 * [False]


def test_starts_at_zero():
    assert not ResidualNet(4, 3)(torch.randn(2, 4, 5, 6)).any()


def test_samples_do_not_influence_each_other():
    for norm in NORMS:
        net, x = ResidualNet(4, 3, norm), torch.randn(2, 4, 5, 6)
        torch.nn.init.normal_(net.out.weight)
        assert_close(net(x)[:1], net(x[:1]))


def test_unknown_norm_is_refused_in_words():
    with pytest.raises(ValueError, match=r"^ResidualNet expects norm to be .*, got 'batch'\.$"):
        ResidualNet(4, 4, "batch")
