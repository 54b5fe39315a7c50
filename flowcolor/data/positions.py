"""Where in a dataset the item lies that somebody asks for."""

import operator
from collections.abc import Sized
from typing import Any


def position(dataset: Sized, index: Any) -> int:
    """Return an index as a whole number from 0; negative ones count from the end, as in lists.

    Args:
        dataset: Its class begins the messages.
        index: What arrived, also a number of NumPy's or a tensor of one.

    Raises:
        TypeError: It is no whole number.
        IndexError: There is no such item, by which a loop over the dataset ends, too.

    Example:
        >>> position(["a", "b", "c"], -1)
        2
    """
    name, count = type(dataset).__name__, len(dataset)
    try:
        whole = operator.index(index)
    except TypeError as error:
        shown = type(index).__name__
        raise TypeError(f"{name} expects a whole number, got {shown}.") from error
    if not -count <= whole < count:
        raise IndexError(f"{name} expects an index below {count}, got {whole}.")
    return whole % count
