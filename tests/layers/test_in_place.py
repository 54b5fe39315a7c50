"""Sub-networks that write to their input are noticed: the half that steers has to stay as it is."""

import pytest
import torch
from torch import nn
from torch.func import vmap
from torch.testing import assert_close

from flowcolor.layers import AffineCoupling, Chain, ConditionalAffineCoupling, NoAggregation
from tests.layers.cases import conv_net
from tests.layers.memory_modes import MODES

REFUSED = r"Coupling expects sub-networks that leave their input as it is, got .* writes to it"


class Hidden(nn.Module):
    """Somebody's own network, in which nothing can be seen from outside."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, kernel_size=1)

    def forward(self, x):
        return self.conv(x.relu_())


class Mix(nn.Module):
    """An aggregation that writes to one of the two things it is given."""

    def __init__(self, to):
        super().__init__()
        self.to = to

    def forward(self, x, condition):
        (x if self.to == "input" else condition).mul_(2)
        return x + condition


def visible():
    first = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(2, 4, kernel_size=1))
    return nn.Sequential(nn.Identity(), first)


def behind(*first):
    """Return a network whose first modules hand its very input to one that writes to it."""
    return nn.Sequential(*first, nn.ReLU(inplace=True), nn.Conv2d(2, 4, kernel_size=1))


def hooked():
    """Return a network of torch's own modules, of which a hook writes to the input."""
    conv = nn.Conv2d(2, 4, kernel_size=1)
    conv.register_forward_pre_hook(lambda _, given: (given[0].mul_(2), None)[1])
    return nn.Sequential(conv)


def replaced():
    """Return a network of torch's own class, whose forward somebody has wrapped."""
    conv = nn.Conv2d(2, 4, kernel_size=1)
    forward = conv.forward
    conv.forward = lambda x: forward(x.mul_(2))
    return conv


LAYERS = {
    "first layer": lambda: AffineCoupling(visible()),
    "after idle dropout": lambda: AffineCoupling(behind(nn.Dropout())).eval(),
    "after a view": lambda: AffineCoupling(behind(nn.Unflatten(1, (2, 1)), nn.Flatten(1, 2))),
    "after a view, written as 1": lambda: AffineCoupling(
        nn.Sequential(nn.Unflatten(1, (2, 1)), nn.Flatten(1, 2), nn.ReLU(1), conv_net(2, 4))
    ),
    "hook": lambda: AffineCoupling(hooked()),
    "wrapped forward": lambda: AffineCoupling(replaced()),
    "first layer, second network": lambda: AffineCoupling(
        conv_net(2, 2), nn.Sequential(nn.ELU(inplace=True), conv_net(2, 2))
    ),
    "own class": lambda: AffineCoupling(Hidden()),
    "after the fusion": lambda: ConditionalAffineCoupling(visible(), NoAggregation()),
    "fusion": lambda: ConditionalAffineCoupling(conv_net(2, 4), Mix("input")),
    "fusion, condition": lambda: ConditionalAffineCoupling(conv_net(2, 4), Mix("condition")),
}
DTYPES = [torch.float32, torch.float64]
every_layer = pytest.mark.parametrize("build", LAYERS.values(), ids=LAYERS)


@every_layer
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_writing_to_the_input_is_one_value_error(build, dtype, context):
    layer = build().to(dtype)
    with context():
        for run in (layer.forward, layer.inverse):
            x, condition = (torch.randn(2, channels, 3, 3, dtype=dtype) for channels in (4, 2))
            with pytest.raises(ValueError, match=REFUSED):
                run(x, condition)


@every_layer
@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_writing_to_one_of_many_images_is_the_same_error(build, context):
    layer = build()
    with context():
        for run in (layer.forward, layer.inverse):
            x, condition = torch.randn(3, 1, 4, 3, 3), torch.randn(3, 1, 2, 3, 3)
            with pytest.raises(ValueError, match=REFUSED):
                vmap(run)(x, condition)


@every_layer
@pytest.mark.parametrize("memory", MODES)
def test_writing_to_an_input_with_gradients_is_the_same_error(build, memory):
    x, condition = (torch.randn(2, 4, 3, 3, requires_grad=True) for _ in range(2))
    condition = condition[:, :2]
    with pytest.raises(ValueError, match=REFUSED):
        Chain([build()], memory)(x, condition)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_can_be_seen_is_refused_before_anything_is_written(dtype):
    layer, x = AffineCoupling(visible()).to(dtype), torch.randn(2, 4, 3, 3, dtype=dtype)
    before = x.clone()
    with torch.no_grad(), pytest.raises(ValueError, match=REFUSED):
        layer(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_writing_to_what_a_network_made_itself_is_fine(context):
    net = nn.Sequential(nn.Conv2d(2, 4, kernel_size=1), nn.ReLU(inplace=True))

    class Own(nn.Module):
        def forward(self, x):
            return torch.cat([x.neg().mul_(2), x], 1)

    for sub in (net, Own()):
        with context():
            layer, x = AffineCoupling(sub), torch.randn(2, 4, 3, 3)
            assert_close(layer.inverse(layer(x)[0])[0], x)
            assert_close(vmap(layer.forward)(x[:, None])[0][:, 0], layer(x)[0])
            layer(torch.full_like(x, torch.nan))  # Not a number is not a change.


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.complex128])
def test_writing_to_conditions_of_other_numbers_is_refused_in_inference_mode(dtype):
    class Shift(nn.Module):
        def __init__(self, writes):
            super().__init__()
            self.writes = writes

        def forward(self, x, condition):
            if self.writes:
                condition.zero_()
            return x + condition.real.to(x.dtype)

    with torch.inference_mode():
        x, condition = torch.randn(2, 4, 3, 3), torch.ones(2, 2, 3, 3, dtype=dtype)
        ConditionalAffineCoupling(conv_net(2, 4), Shift(writes=False))(x, condition)
        with pytest.raises(ValueError, match=REFUSED):
            ConditionalAffineCoupling(conv_net(2, 4), Shift(writes=True))(x, condition)


@pytest.mark.compiled
def test_what_can_be_seen_is_refused_when_compiled():
    torch._dynamo.reset()
    run = torch.compile(AffineCoupling(visible()).forward, backend="eager")
    with pytest.raises(ValueError, match=REFUSED):
        run(torch.randn(2, 4, 3, 3))


@pytest.mark.parametrize("memory", MODES)
def test_hooks_on_gradients_of_what_is_written_to_are_not_taken_for_it(memory):
    first = nn.Conv2d(2, 4, kernel_size=1)
    chain = Chain([AffineCoupling(nn.Sequential(first, nn.ReLU(inplace=True)))], memory)
    first.register_full_backward_hook(lambda *_: None)
    x = torch.randn(2, 4, 3, 3, requires_grad=True)

    def train():
        chain(x)[0].sum().backward()

    expected = r"expects networks with full backward hooks to write to nothing in place, got Seq"
    with pytest.raises(ValueError, match=expected):
        train()
    chain[0].net[1].inplace = False
    train()
