"""Do participants agree with each other?"""

import numpy as np
from numpy.typing import NDArray

from flowcolor.evaluation.given import numbers_of
from flowcolor.evaluation.study.answers import GRADES


def krippendorff(grades: NDArray[np.float64]) -> float:
    r"""Return Krippendorff's alpha for ordinal grades: 1 is agreement, 0 chance.

    .. math:: \alpha = 1 - (n - 1) \frac{\sum_{c,k} o_{ck}\, \delta^2_{ck}}
        {\sum_{c,k} n_c n_k\, \delta^2_{ck}}, \qquad
        \delta^2_{ck} = \Bigl(\sum_{g=c}^{k} n_g - \frac{n_c + n_k}{2}\Bigr)^2

    :math:`o_{ck}` counts the pairs of grades :math:`c` and :math:`k` that two participants gave to
    one picture, each divided by the number of its other grades; :math:`n_c` is its sum over
    :math:`k`, and :math:`n` the sum of all. Gaps are allowed. Negative: they disagree more than
    chance.

    Args:
        grades: Whole grades from 1 to 5; NaN where somebody gave none.

    Shape:
        - ``grades``: :math:`(P, U)`: a row for each participant, a column for each picture.

    Returns:
        Alpha; NaN where no picture has two grades or all grades are equal.

    Raises:
        ValueError: They are something else.

    Reference:
        Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), sections C and D.

    Example:
        >>> import numpy as np
        >>> krippendorff(np.array([[1.0, 3.0, 5.0], [1.0, 3.0, 5.0]]))
        1.0
    """
    grades = numbers_of(krippendorff, 2, grades=grades)
    others_than = grades[~(np.isnan(grades) | np.isin(grades, GRADES))]
    if others_than.size:
        raise ValueError(
            f"krippendorff expects grades of {', '.join(map(str, GRADES))}, or NaN for none, got "
            f"{others_than[0]:g}."
        )
    counts = np.stack([(grades == grade).sum(0) for grade in GRADES], axis=1).astype(np.float64)
    size = counts.sum(1)
    counts, size = counts[size >= 2], size[size >= 2]
    others = counts[:, :, None] * counts[:, None, :] - np.eye(len(GRADES)) * counts[:, :, None]
    o = (others / (size - 1)[:, None, None]).sum(0)
    n_c = o.sum(1)
    up_to = np.cumsum(n_c)
    # From c to k inclusive, less half of both ends; symmetric in c and k.
    distance = (up_to - n_c / 2)[None, :] - (up_to - n_c / 2)[:, None]
    expected = float(n_c @ distance**2 @ n_c)
    if expected == 0:
        return float("nan")
    return float(1 - (n_c.sum() - 1) * (o * distance**2).sum() / expected)
