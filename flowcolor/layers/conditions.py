"""Who of several layers gets which condition."""

from collections.abc import Sequence
from typing import TypeGuard

from torch import Tensor

from flowcolor.layers.base import Condition, InvertibleLayer

Conditions = Condition | Sequence[Condition] | None


def share_conditions(layers: Sequence[InvertibleLayer], condition: Conditions) -> list[Conditions]:
    """Return what each layer gets: all the same one, or of a list the entries that belong to it.

    Raises:
        ValueError: If it is neither a tensor nor a list, or a list has not one entry for each
            conditional layer.
    """
    if condition is None or isinstance(condition, Tensor):
        return [condition] * len(layers)
    wrong = [condition] if not _is_list(condition) else [c for c in condition if not serves(c)]
    if wrong:
        shown = type(wrong[0]).__name__
        message = f"Chain expects a condition to be a tensor or a list of tensors, got {shown}."
        raise ValueError(message)
    total = sum(layer.num_conditions for layer in layers)
    if len(condition) != total:
        raise ValueError(
            f"Chain expects {total} conditions, one for each conditional layer, "
            f"got {len(condition)}."
        )
    shares: list[Conditions] = []
    start = 0
    for layer in layers:
        count = layer.num_conditions
        share = condition[start : start + count]
        shares.append(share if count > 1 else share[0] if count else None)
        start += count
    return shares


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def serves(value: object) -> bool:
    """Tell whether this is a condition, none, or a list of them."""
    if _is_list(value):
        return all(map(serves, value))
    return value is None or isinstance(value, Tensor)
