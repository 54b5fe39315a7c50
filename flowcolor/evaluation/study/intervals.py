"""Means whose interval asks: what if other people had judged other drawings?"""

import numpy as np
from numpy.typing import NDArray

from flowcolor.evaluation.given import check_draws, numbers_of

_CHUNK = 2**23  # Numbers held at a time.


def means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each method over all judgements there are; NaN where there is none.

    Shape:
        - ``values``: :math:`(P, I, M)`, NaN where nobody answered.
        - result: :math:`(M,)`.
    """
    there = np.isfinite(values)
    total, count = np.where(there, values, 0).sum((0, 1)), there.sum((0, 1))
    return np.asarray(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))


def two_way_intervals(
    values: NDArray[np.float64], resamples: int = 9999, level: float = 0.95, seed: int = 0
) -> NDArray[np.float64]:
    r"""Return percentile bootstrap intervals of the means, over participants *and* pairs.

    .. math:: \bar g^*_m = \frac{\sum_{p,i} w_p v_i \, g_{pim}}{\sum_{p,i} w_p v_i},
        \qquad w \sim \mathrm{Mult}(P), \; v \sim \mathrm{Mult}(I)

    Participants are drawn anew with replacement, and so are pairs, independently; the sums go over
    the judgements there are. An interval over single grades would take 100 people who judge the
    same 15 drawings for 1,500 independent answers, and be far too narrow.

    Args:
        values: Judgements, NaN where nobody answered.
        resamples: How often.
        level: Share of the means inside.
        seed: Chooses participants and pairs, the same for every method.

    Shape:
        - ``values``: :math:`(P, I, M)`.
        - result: :math:`(M, 2)`, NaN for fewer than two participants or two pairs.

    Raises:
        ValueError: An argument is none of those above.

    Reference:
        Owen, "The pigeonhole bootstrap" (2007), section 3. https://arxiv.org/abs/0712.1111
    """
    check_draws(two_way_intervals, resamples, seed, level)
    values = numbers_of(two_way_intervals, 3, values=values)
    people, pairs, methods = values.shape
    if people < 2 or pairs < 2:
        return np.full((methods, 2), np.nan)
    there = np.isfinite(values)
    flat = np.where(there, values, 0).reshape(people, -1), there.reshape(people, -1)
    random = np.random.default_rng(seed)
    at_once = max(1, _CHUNK // (pairs * methods + people))
    found = []
    for done in range(0, resamples, at_once):
        count = min(at_once, resamples - done)
        w = random.multinomial(people, np.full(people, 1 / people), count).astype(np.float64)
        v = random.multinomial(pairs, np.full(pairs, 1 / pairs), count).astype(np.float64)
        total, number = (
            np.einsum("ri,rim->rm", v, (w @ part).reshape(count, pairs, methods)) for part in flat
        )
        # Rarely, no judgement of a method is drawn: then there is no mean.
        empty = np.full_like(total, np.nan)
        found.append(np.divide(total, number, out=empty, where=number > 0))
    tail = (1 - float(level)) / 2
    drawn = np.concatenate(found)
    ends = np.full((methods, 2), np.nan)
    for method in range(methods):
        column = drawn[:, method]
        if np.isfinite(column).any():
            ends[method] = np.quantile(column[np.isfinite(column)], [tail, 1 - tail])
    return ends
