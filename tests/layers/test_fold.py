"""ActNorm and the 1x1 convolution in one pass: only sampling may notice, by the clock."""

import copy
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from flowcolor.layers import ActNorm, Chain, InvertibleConv1x1, Squeeze
from flowcolor.layers.functional.folded_inverse import FoldedInverse

KINDS = ("full", "lu", "orthogonal")


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


@settings(max_examples=30)
@given(
    kind=st.sampled_from(KINDS),
    channels=st.integers(1, 7),
    batch=st.integers(1, 3),
    sides=st.lists(st.integers(1, 4), max_size=3),
)
def test_chain_in_evaluation_undoes_both_as_if_one_by_one(kind, channels, batch, sides):
    norm, conv = pair(channels, kind)
    chain = Chain([norm, conv]).eval()
    y = torch.randn(batch, channels, *sides, dtype=torch.float64)
    with torch.no_grad():
        x, logdet = chain.inverse(y)
        expected = one_by_one(norm, conv, y)
    assert len(chain._neighbours.offers) == 1
    assert_close(x, expected[0], rtol=1e-12, atol=1e-12)
    assert_close(logdet, expected[1], rtol=1e-12, atol=1e-12)


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
    assert len(chain._neighbours.offers) == 1  # The layer that left is not held.


@pytest.mark.parametrize("mode", ["train", "grad"])
def test_training_and_gradients_see_the_layers(mode, monkeypatch):
    chain = Chain(pair()).train(mode == "train")
    monkeypatch.setattr(FoldedInverse, "inverse", None)
    y = torch.randn(2, 4, dtype=torch.float64)
    with torch.set_grad_enabled(mode == "grad"):  # A folded inverse could not be called.
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
    assert list(chain._neighbours.offers) == [(conv, norm)]
    assert_close(again, x, rtol=1e-4, atol=1e-4)
    assert_close(back, -logdet, rtol=1e-4, atol=1e-4)


def test_wrong_channels_are_refused_as_by_the_layer():
    chain = Chain(pair()).eval()
    with torch.no_grad(), pytest.raises(ValueError, match=r"InvertibleConv1x1 expects .*4"):
        chain.inverse(torch.randn(2, 3, dtype=torch.float64))
