"""What is special about the learned resampling: it starts at Haar and stays orthogonal."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional
from torch.testing import assert_close

from flowcolor.layers import HaarDownsample, OrthogonalDownsample
from flowcolor.layers.orthogonal import cosine_basis

HAAR = torch.tensor([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2


def perturbed(*args, size, **options):
    layer = OrthogonalDownsample(*args, **options)
    with torch.no_grad():
        layer.theta += size * torch.randn_like(layer.theta)
    return layer


@pytest.mark.parametrize("shared", [False, True])
def test_starts_exactly_at_haar(shared):
    layer, x = OrthogonalDownsample(3, shared=shared), torch.randn(2, 3, 4, 6)
    assert layer.theta.shape == (1 if shared else 3, 4, 4)
    assert torch.equal(layer.kernel(), HAAR.expand(1 if shared else 3, 4, 4))
    assert torch.equal(layer(x)[0], HaarDownsample(3)(x)[0])


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_first_coefficient_is_the_mean_and_the_basis_is_orthogonal(factor):
    basis = cosine_basis(factor)
    assert_close(basis @ basis.T, torch.eye(factor**2))
    assert_close(basis[0], torch.full([factor**2], 1 / factor))
    x = torch.randn(2, 3, 2 * factor, 3 * factor)
    y = OrthogonalDownsample(3, factor)(x)[0]
    assert_close(y[:, :: factor**2], factor * functional.avg_pool2d(x, factor))


def test_basis_of_factor_3_is_the_cosine_transform():
    n = torch.arange(3)
    wave = torch.cos(torch.pi * (2 * n + 1) / 6)  # One half period over the three pixels.
    rows = OrthogonalDownsample(1, 3)(wave.expand(1, 1, 3, 3))[0].flatten()
    columns = OrthogonalDownsample(1, 3)(wave[:, None].expand(1, 1, 3, 3))[0].flatten()
    norm = wave.expand(3, 3).norm()
    assert_close(rows, norm * torch.eye(9)[1], atol=1e-6, rtol=0)
    assert_close(columns, norm * torch.eye(9)[3], atol=1e-6, rtol=0)


@given(
    size=st.sampled_from([0.1, 1.0, 10.0]),
    factor=st.integers(1, 4),
    shared=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_stays_orthogonal_whatever_it_learns(size, factor, shared, seed):
    torch.manual_seed(seed)
    layer = perturbed(2, factor, shared=shared, size=size)
    kernel = layer.kernel()
    assert_close(kernel @ kernel.mT, torch.eye(factor**2).expand_as(kernel), rtol=0, atol=5e-4)
    x = torch.randn(2, 2, 2 * factor, factor)
    assert_close(layer(x)[0].norm(), x.norm(), rtol=1e-4, atol=0)


def test_pixels_in_reading_order_turn_by_the_exponential():
    layer = perturbed(1, size=0.5)
    theta = layer.theta.detach()[0].double()
    turn = torch.linalg.matrix_exp(theta - theta.T)
    x = torch.randn(4)
    expected = HAAR.double() @ turn @ x.double()
    assert_close(layer(x.view(1, 1, 2, 2))[0].flatten(), expected.float())


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("factor", [2, 3])
def test_agrees_with_strided_convolutions(factor, shared):
    layer, x = perturbed(3, factor, shared=shared, size=0.3), torch.randn(2, 3, 2 * factor, factor)
    kernel = layer.kernel().expand(3, -1, -1).reshape(-1, 1, factor, factor)
    y = layer(x)[0]
    assert_close(y, functional.conv2d(x, kernel, stride=factor, groups=3))
    back = functional.conv_transpose2d(y, kernel, stride=factor, groups=3)
    assert_close(back, layer.inverse(y)[0])
    assert_close(back, x, rtol=0, atol=1e-5)


def test_each_channel_learns_its_own_rotation_unless_shared():
    x = torch.randn(1, 1, 2, 2).expand(1, 2, 2, 2)
    for shared in (False, True):
        y = perturbed(2, shared=shared, size=1.0)(x)[0]
        assert torch.allclose(y[:, :4], y[:, 4:]) == shared
