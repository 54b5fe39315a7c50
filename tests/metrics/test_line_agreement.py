"""Line agreement against a search over all pairs of pixels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from flowcolor.metrics import LineAgreement, line_f1


@st.composite
def drawings(draw):
    """Draw two small binary drawings, blank and full ones among them."""
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    noise = torch.rand(2, height, width, generator=generator)
    return (
        noise
        < torch.tensor(draw(st.lists(st.sampled_from([0, 0.2, 1]), min_size=2, max_size=2)))[
            :, None, None
        ]
    )


def brute_force(a, b, radius):
    """Count for every line pixel whether one of the other drawing is within the radius."""

    def near(x, y):
        hits = [((p - y.nonzero()) ** 2).sum(1).min() <= radius**2 for p in x.nonzero() if y.any()]
        return sum(map(bool, hits)) / max(int(x.sum()), 1)

    if not a.any() and not b.any():
        return 1.0
    precision, recall = near(a, b), near(b, a)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def paper(*masks):
    """Turn masks of lines into drawings: black lines on white paper."""
    return [1 - mask.float()[None, None] for mask in masks]


@given(drawings(), st.sampled_from([0, 1, 1.5, 2, 5]))
def test_f1_is_that_of_a_search_over_all_pairs(pair, tolerance):
    a, b = pair
    assert line_f1(*paper(a, b), tolerance).item() == pytest.approx(brute_force(a, b, tolerance))
    assert torch.equal(line_f1(*paper(a, b), tolerance), line_f1(*paper(b, a), tolerance))


@given(drawings(), st.sampled_from([0.1, 0.3, 0.5, 0.99]))
def test_a_tolerance_below_one_is_a_fraction_of_the_shorter_side(pair, fraction):
    a, b = pair
    expected = brute_force(a, b, fraction * min(a.shape))
    assert line_f1(*paper(a, b), fraction).item() == pytest.approx(expected)


def test_blank_drawings_agree_only_with_blank_ones():
    blank, line = torch.ones(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
    line[..., 4, :] = 0
    for a, b, f1 in [(blank, blank, 1), (blank, line, 0), (line, blank, 0), (line, line, 1)]:
        assert line_f1(a, b).item() == f1


def test_images_of_a_batch_do_not_influence_each_other():
    a, b = torch.rand(2, 4, 1, 12, 9).round()
    a[0] = b[0] = a[1] = 1  # A pair of blank drawings, and one blank drawing.
    each = torch.cat([line_f1(a[i : i + 1], b[i : i + 1]) for i in range(4)])
    assert torch.equal(line_f1(a, b), each)
    assert each[:2].tolist() == [1, 0]
    assert len(each.unique()) == 4


def test_three_equal_channels_are_as_good_as_one():
    a, b = torch.rand(2, 4, 1, 12, 9).round() / 2 + 0.5
    three = line_f1(a.expand(-1, 3, -1, -1), b.expand(-1, 3, -1, -1))
    assert torch.equal(three, line_f1(a, b))


def test_what_is_brighter_than_the_threshold_is_paper():
    faint, blank = torch.full((1, 1, 4, 4), 0.85), torch.ones(1, 1, 4, 4)
    assert line_f1(faint, blank).item() == 0
    assert line_f1(faint, blank, threshold=0.8).item() == 1


@pytest.mark.parametrize(
    ("shapes", "arguments", "message"),
    [
        (((1, 1, 4, 4), (1, 1, 4, 5)), {}, r"one shape .* got \(1, 1, 4, 4\) and \(1, 1, 4, 5\)"),
        (((1, 4, 4), (1, 4, 4)), {}, "two batches of drawings"),
        (((1, 1, 4, 4), (1, 1, 4, 4)), {"threshold": 0}, "got 0 and 0.02"),
        (((1, 1, 4, 4), (1, 1, 4, 4)), {"tolerance": -1}, "got 0.9 and -1"),
    ],
)
def test_impossible_arguments_are_one_sentence(shapes, arguments, message):
    with pytest.raises(ValueError, match=message):
        line_f1(*map(torch.rand, shapes), **arguments)


def batches():
    """Make batches of unequal size: lines, sketches, lines of the references."""
    return [torch.rand(3, size, 1, 10, 10).round() for size in (3, 1, 2)]


def agreement(some):
    metric = LineAgreement(tolerance=1)
    for batch in some:
        metric.update(*batch)
    return metric.compute()


def test_the_metric_averages_over_images_and_counts_who_won():
    some = batches()
    found = agreement(some)
    lines, sketches, control = torch.cat(some, 1)
    own, other = line_f1(lines, sketches, 1), line_f1(lines, control, 1)
    assert found["lines"].item() == pytest.approx(own.mean().item())
    assert found["lines_control"].item() == pytest.approx(other.mean().item())
    assert found["lines_won"].item() == pytest.approx((own > other).float().mean().item())
    assert 0 < found["lines_won"] < 1


def test_a_draw_is_not_won():
    drawing = torch.rand(2, 1, 8, 8).round()
    assert agreement([(drawing, drawing, drawing)])["lines_won"] == 0


def test_the_default_type_of_numbers_does_not_round_it():
    lines, truth = (torch.rand(2, 4, 1, 16, 16) > 0.3).float()
    expected = line_f1(lines, truth, tolerance=1)
    torch.set_default_dtype(torch.bfloat16)
    try:
        found = line_f1(lines, truth, tolerance=1)
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(found, expected)
