"""Slopes of power laws: known exactly, and against numpy and scipy."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from flowcolor.evaluation.power_law import power_law

COUNTS = [10, 20, 40, 80]


def noisy(images=40, exponent=-0.35):
    random = np.random.default_rng(1)
    hard = random.uniform(0.5, 2, (images, 1))  # Some pictures are hard for all.
    noise = random.lognormal(0, 0.3, (images, len(COUNTS)))
    return hard * noise * np.array(COUNTS) ** exponent


def test_an_exact_power_law_has_its_slope_and_no_width():
    errors = np.outer([1.0, 2.0, 5.0], np.array(COUNTS) ** -0.35)
    found = power_law(COUNTS, errors)
    assert (found.slope, found.low, found.high) == pytest.approx([-0.35] * 3)


def test_the_slope_is_that_of_numpy_and_the_interval_that_of_scipy():
    errors = noisy()
    found = power_law(COUNTS, errors)
    fitted = np.polyfit(np.log(COUNTS), np.log(errors.mean(0)), 1)[0]
    assert found.slope == pytest.approx(fitted)

    def slope(*columns, axis=-1):
        means = np.log(np.stack([column.mean(axis) for column in columns]))
        flat = np.polyfit(np.log(COUNTS), means.reshape(len(COUNTS), -1), 1)[0]
        return flat.reshape(means.shape[1:])

    interval = bootstrap(
        tuple(errors.T), slope, paired=True, vectorized=True, method="percentile", rng=0
    ).confidence_interval
    assert found.low == pytest.approx(interval.low, abs=0.005)
    assert found.high == pytest.approx(interval.high, abs=0.005)
    assert found.low < -0.35 < found.high


def test_what_cannot_be_fitted_is_not_a_number_and_one_image_has_no_interval():
    assert np.isnan(power_law(COUNTS, np.zeros((5, 4))).slope)
    one = power_law(COUNTS, noisy(1))
    assert np.isfinite(one.slope)
    assert np.isnan([one.low, one.high]).all()
    with pytest.raises(ValueError, match="two or more different counts"):
        power_law([10, 10], np.ones((3, 2)))
