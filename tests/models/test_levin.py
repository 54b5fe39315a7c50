"""Colours that spread over what looks alike, against dense solutions and closed forms."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from flowcolor.color import rgb_to_yuv, yuv_to_rgb
from flowcolor.models import Hints, Levin
from flowcolor.models.likeness import likeness
from flowcolor.models.pixel_graph import neighborhood, weight_matrix

SYSTEMS = ("square", "normal")
systems = pytest.mark.parametrize("system", SYSTEMS)
weights = pytest.mark.parametrize("weights", ["levin", "variance", "letter"])
neighbors = pytest.mark.parametrize("neighbors", [4, 8])


def gray(height=12, width=10):
    """Return content of bytes, as files have them: half of it flat, the other half not."""
    luma = (255 * torch.rand(1, 1, height, width, dtype=torch.float64)).round() / 255
    luma[..., width // 2 :] = 0.6
    return luma.expand(1, 3, -1, -1).clone()


def hints(content, share=0.1):
    mask = (torch.rand_like(content[:, :1]) < share).to(content)
    mask[..., 0, 0] = 1
    return Hints(torch.rand_like(content), mask)


def chroma(image):
    return rgb_to_yuv(image)[:, 1:]


def dense_weights(content, kind, neighbors):
    """Write out the weights pixel by pixel, as the formula says."""
    t = content[0, 0].numpy()
    height, width = t.shape
    scale = 255 if kind == "letter" else 1
    w = np.zeros((t.size, t.size))
    for i in range(height):
        for j in range(width):
            around = [
                (a, b)
                for a in range(max(0, i - 1), min(height, i + 2))
                for b in range(max(0, j - 1), min(width, j + 2))
                if (a, b) != (i, j) and (neighbors == 8 or a == i or b == j)
            ]
            values = scale * np.array([t[place] for place in around])
            own = scale * t[i, j]
            squares = (values - own) ** 2
            if kind == "levin":
                c = max(0.6 * np.var([*values, own]), squares.min() / np.log(100), 2e-6)
            elif kind == "variance":
                c = max(2 * np.var([*values, own]), 1e-30)
            else:
                c = 2 * (np.var(values, ddof=1) or 0.01) ** 2
            row = np.exp(-(squares - squares.min()) / c)
            for (a, b), value in zip(around, row / row.sum(), strict=True):
                w[i * width + j, a * width + b] = value
    return w


@weights
@neighbors
def test_weights_are_those_of_the_formula(weights, neighbors):
    content = gray()
    luma = content[0, 0].numpy()
    around = neighborhood(luma, neighbors)
    found = weight_matrix(likeness(luma, around.values, weights), around.columns).toarray()
    np.testing.assert_allclose(found, dense_weights(content, weights, neighbors), atol=1e-9)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-12)


@systems
@neighbors
def test_it_is_the_least_squares_solution(system, neighbors):
    content = gray()
    given = hints(content)
    known = given.mask.flatten().bool().numpy()
    residuals = np.eye(content[0, 0].numel()) - dense_weights(content, "levin", neighbors)
    rows = residuals[~known] if system == "square" else residuals
    colors = chroma(given.colors)[0].reshape(2, -1).numpy().T
    right = -rows[:, known] @ colors[known]
    expected = colors.copy()
    expected[~known] = np.linalg.lstsq(rows[:, ~known], right, rcond=None)[0]
    found = chroma(Levin(system, neighbors=neighbors).colorize(content, hints=given))
    np.testing.assert_allclose(found[0].reshape(2, -1).T.numpy(), expected, atol=1e-9)


@systems
@weights
@neighbors
def test_hints_are_kept_exactly_and_one_colour_fills_everything(system, weights, neighbors):
    content = gray()
    given = hints(content)
    model = Levin(system, weights, neighbors)
    marked = given.mask.bool().expand(-1, 2, -1, -1)
    found = chroma(model.colorize(content, hints=given))
    assert_close(found[marked], chroma(given.colors)[marked], rtol=0, atol=1e-12)
    alike = torch.tensor([0.3, 0.5, 0.9], dtype=torch.float64).view(1, 3, 1, 1).expand_as(content)
    filled = chroma(model.colorize(content, hints=Hints(alike, given.mask)))
    assert_close(filled, chroma(alike), rtol=0, atol=1e-8)


def test_where_every_pixel_is_given_nothing_is_left_to_solve():
    content = gray()
    colors = torch.rand_like(content)
    result = Levin().colorize(content, hints=Hints(colors, torch.ones_like(content[:, :1])))
    yuv = torch.cat([rgb_to_yuv(content)[:, :1], chroma(colors)], 1)
    assert_close(result, yuv_to_rgb(yuv), rtol=0, atol=1e-12)


def test_without_a_hint_the_content_stays_grey():
    content = gray()
    nothing = Hints(torch.rand_like(content), torch.zeros_like(content[:, :1]))
    assert_close(Levin().colorize(content, hints=nothing), content, rtol=0, atol=1e-12)


def test_colours_of_the_square_system_never_leave_the_range_of_the_hints():
    left = dict.fromkeys(SYSTEMS, 0.0)
    for _ in range(20):
        content = gray()
        given = hints(content)
        span = chroma(given.colors)[given.mask.bool().expand(-1, 2, -1, -1)].view(2, -1)
        low, high = (getattr(span, name)(1).view(1, 2, 1, 1) for name in ("amin", "amax"))
        for system in SYSTEMS:
            found = chroma(Levin(system).colorize(content, hints=given))
            beyond = torch.maximum(found - high, low - found).amax()
            left[system] = max(left[system], float(beyond))
    assert left["square"] < 1e-9
    assert left["normal"] > 0.01  # It overshoots, which is why it is not the default.


@pytest.mark.parametrize(("neighbors", "most"), [(4, 13), (8, 25)])
def test_normal_equations_are_positive_definite_and_sparse(neighbors, most):
    content = gray()
    luma = content[0, 0].numpy()
    around = neighborhood(luma, neighbors)
    w = weight_matrix(likeness(luma, around.values, "levin"), around.columns).toarray()
    residuals = (np.eye(luma.size) - w)[:, 3:]  # Three pixels are given.
    matrix = residuals.T @ residuals
    assert np.linalg.eigvalsh(matrix).min() > 0
    assert (matrix != 0).sum(1).max() == most


def test_a_closed_line_keeps_two_colours_apart():
    content, mask = torch.ones(1, 3, 24, 24), torch.ones(1, 1, 24, 24)
    content[..., 5:19, 5:19] = 0  # A line of three pixels around a white square.
    content[..., 8:16, 8:16] = 1
    mask[..., 3:21, 3:21] = 0  # Scribbles: along the border in red, in the middle in blue.
    mask[..., 10:14, 10:14] = 1
    colors = torch.zeros(1, 3, 24, 24)
    colors[:, 0] = 1
    colors[:, :, 8:16, 8:16] = torch.tensor([0.0, 0.0, 1.0])[:, None, None]
    given = chroma(colors)

    def bleeding(weights):
        found = chroma(Levin(weights=weights).colorize(content, hints=Hints(colors, mask)))
        both = [(found - given)[..., 8:16, 8:16], (found - given)[..., :5, :]]
        return max(float(part.abs().max()) for part in both)

    assert bleeding("levin") < 3e-3
    assert bleeding("variance") > 0.1  # Why the weights of the program are the default.


@pytest.mark.parametrize("weights", ["levin", "variance"])
def test_the_scale_of_the_brightness_does_not_matter(weights):
    luma = gray()[0, 0].numpy()
    luma[:, 5:] += 0.1 * np.arange(5)  # Nowhere flat, where a floor would count.
    small, large = (
        likeness(scale * luma, neighborhood(scale * luma, 8).values, weights) for scale in (1, 255)
    )
    np.testing.assert_allclose(small, large, atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"system": "cube"}, r"Levin expects system to be one of \['square', 'normal'\], got 'cub"),
        ({"weights": "paper"}, r"Levin expects weights to be one of .*, got 'paper'\."),
        ({"neighbors": 6}, r"Levin expects neighbors to be one of \[4, 8\], got 6\."),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(wrong, expected):
    with pytest.raises(ValueError, match=expected):
        Levin(**wrong)


@systems
@weights
@neighbors
def test_a_picture_of_one_pixel_has_its_hint_or_stays_grey(system, weights, neighbors):
    model = Levin(system=system, weights=weights, neighbors=neighbors)
    content = torch.full((1, 3, 1, 1), 0.3, dtype=torch.float64)
    given = hints(content)
    painted = rgb_to_yuv(model.colorize(content, hints=given))
    assert_close(painted[:, :1], content[:, :1])
    assert_close(painted[:, 1:], rgb_to_yuv(given.colors)[:, 1:])
    none = Hints(given.colors, torch.zeros_like(given.mask))
    assert_close(model.colorize(content, hints=none), content)


def test_factors_that_find_no_place_are_a_memory_that_is_too_small(monkeypatch):
    def no_place(*_, **__):  # As scipy's, of a photograph of six million pixels in 14 GB.
        raise SystemError("gstrf was called with invalid arguments")

    monkeypatch.setattr("scipy.sparse.linalg.splu", no_place)
    mask = torch.zeros(1, 1, 2, 2)
    mask[..., 0, 0] = 1
    with pytest.raises(MemoryError, match="for the factors of 3 pixels"):
        Levin()(torch.rand(1, 3, 2, 2), hints=Hints(torch.rand(1, 3, 2, 2), mask))
