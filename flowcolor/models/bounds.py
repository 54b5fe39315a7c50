"""Sizes of a sketch-and-colour flow that no machine could build are refused in time."""

from numbers import Integral

from flowcolor.arguments import MOST_BLOCKS, MOST_PARAMETERS
from flowcolor.bounds import shown_value


def check_sizes(downsamplings: int, nccbs: int, ccbs: int) -> None:
    r"""Refuse sizes of a sketch-and-colour flow that are too small or too large.

    A block of :math:`c` channels has about

    .. math:: c^2 + 2 \cdot 28 \, (c / 2)^2 = 15 \, c^2, \qquad c = 3 \cdot 4^k

    parameters after :math:`k` downsamplings: of its 1x1 convolution and of two sub-networks.

    Raises:
        ValueError: A number is out of range, or the model would have too many parameters.
    """
    sizes = (downsamplings, nccbs, ccbs)
    got = "got {}, {} and {}".format(*map(shown_value, sizes))
    if not all(isinstance(n, Integral) and not isinstance(n, bool) for n in sizes):
        raise ValueError(
            f"SketchColorFlow expects downsamplings, nccbs and ccbs to be whole numbers, {got}."
        )
    if downsamplings < 1 or nccbs < 0 or ccbs < 1:
        raise ValueError(
            f"SketchColorFlow expects downsamplings >= 1, nccbs >= 0 and ccbs >= 1, {got}."
        )
    # First, because 4 to the power of a large number is itself large.
    if max(downsamplings, nccbs, ccbs) > MOST_BLOCKS:
        raise ValueError(
            f"SketchColorFlow expects downsamplings, nccbs and ccbs up to {MOST_BLOCKS}, {got}."
        )
    squares = [9 * 16**k for k in range(1, downsamplings + 1)]
    parameters = 2 * 15 * (nccbs * sum(squares) + ccbs * squares[-1])
    if parameters > MOST_PARAMETERS:
        size = parameters // 10**9
        known = f"{size} billion" if size < 10**6 else "far too many"
        raise ValueError(
            f"SketchColorFlow expects downsamplings, nccbs and ccbs that give up to "
            f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, {got}, that is {known}."
        )
