"""Which method is the best on the same pairs, and which cannot be told from it."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flowcolor.evaluation.compare import paired_interval
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.scores import Setting


def against_best(
    values: dict[str, NDArray[np.float64]], higher_is_better: bool
) -> dict[str, tuple[float, float, bool]]:
    r"""Compare methods on the same pairs with the one whose mean is best.

    .. math:: \bar d = \frac{1}{N} \sum_i (s_i - s_i^{\text{best}})

    Args:
        values: For each method a number of each pair, in the same order; the means over seeds.
        higher_is_better: Which way is better.

    Returns:
        By method the 95 % interval of its mean difference, and whether it is the best. The best has
        no interval, nor has a method that is alone.

    Example:
        >>> values = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
        >>> against_best(values, True)["a"]
        (-2.0, -2.0, False)
    """
    if len(values) < 2:
        return {}
    sign = 1 if higher_is_better else -1
    best = max(values, key=lambda label: sign * float(values[label].mean()))
    found = {best: (math.nan, math.nan, True)}
    for label, numbers in values.items():
        if label != best:
            found[label] = (*paired_interval(numbers - values[best]), False)
    return found


def by_pair(reports: Sequence[Report], setting: Setting, name: str) -> NDArray[np.float64]:
    """Return a score of each pair, in the order of their names, as the mean over seeds."""
    by_name = [{pair.name: pair for pair in report.of(setting)} for report in reports]
    order = sorted(by_name[0])
    missing = float("nan")
    table = [[pairs[key].scores.get(name, missing) for key in order] for pairs in by_name]
    means: NDArray[np.float64] = np.array(table, dtype=np.float64).mean(0)
    return means
