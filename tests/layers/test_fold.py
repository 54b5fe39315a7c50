"""ActNorm and the 1x1 convolution in one pass: only sampling may notice, by the clock."""

import copy
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils import parametrize
from torch.testing import assert_close

from flowcolor.layers import ActNorm, Chain, InvertibleConv1x1, Squeeze
from flowcolor.layers.base import Step, folded

KINDS = ("full", "lu", "orthogonal", "householder", "permutation")


def pair(channels=4, kind="full", dtype=torch.float64):
    """Return an ActNorm and a convolution with weights as after training."""
    norm, conv = ActNorm(channels), InvertibleConv1x1(channels, kind)
    with torch.no_grad():
        for parameter in (*norm.parameters(), *conv.parameters()):
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return norm.to(dtype), conv.to(dtype)


def one_by_one(norm, conv, y):
    x, first = conv.inverse(y)
    x, second = norm.inverse(x)
    return x, first + second


def count_runs(*layers):
    """Return how many runs undo these layers of a chain."""
    return len(folded([Step(layer, None, True) for layer in reversed(layers)]))


@pytest.mark.parametrize("index", [0, 1])
def test_an_inverse_that_somebody_has_wrapped_is_called(index):
    """Hooks of torch do not run on it, so that it is wrapped by who counts or records calls."""
    layers, calls = pair(), []
    own = layers[index].inverse

    def recorded(y, condition=None):
        calls.append(y)
        return own(y, condition)

    layers[index].inverse = recorded
    with torch.no_grad():
        Chain(layers).eval().inverse(torch.randn(2, 4, 3, 3, dtype=torch.float64))
    assert len(calls) == 1


@settings(max_examples=30)
@given(
    kind=st.sampled_from(KINDS),
    channels=st.integers(1, 7),
    batch=st.integers(1, 3),
    sides=st.lists(st.integers(1, 4), max_size=3),
    last=st.booleans(),
)
def test_chain_in_evaluation_undoes_both_as_if_one_by_one(kind, channels, batch, sides, last):
    norm, conv = pair(channels, kind)
    chain = Chain([norm, conv]).eval()
    y = torch.randn(batch, channels, *sides, dtype=torch.float64)
    if last and len(sides) == 2:
        y = y.contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        x, logdet = chain.inverse(y)
        expected = one_by_one(norm, conv, y)
        assert count_runs(norm, conv) == 1
    assert_close((x, logdet), expected, rtol=1e-12, atol=1e-12)
    assert x.stride() == expected[0].stride()


@pytest.mark.parametrize("kind", KINDS)
def test_map_follows_every_change(kind):
    norm, conv = pair(kind=kind)
    chain = Chain([norm, conv]).eval()
    y = torch.randn(2, 4, 3, 3, dtype=torch.float64)
    with torch.no_grad():
        chain.inverse(y)
        for parameter in chain.parameters():
            parameter.data.copy_(parameter + 0.1 * torch.randn_like(parameter))
            assert_close(chain.inverse(y), one_by_one(norm, conv, y), rtol=1e-10, atol=1e-10)
        narrow = chain.float().inverse(y.float())
        assert narrow[0].dtype == narrow[1].dtype == torch.float32
        assert_close(narrow, one_by_one(norm, conv, y.float()), rtol=1e-4, atol=1e-4)
        wide = chain.inverse(y)  # Weights as before, another input.
        assert wide[0].dtype == torch.float64


def test_map_is_kept(monkeypatch):
    norm, conv = pair()
    chain, calls = Chain([norm, conv]).eval(), []
    inverse_weight = type(conv.matrix).inverse_weight
    monkeypatch.setattr(
        type(conv.matrix), "inverse_weight", lambda self: calls.append(1) or inverse_weight(self)
    )
    with torch.no_grad():
        for _ in range(3):
            chain.inverse(torch.randn(1, 4, dtype=torch.float64))
    assert len(calls) == 1


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies_have_maps_of_their_own(duplicate):
    chain = Chain(pair()).eval()
    y = torch.randn(2, 4, dtype=torch.float64)
    with torch.no_grad():
        before = chain.inverse(y)[0]
        other = duplicate(chain)
        other.layers[0].loc.add_(1)
        assert_close(other.inverse(y)[0], before + 1)
        assert_close(chain.inverse(y)[0], before)


def test_low_precision_stays_outside():
    chain, y = Chain(pair(dtype=torch.float32)).eval(), torch.randn(2, 4, 3).bfloat16()
    with torch.no_grad():
        expected = chain.inverse(y.float())
        with torch.autocast("cpu", torch.bfloat16):
            assert_close(chain.inverse(y), expected, rtol=0, atol=0)


@pytest.mark.compiled
def test_compiled_way_back_has_no_graph_breaks():
    torch._dynamo.reset()
    chain, y = Chain(pair()).eval(), torch.randn(2, 4, dtype=torch.float64)
    run = torch.compile(chain.inverse, fullgraph=True, backend="eager")
    with torch.no_grad():
        expected = chain.inverse(y)
        assert_close(run(y), expected)


def test_layers_may_be_exchanged():
    chain = Chain(pair()).eval()
    y = torch.randn(2, 4, dtype=torch.float64)
    with torch.no_grad():
        chain.inverse(y)
        chain.layers[0] = pair()[0]
        assert_close(chain.inverse(y), one_by_one(*chain.layers, y))


@pytest.mark.parametrize("mode", ["train", "grad"])
def test_training_and_gradients_see_the_layers(mode, monkeypatch):
    chain = Chain(pair()).train(mode == "train")
    monkeypatch.setattr(InvertibleConv1x1, "_undo_both", None)  # It could not be called.
    y = torch.randn(2, 4, dtype=torch.float64)
    with torch.set_grad_enabled(mode == "grad"):
        assert_close(chain.inverse(y), one_by_one(*chain.layers, y))


def test_only_these_two_in_this_order_are_joined():
    class Special(ActNorm):
        pass

    norm, conv = pair(4, dtype=torch.float32)
    layers = [Squeeze(2), norm, conv, Special(4), InvertibleConv1x1(4), conv, norm]
    chain = Chain(layers).eval()
    x = torch.randn(2, 1, 4, 4)
    with torch.no_grad():
        y, logdet = chain(x)
        again, back = chain.inverse(y)
        assert count_runs(*layers) == len(layers) - 1
    assert_close(again, x, rtol=1e-4, atol=1e-4)
    assert_close(back, -logdet, rtol=1e-4, atol=1e-4)


def test_wrong_channels_are_refused_as_by_the_layer():
    chain = Chain(pair()).eval()
    with torch.no_grad(), pytest.raises(ValueError, match=r"InvertibleConv1x1 expects .*4"):
        chain.inverse(torch.randn(2, 3, dtype=torch.float64))


def test_norm_of_other_channels_is_refused_as_if_alone():
    chain = Chain([ActNorm(3), InvertibleConv1x1(4)]).eval()
    with torch.no_grad(), pytest.raises(ValueError, match=r"ActNorm expects .*3.* got \(2, 4\)"):
        chain.inverse(torch.randn(2, 4))


def test_parametrized_norm_is_undone_by_itself():
    class Twice(torch.nn.Module):
        def forward(self, loc):
            return 2 * loc

    norm, conv = pair()
    parametrize.register_parametrization(norm, "loc", Twice())
    y = torch.randn(2, 4, dtype=torch.float64)
    with torch.no_grad():
        assert_close(Chain([norm, conv]).eval().inverse(y), one_by_one(norm, conv, y))


def test_under_vmap_nothing_is_joined():
    norm, conv = pair()
    chain, y = Chain([norm, conv]).eval(), torch.randn(3, 2, 4, dtype=torch.float64)
    with torch.no_grad():
        expected = torch.stack([one_by_one(norm, conv, one)[0] for one in y])
        assert_close(torch.vmap(lambda one: chain.inverse(one)[0])(y), expected)


def test_neighbours_that_offer_it_are_undone_together():
    class Half(ActNorm):
        def fold_inverse(self, before):
            def both(y):
                return y + 1, y.new_full([len(y)], 7.0)

            return both if isinstance(before, Half) and not torch.is_grad_enabled() else None

    chain, y = Chain([Half(1), Half(1), Half(1)]).eval(), torch.zeros(2, 1)
    with torch.no_grad():
        for layer in chain:
            layer.loc.fill_(10)
        x, logdet = chain.inverse(y)
        assert_close(chain(y)[0], y - 30)  # Data towards latent is never joined.
    assert x.tolist() == [[11.0], [11.0]]  # Three layers are one pair and one alone.
    assert logdet.tolist() == [7.0, 7.0]
    assert_close(chain.inverse(y)[0], y + 30)  # With gradients one after the other.


def test_an_offer_that_returns_no_pair_is_refused():
    class Alone(ActNorm):
        def fold_inverse(self, before):
            return lambda y: y  # A batch of two would pass for data and log-determinant.

    chain = Chain([Alone(3), Alone(3)])
    with pytest.raises(ValueError, match="a tensor and its logdet, got Tensor of Alone"):
        chain.inverse(torch.randn(2, 3))
