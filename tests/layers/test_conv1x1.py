"""What is special about the 1x1 convolution: its matrix, and the inverse that it keeps."""

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils import parametrize
from torch.testing import assert_close

from flowcolor.layers import ActNorm, Chain, InvertibleConv1x1
from flowcolor.testing import check_invertible

PARAMETRIZATIONS = ["full", "lu", "orthogonal"]

every_kind = pytest.mark.parametrize("kind", PARAMETRIZATIONS)


def matrix(layer):
    """Return W, column by column, from what the layer does to unit vectors."""
    return layer(torch.eye(layer.channels))[0].T.detach()


@every_kind
@given(channels=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_starts_as_a_rotation(kind, channels, seed):
    torch.manual_seed(seed)
    layer = InvertibleConv1x1(channels, kind)
    w = matrix(layer)
    assert_close(w @ w.T, torch.eye(channels), rtol=0, atol=1e-5)
    assert_close(torch.linalg.det(w), torch.tensor(1.0), rtol=0, atol=1e-5)
    assert_close(layer(torch.randn(2, channels))[1], torch.zeros(2), rtol=0, atol=1e-5)


def test_rotations_are_spread_uniformly():
    """Their mean vanishes; that of QR without the correction of signs does not."""
    mean = torch.stack([matrix(InvertibleConv1x1(3)) for _ in range(500)]).mean(0)
    assert_close(mean, torch.zeros(3, 3), rtol=0, atol=0.12)


@every_kind
def test_starts_at_the_same_rotation_whatever_the_parametrization(kind):
    torch.manual_seed(1)
    expected = matrix(InvertibleConv1x1(5, "full"))
    torch.manual_seed(1)
    assert_close(matrix(InvertibleConv1x1(5, kind)), expected)


@every_kind
def test_agrees_with_conv2d(kind):
    layer, x = perturbed(4, kind), torch.randn(2, 4, 3, 5)
    expected = torch.nn.functional.conv2d(x, layer.matrix.weight()[:, :, None, None])
    assert_close(layer(x)[0], expected)


def test_lu_learns_triangles_and_keeps_permutation_and_signs():
    layer = InvertibleConv1x1(5, "lu")
    assert {name for name, _ in layer.named_parameters()} == {
        f"matrix.{name}" for name in ("lower", "upper", "log_diagonal")
    }
    permutation, sign = layer.matrix.permutation.clone(), layer.matrix.sign.clone()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    x = torch.randn(8, 5)
    for _ in range(3):
        optimizer.zero_grad()
        y, logdet = layer(x)
        (y.exp().mean() - logdet.mean()).backward()
        optimizer.step()
    assert torch.equal(layer.matrix.permutation, permutation)
    assert torch.equal(layer.matrix.sign, sign)
    with torch.no_grad():
        expected = layer(x)
        layer.matrix.lower += torch.ones(5, 5).triu()  # Whatever stands in the unused halves
        layer.matrix.upper += torch.ones(5, 5).tril()  # changes nothing.
        assert_close(layer(x), expected)


def test_orthogonal_stays_orthogonal_after_large_steps():
    layer = InvertibleConv1x1(6, "orthogonal")
    with torch.no_grad():
        layer.matrix.generator += 10 * torch.randn(6, 6)
    w = matrix(layer)
    assert_close(w @ w.T, torch.eye(6), rtol=0, atol=1e-4)


def test_ill_conditioned_matrix_is_inverted_in_float64():
    """A float32 inverse loses 1.2e-4 or more, a float64 inverse 1.9e-5 (the specification)."""
    layer, x = InvertibleConv1x1(192), torch.randn(4, 192, 8, 8)
    u, v = (InvertibleConv1x1(192).matrix.entries for _ in range(2))
    with torch.no_grad():
        layer.matrix.entries.copy_(u @ torch.logspace(0, -2, 192).diag() @ v)
        for mode in (True, False):
            again = layer.train(mode).inverse(layer(x)[0])[0]
            assert_close(again, x, rtol=0, atol=3e-5)


@every_kind
def test_log_det_is_computed_in_full_precision(kind):
    layer = perturbed(64, kind)
    logdet = layer(torch.ones(1, 64, 100, 100))[1]
    expected = 100 * 100 * torch.linalg.slogdet(matrix(layer).double()).logabsdet
    assert_close(logdet.double(), expected.expand(1), rtol=1e-5, atol=100 * 100 * 1e-6 * 64)


def test_log_det_is_finite_where_the_determinant_underflows():
    layer = InvertibleConv1x1(200)
    with torch.no_grad():
        layer.matrix.entries.mul_(0.01)  # A determinant of 1e-400.
    expected = torch.tensor([200 * math.log(0.01)])
    assert_close(layer(torch.ones(1, 200))[1], expected, rtol=1e-5, atol=0)


def replace(layer):
    layer.matrix.load_state_dict(perturbed(4, layer.parametrization).matrix.state_dict())


def in_place(layer):
    for parameter in layer.parameters():
        parameter.mul_(1.5)


def behind_its_back(layer):
    for parameter in layer.parameters():
        parameter.data.mul_(1.5)  # Moves no version counter; averages of weights do it.


def reassign(layer):
    layer.matrix = copy.deepcopy(perturbed(4, layer.parametrization).matrix)


def other_buffers(layer):
    for name, buffer in layer.named_buffers():
        if name in layer.state_dict():  # The others are constants.
            buffer.copy_(buffer.flip(0))


@every_kind
@pytest.mark.parametrize("change", [replace, in_place, behind_its_back, reassign, other_buffers])
def test_kept_inverse_follows_every_change_of_the_weights(kind, change):
    layer, x = perturbed(4, kind).eval(), torch.randn(2, 4)
    with torch.no_grad():
        layer.inverse(x)
        change(layer)
        assert_close(layer.inverse(layer(x)[0])[0], x, rtol=0, atol=1e-4)


@every_kind
def test_kept_inverse_follows_precision_and_copies(kind):
    layer, x = perturbed(4, kind).eval(), torch.randn(2, 4)
    with torch.no_grad():
        layer.inverse(x)
        twin = copy.deepcopy(layer)
        in_place(twin)
        assert_close(twin.inverse(twin(x)[0])[0], x, rtol=0, atol=1e-4)
        assert_close(layer.inverse(layer(x)[0])[0], x, rtol=0, atol=1e-4)
    layer.bfloat16().float()
    check_invertible(layer, x)
    with torch.no_grad():
        layer.inverse(x)
        layer.double()
        assert_close(layer.inverse(layer(x.double())[0])[0], x.double(), rtol=0, atol=1e-12)


def test_inverse_is_kept_in_evaluation_without_gradients_only(monkeypatch):
    layer, x, calls = perturbed(4, "full").eval(), torch.randn(2, 4), []
    invert = torch.linalg.inv
    monkeypatch.setattr(torch.linalg, "inv", lambda w: calls.append(w) or invert(w))
    with torch.no_grad():
        layer.inverse(x)
        layer.inverse(x)
    assert len(calls) == 1
    layer.inverse(x)[0].sum().backward()  # With gradients it must not come from the store,
    assert layer.matrix.entries.grad is not None
    with torch.no_grad():
        layer.train().inverse(x)  # nor in training.
    assert len(calls) == 3


@pytest.mark.compiled
@every_kind
def test_inverse_without_gradients_compiles_without_graph_breaks(kind):
    torch._dynamo.reset()
    layer, x = perturbed(4, kind).eval(), torch.randn(2, 4)
    run = torch.compile(layer.inverse, fullgraph=True, backend="eager")
    with torch.no_grad():
        expected = layer.inverse(x)  # Kept from now on.
        assert_close(run(x), expected)


@every_kind
def test_works_when_built_in_inference_mode(kind):
    with torch.inference_mode():
        layer, x = perturbed(4, kind).eval(), torch.randn(2, 4)
        for _ in range(2):
            assert_close(layer.inverse(layer(x)[0])[0], x, rtol=0, atol=1e-4)


@every_kind
def test_stays_in_float32_under_autocast(kind):
    layer, x = perturbed(4, kind), torch.randn(2, 4, 3, 3)
    expected = [*layer(x), *layer.inverse(x)]
    with torch.autocast("cpu", torch.bfloat16):
        results = [*layer(x), *layer.inverse(x)]
    assert_close(results, expected, rtol=0, atol=0)


def test_unknown_parametrization_is_refused_in_words():
    expected = (
        r"^InvertibleConv1x1 expects parametrization to be one of \['full', 'lu', 'orthogonal', "
        r"'householder', 'permutation'\], got 'qr'\.$"
    )
    with pytest.raises(ValueError, match=expected):
        InvertibleConv1x1(3, "qr")


def perturbed(channels, kind):
    layer = InvertibleConv1x1(channels, kind)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return layer


def test_nothing_is_kept_of_a_matrix_that_is_computed_from_more_than_tensors():
    class Cooled(torch.nn.Module):
        heat = 1.0

        def forward(self, entries):
            return entries * self.heat

    layer, cooled = InvertibleConv1x1(3).eval(), Cooled()
    parametrize.register_parametrization(layer.matrix, "entries", cooled, unsafe=True)
    chain, x = Chain([ActNorm(3), layer]).eval(), torch.randn(2, 3, 4, 4)
    with torch.no_grad():
        for cooled.heat in (1.0, 2.0):
            for each in (layer, chain):
                y, logdet = each(x)
                assert_close(each.inverse(y), (x, -logdet), rtol=1e-4, atol=1e-4)
