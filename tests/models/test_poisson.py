"""Colours that fade smoothly, against dense solutions and the maximum principle."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from flowcolor.color import to_gray
from flowcolor.models import Hints, Poisson

SMOOTHNESS = (0.0, 1.0, 1e3, 1e10, float("inf"))
smoothnesses = pytest.mark.parametrize("smoothness", SMOOTHNESS)


def problem(height=9, width=7, share=0.1):
    content = torch.rand(1, 1, height, width, dtype=torch.float64).expand(-1, 3, -1, -1).clone()
    mask = (torch.rand(1, 1, height, width) < share).double()
    mask[..., 2, 3] = 1
    return content, Hints(torch.rand_like(content), mask)


def laplacian(height, width):
    """Return degree minus adjacency of the grid, from those of two paths."""

    def path(n):
        steps = np.diff(np.eye(n), axis=0)
        return steps.T @ steps

    return np.kron(path(height), np.eye(width)) + np.kron(np.eye(height), path(width))


@smoothnesses
def test_it_is_the_dense_solution(smoothness):
    content, hints = problem()
    known = hints.mask.flatten().bool().numpy()
    size = known.size
    finite = smoothness != float("inf")
    matrix = finite * np.eye(size) / max(smoothness, 1) + min(smoothness, 1) * laplacian(9, 7)
    offsets = (hints.colors - content)[0].reshape(3, -1).numpy().T
    free = np.linalg.solve(matrix[~known][:, ~known], -matrix[~known][:, known] @ offsets[known])
    offsets[~known] = free
    found = Poisson(smoothness).colorize(content, hints=hints) - content
    np.testing.assert_allclose(found[0].reshape(3, -1).T.numpy(), offsets, atol=1e-9)


@smoothnesses
def test_offsets_never_leave_the_range_of_those_given(smoothness):
    for _ in range(5):
        content, hints = problem()
        given = (hints.colors - content)[hints.mask.bool().expand(-1, 3, -1, -1)].view(3, -1)
        found = Poisson(smoothness).colorize(content, hints=hints) - content
        low, high = (given.amin(1).clamp(max=0), given.amax(1).clamp(min=0))
        assert (found >= low.view(1, 3, 1, 1) - 1e-9).all()
        assert (found <= high.view(1, 3, 1, 1) + 1e-9).all()


def test_equal_offsets_are_an_offset_of_the_whole_picture():
    content, hints = problem()
    shift = torch.tensor([0.2, -0.1, 0.05], dtype=torch.float64).view(1, 3, 1, 1)
    content = 0.5 + 0.2 * content
    result = Poisson(float("inf")).colorize(content, hints=Hints(content + shift, hints.mask))
    assert_close(result, content + shift, rtol=0, atol=1e-9)


@smoothnesses
def test_what_is_given_is_kept_and_no_hint_changes_nothing(smoothness):
    content, hints = problem()
    result = Poisson(smoothness).colorize(content, hints=hints)
    marked = hints.mask.bool().expand(-1, 3, -1, -1)
    assert torch.equal(result[marked], hints.colors[marked])
    everywhere = Hints(hints.colors, torch.ones_like(hints.mask))
    assert torch.equal(Poisson(smoothness).colorize(content, hints=everywhere), hints.colors)
    nowhere = Hints(hints.colors, torch.zeros_like(hints.mask))
    assert torch.equal(Poisson(smoothness).colorize(content, hints=nowhere), content)


def test_zero_leaves_everything_else_as_it_is():
    content, hints = problem()
    result = Poisson(0.0).colorize(content, hints=hints)
    free = ~hints.mask.bool().expand(-1, 3, -1, -1)
    assert torch.equal(result[free], content[free])


def test_luminance_can_be_kept():
    content, hints = problem()
    model = Poisson(keep_luminance=True)
    assert (model.keeps_luminance, Poisson().keeps_luminance) == (True, False)
    result = model.colorize(content, hints=hints)
    assert_close(to_gray(result), to_gray(content), rtol=0, atol=1e-12)
    assert (result - content).abs().max() > 0.1


@pytest.mark.parametrize("wrong", [-1.0, float("nan")])
def test_what_is_no_smoothness_is_refused_in_one_sentence(wrong):
    with pytest.raises(ValueError, match=r"Poisson expects smoothness of at least 0, got "):
        Poisson(wrong)
