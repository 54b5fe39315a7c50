"""Scores as errors, of which 0 is the best, so that a power of a number can be fitted to them."""

import math

from flowcolor.evaluation.measures import MEASURES, SET_MEASURES
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.scores import Setting

#: All scores, those of single images first.
ALL = {**MEASURES, **SET_MEASURES}
_MOST = 3000.0  # Decibels; a mean squared error of 1e300 is what a float holds.
_OF_ONE = ("ssim", "ms_ssim", "sr", "cr", "lines", "lines_cleaned", "sharpness")


def errors_of(report: Report, setting: Setting) -> dict[str, list[float]]:
    """Return each score that has a better end as an error: of every image, or of their whole set.

    Args:
        report: Of one test.
        setting: Whose photographs the references are.
    """
    pairs = sorted(report.of(setting), key=lambda pair: pair.name)
    found = {
        name: [error_of(name, pair.scores[name]) for pair in pairs]
        for name, measure in MEASURES.items()
        if measure.higher_is_better is not None
        and pairs
        and all(name in pair.scores for pair in pairs)
    }
    sets = report.sets.get(setting, {})
    return found | {name: [error_of(name, sets[name])] for name in SET_MEASURES if name in sets}


def error_of(name: str, value: float) -> float:
    """Return one score as an error.

    Example:
        >>> error_of("ssim", 0.75), error_of("psnr", 20.0), error_of("is", 2.0)
        (0.25, 0.01, 0.5)
    """
    if name == "psnr":  # A logarithm already: back to the mean squared error.
        return math.inf if value < -_MOST else float(10 ** (-value / 10))
    if name == "is":  # At least 1, and without a best value; 0 is of a file that somebody edited.
        return 1 / value if value else math.inf
    # Of lines that are sharper than their drawing's, too: their error is above 0, not below.
    return abs(1 - value) if name in _OF_ONE else value


def label(name: str) -> str:
    """Return what the error of a score is called."""
    if name == "psnr":
        return "mean squared error"
    if name == "is":
        return f"1 / {ALL[name].label}"
    return f"1 - {ALL[name].label}" if name in _OF_ONE else ALL[name].label
