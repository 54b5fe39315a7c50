"""Sizes of a conditional INN that cannot be built are refused before memory is asked for."""

from collections.abc import Sequence

from flowcolor.layers.arguments import check_count
from flowcolor.models.bounds import MOST_BLOCKS, MOST_PARAMETERS


def check_cinn_sizes(
    owner: object, coarse: int, blocks: Sequence[int], widths: Sequence[int], features: int
) -> None:
    """Refuse sizes of :func:`~flowcolor.models.cinn_flow` that are no counts or too large.

    Raises:
        ValueError: A number is none of at least 1, there are not four of a list, ``coarse`` is no
            power of two, or the model would have too many parameters.
    """
    check_count(owner, coarse=coarse, features=features)
    for name, numbers in (("blocks", blocks), ("widths", widths)):
        if isinstance(numbers, str) or len(numbers) != 4:
            raise ValueError(
                f"CINN expects {name} to be four numbers, one for each level, got {numbers!r}."
            )
        for number in numbers:
            check_count(owner, **{name: number})
    if coarse & (coarse - 1) or coarse > 64:
        raise ValueError(f"CINN expects coarse to be 1, 2, 4, ..., 32 or 64, got {coarse}.")
    # What a coupling sees and returns: half of the data and the condition of its level.
    seen = [9 * (count + features) for count in (4, 16, 16)] + [9 * coarse**2 + 8 * features]
    pairs = zip(blocks, widths, seen, strict=True)
    parameters = sum(2 * count * width * size for count, width, size in pairs) + 40 * features**2
    if max(blocks) > MOST_BLOCKS or parameters > MOST_PARAMETERS:
        raise ValueError(
            f"CINN expects up to {MOST_BLOCKS} blocks and {MOST_PARAMETERS / 1e9:.0f} billion "
            f"parameters, got blocks {list(blocks)}, widths {list(widths)}, features {features}."
        )
