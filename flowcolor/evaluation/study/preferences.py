"""Do people prefer one method, and which over which: Friedman's test, then pairs."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from flowcolor.arguments import check_list
from flowcolor.evaluation.given import complete


@dataclass(frozen=True)
class Friedman:
    """Friedman's test that all methods are liked equally.

    Args:
        people: How many participants judged every method.
        statistic: Chi-squared, corrected for ties.
        p: How often chance alone gives as much.
    """

    people: int
    statistic: float
    p: float


@dataclass(frozen=True)
class PairTest:
    """Wilcoxon's signed-rank test of two methods.

    Args:
        a: One method.
        b: The other.
        difference: Mean of the participants' mean grade of ``a`` less that of ``b``.
        p: How often chance alone gives as much.
        holm: The same, corrected for the number of pairs.
    """

    a: str
    b: str
    difference: float
    p: float
    holm: float


def grades_of_people(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each participant's mean grade of each method, without who has not judged all.

    A participant is one observation, however many pairs were judged.

    Shape:
        - ``values``: :math:`(P, I, M)`, NaN where nobody answered.
        - result: :math:`(P', M)`.
    """
    there = np.isfinite(values)
    total, count = np.where(there, values, 0).sum(1), there.sum(1)
    whole = (count > 0).all(1)
    return np.asarray(total[whole] / count[whole])


def friedman(grades: NDArray[np.float64]) -> Friedman | str:
    """Test whether all methods are liked equally.

    Args:
        grades: :math:`(P, M)`, without gaps.

    Returns:
        The test, or why there is none.

    Raises:
        ValueError: They are something else, or have gaps.

    Reference:
        Friedman, "The use of ranks to avoid the assumption of normality" (1937);
        ``scipy.stats.friedmanchisquare``.
    """
    from scipy import stats

    grades = complete(friedman, 2, grades=grades)
    people, methods = grades.shape
    if methods < 3:
        return f"expects at least 3 methods, got {methods}"
    if people < 2:
        return f"expects at least 2 participants who judged every method, got {people}"
    if (np.ptp(grades, axis=1) == 0).all():
        return "every participant likes all methods equally"
    statistic, p = stats.friedmanchisquare(*grades.T)
    return Friedman(people, float(statistic), float(p))


def pair_tests(grades: NDArray[np.float64], methods: list[str]) -> list[PairTest] | str:
    """Test every pair of methods, participant by participant.

    Args:
        grades: :math:`(P, M)`, without gaps.
        methods: :math:`M` names.

    Returns:
        The tests, or why there are none.

    Raises:
        ValueError: An argument is none of those above.

    Reference:
        Wilcoxon, "Individual comparisons by ranking methods" (1945); ``scipy.stats.wilcoxon``.
    """
    from scipy import stats

    check_list(pair_tests, methods=methods)
    grades = complete(pair_tests, 2, grades=grades)
    if grades.shape[1] != len(methods):
        raise ValueError(
            f"pair_tests expects a name for each of {grades.shape[1]} methods, got {len(methods)}."
        )
    if len(methods) < 2:
        return f"expects at least 2 methods, got {len(methods)}"
    if len(grades) < 2:
        return f"expects at least 2 participants who judged every method, got {len(grades)}"
    pairs = list(combinations(range(len(methods)), 2))
    # Rounded, or equal means of different grades would differ in their last bit and not be ties.
    signed = [np.round(grades[:, a] - grades[:, b], 9) for a, b in pairs]
    p = [float(stats.wilcoxon(d).pvalue) if d.any() else 1.0 for d in signed]
    centre = grades.mean(0)
    return [
        PairTest(methods[a], methods[b], float(centre[a] - centre[b]), one, corrected)
        for (a, b), one, corrected in zip(pairs, p, holm(p), strict=True)
    ]


def holm(p: list[float]) -> list[float]:
    r"""Correct several p-values, so that one is below :math:`\alpha` by chance that often.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})

    Raises:
        ValueError: They are no numbers from 0 to 1.

    Reference:
        Holm, "A simple sequentially rejective multiple test procedure" (1979).

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    given = complete(holm, 1, p=p)
    wrong = given[(given < 0) | (given > 1)]
    if wrong.size:
        raise ValueError(f"holm expects p to be numbers from 0 to 1, got {wrong[0]:g}.")
    order = np.argsort(given, kind="stable")
    ranked = given[order]
    raised = np.maximum.accumulate(np.minimum(1, ranked * np.arange(len(p), 0, -1)))
    corrected = np.empty(len(p))
    corrected[order] = raised
    return [float(value) for value in corrected]
