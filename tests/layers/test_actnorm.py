"""What is special about ActNorm: its first batch, and what decides which batch is the first."""

import copy
import itertools
from contextlib import nullcontext

import pytest
import torch
from hypothesis import given
from torch import distributed, nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.utils import parametrize, prune
from torch.nn.utils.parametrize import register_parametrization
from torch.testing import assert_close

from flowcolor.layers import ActNorm, Inverted
from flowcolor.layers.functional.standardize import standardize
from flowcolor.testing import check_invertible
from tests.saved_bytes import SavedBytes
from tests.strategies import samples


@given(samples(min_batch=8))
def test_first_training_batch_comes_out_standardised(sample):
    x, layer = sample.tensor(3), ActNorm(3)
    y, logdet = layer(x)
    channels = x.double().transpose(0, 1).flatten(1)
    std = channels.std(1, correction=0) if sample.scale else torch.ones(3).double()
    expected = ((channels - channels.mean(1, keepdim=True)) / std[:, None]).float()
    rounding = 1e-6 * max(1, (x.abs().max() / std.min()).item())
    assert_close(y.transpose(0, 1).flatten(1), expected, rtol=0, atol=rounding)
    expected = -x[0, 0].numel() * std.log().sum().float()
    assert_close(logdet, expected.expand(len(x)))
    check_invertible(layer, x[:2])


@pytest.mark.parametrize("value", [0.0, 1.0, 12345.678])
def test_constant_channel_is_centred_and_not_scaled(value):
    x = torch.stack([torch.full([3, 37, 41], value), torch.randn(3, 37, 41)], 1)
    y, logdet = ActNorm(2)(x)
    assert_close(y[:, 0], torch.zeros(3, 37, 41), rtol=0, atol=abs(value) * 1e-6)
    assert_close(logdet, torch.full([3], -37 * 41 * x[:, 1].std(correction=0).log().item()))


def test_only_forward_in_training_initialises():
    x, layer = 5 + 2 * torch.randn(8, 2), ActNorm(2)
    for mode, run in ((False, layer), (False, layer.inverse), (True, layer.inverse)):
        layer.train(mode)
        assert torch.equal(run(x)[0], x)
    assert torch.equal(Inverted(layer)(x)[0], x)
    assert layer.awaits_data
    assert_close(layer(x)[0].mean(0), torch.zeros(2))
    assert not layer.awaits_data


def test_later_batches_change_nothing():
    layer = ActNorm(2)
    layer(torch.randn(8, 2))
    state = copy.deepcopy(layer.state_dict())
    layer(5 + 2 * torch.randn(8, 2))
    layer.eval().train()(torch.randn(8, 2))
    assert_close(layer.state_dict(), state, rtol=0, atol=0)


def test_optimizer_keeps_hold_of_the_parameters():
    layer = ActNorm(2)
    before = {name: (id(p), p.data_ptr()) for name, p in layer.named_parameters()}
    layer(5 + 2 * torch.randn(8, 2))
    assert {name: (id(p), p.data_ptr()) for name, p in layer.named_parameters()} == before
    assert all(p.requires_grad and p.is_leaf for p in layer.parameters())


def test_first_batch_in_half_precision_is_measured_in_full():
    x = 5 + 2 * torch.randn(4000, 1)
    layer = ActNorm(1)
    layer(x.bfloat16())
    assert_close(layer.loc.detach(), x.bfloat16().float().mean(0))


def test_checkpoint_decides_whether_to_initialise():
    x, layer = torch.randn(8, 2), ActNorm(2)
    layer.load_state_dict(trained(ActNorm(2), x))
    assert_close(trained(layer, 3 * x), trained(ActNorm(2), x))  # Restored: nothing left to do.
    layer.load_state_dict(ActNorm(2).state_dict())
    assert layer.awaits_data
    assert_close(trained(layer, 3 * x), trained(ActNorm(2), 3 * x))  # Rewound: it starts over.


def test_ranks_agree_with_one_process(run_on_ranks):
    x = 5 + 2 * torch.randn(6, 2, 4, 4)
    x[:, 1] += torch.arange(6.0)[:, None, None]  # The shards have different means.
    tasks = [(ActNorm(2), shard) for shard in x.split([2, 4])]
    (first, last), (first_too, last_too) = run_on_ranks(train_on_rank, tasks)
    assert_close(first, trained(ActNorm(2), x))
    assert_close(first, first_too, rtol=0, atol=0)
    assert_close(last, last_too, rtol=0, atol=0)
    assert not torch.equal(first["loc"], last["loc"])


def train_on_rank(layer, x):
    """Return the state after the first batch, and after some steps of training."""
    assert distributed.get_world_size() == 2
    first = copy.deepcopy(trained(layer, x))
    for _ in range(3):
        y, logdet = layer(x)
        gradients = torch.autograd.grad(y.exp().mean() - logdet.mean(), list(layer.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(layer.parameters(), gradients, strict=True):
                distributed.all_reduce(gradient)
                parameter -= 0.01 * gradient
    return first, layer.state_dict()


def trained(layer, x):
    layer(x)
    return layer.state_dict()


BROKEN = [
    torch.empty(0, 3, 4, 4),
    torch.full((2, 3, 4, 4), torch.nan),
    torch.full((2, 3), torch.inf),
]


@pytest.mark.parametrize("spoilt", BROKEN)
def test_an_empty_or_broken_first_batch_is_waited_out(spoilt):
    layer, batch = ActNorm(3), 5 + 2 * torch.randn(64, 3, 4, 4)
    y, logdet = layer(spoilt)
    assert layer.awaits_data
    assert not layer.initialized
    assert torch.equal(y.nan_to_num(), spoilt.nan_to_num())  # Still the identity.
    assert torch.equal(logdet, torch.zeros(len(spoilt)))
    y, _ = layer(batch)
    assert_close(y.mean((0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-5)
    assert_close(y.std((0, 2, 3), correction=0), torch.ones(3), rtol=0, atol=1e-5)


def test_a_first_batch_beyond_the_type_of_the_weights_is_waited_out():
    layer, batch = ActNorm(3).half(), 5 + 2 * torch.randn(64, 3, 4, 4)
    layer(1e6 * batch)
    assert layer.awaits_data
    assert layer(batch)[0].std() < 1.1
    assert not layer.awaits_data


@pytest.mark.parametrize("mode", ["fresh", "trained", "evaluation"])
def test_a_batch_can_be_given_by_hand(mode):
    layer, batch = ActNorm(3), 5 + 2 * torch.randn(64, 3, 4, 4)
    if mode == "trained":
        layer(torch.randn(8, 3))
    layer.train(mode != "evaluation")
    layer.initialize(batch.double())
    assert not layer.awaits_data
    assert_close(layer.state_dict(), trained(ActNorm(3), batch))
    y, _ = layer(batch)
    assert_close(y.mean((0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-5)


@pytest.mark.parametrize("spoilt", [*BROKEN, torch.ones(2, 4), torch.ones(3)])
def test_a_batch_given_by_hand_is_refused_in_words_if_it_cannot_serve(spoilt):
    layer = ActNorm(3)
    with pytest.raises(
        ValueError, match=r"ActNorm expects (a batch of finite numbers|an input of)"
    ):
        layer.initialize(spoilt)
    assert layer.awaits_data
    assert_close(layer.loc.detach(), torch.zeros(3))


@pytest.mark.parametrize("shape", [(1, 4, 3, 2), (1, 4, 2, 1), (2, 3, 2, 2)])
def test_gradients_do_not_depend_on_the_layout_in_which_they_come(shape):
    """Normalising operators of torch misread some layouts, and then return other gradients."""
    layer = ActNorm(shape[1]).double().eval()
    torch.nn.init.normal_(layer.loc)
    torch.nn.init.normal_(layer.log_scale)
    x, grad = torch.randn(2, *shape, dtype=torch.float64)
    for run in (layer, layer.inverse):
        found = []
        for order in itertools.permutations(range(4)):
            laid = grad.permute(order).contiguous().permute(*map(order.index, range(4)))
            layer.zero_grad()
            point = x.clone().requires_grad_()
            run(point)[0].backward(laid)
            found.append([point.grad, layer.loc.grad, layer.log_scale.grad])
        for other in found[1:]:
            assert_close(other, found[0])


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # By torch itself.
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 2), (1, 3, 2, 2)])
def test_it_is_differentiated_in_every_way(shape):
    given = tuple(
        torch.randn(size, dtype=torch.float64, requires_grad=True) for size in (shape, 3, 3)
    )
    assert gradcheck(standardize, given, check_forward_ad=True)
    assert gradgradcheck(standardize, given)
    y, many = standardize(*given), torch.randn(4, *shape, dtype=torch.float64)
    at_once = torch.autograd.grad(y, given, many, retain_graph=True, is_grads_batched=True)
    each = [torch.autograd.grad(y, given, grad, retain_graph=True) for grad in many]
    for found, expected in zip(at_once, zip(*each, strict=True), strict=True):
        assert_close(found, torch.stack(expected))


def test_autograd_keeps_the_result_alone():
    layer, x = ActNorm(3).eval(), torch.randn(2, 3, 8, 8, requires_grad=True)
    with SavedBytes() as kept:
        y, _ = layer(x)
    small = 8 * 3 * 4
    assert kept.beside(y, *layer.parameters()) < small
    layer.requires_grad_(False)
    with SavedBytes() as kept:  # Not even that.
        layer(x)
    assert kept.beside(*layer.parameters()) < small


class Cubed(nn.Module):
    """A parametrization that can be undone."""

    def forward(self, root):
        return root**3

    def right_inverse(self, number):
        return number.sign() * number.abs() ** (1 / 3)


class Doubled(nn.Module):
    """A parametrization that cannot be undone."""

    def forward(self, half):
        return 2 * half


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("initialize", [False, True])
@pytest.mark.parametrize("names", [["loc"], ["log_scale"], ["loc", "log_scale"]])
def test_first_batch_comes_out_standardised_by_parametrized_numbers(names, initialize, cached):
    layer, x = ActNorm(3), 5 + 2 * torch.randn(8, 3, 4, 4)
    for name in names:
        register_parametrization(layer, name, Cubed())
    before = {name: id(p) for name, p in layer.named_parameters()}
    with parametrize.cached() if cached else nullcontext():
        if initialize:
            layer.initialize(x)
        y, _ = layer(x)
    assert y.requires_grad
    channels = y.transpose(0, 1).flatten(1)
    assert_close(channels.mean(1), torch.zeros(3), rtol=0, atol=1e-5)
    assert_close(channels.std(1, correction=0), torch.ones(3), rtol=0, atol=1e-5)
    assert {name: id(p) for name, p in layer.named_parameters()} == before
    assert all(p.requires_grad for p in layer.parameters())


def half_pruned(layer, name):
    prune.l1_unstructured(layer, name, 0.5)


def doubled(layer, name):
    register_parametrization(layer, name, Doubled())


@pytest.mark.parametrize("name", ["loc", "log_scale"])
@pytest.mark.parametrize("spoil", [half_pruned, doubled])
def test_first_batches_of_numbers_that_cannot_be_set_are_refused(name, spoil):
    layer, x = ActNorm(3), 5 + 2 * torch.randn(8, 3, 4, 4)
    spoil(layer, name)
    before = copy.deepcopy(layer.state_dict())
    for run in (layer, layer.initialize):
        with pytest.raises(
            ValueError, match=rf"^ActNorm expects {name} to be a parameter, or .*, "
        ):
            run(x)
    assert layer.awaits_data
    assert_close(layer.state_dict(), before, rtol=0, atol=0)
    layer = ActNorm(3)
    layer.initialize(x)
    spoil(layer, name)
    assert layer(x)[0].isfinite().all()
