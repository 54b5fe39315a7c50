"""Sizes of a conditional INN: the published ones, and those that cannot be built."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flowcolor.arguments import MOST_BLOCKS, MOST_PARAMETERS, check_count
from flowcolor.bounds import shown_value

Layout = Literal["small", "large"]


@dataclass(frozen=True)
class Published:
    """Sizes of a published network.

    Args:
        blocks: Of each level.
        widths: Channels inside of the networks of each level.
        coarse: Side of what the last level sees as one.
        step: How much coarser than the data the last level is.
    """

    blocks: list[int]
    widths: list[int]
    coarse: int
    step: int


LAYOUTS: dict[Layout, Published] = {
    "small": Published([2, 4, 4, 4], [32, 64, 128, 512], 16, 4),
    "large": Published([4, 6, 6, 6, 8], [32, 64, 128, 256, 512], 4, 16),
}


def check_cinn_sizes(
    owner: object,
    data: str,
    shrink: object,
    layout: Layout,
    blocks: Sequence[int],
    widths: Sequence[int],
    features: int,
    coarse: int,
) -> None:
    """Refuse arguments of :class:`~flowcolor.models.CINN` that do not go together or are too large.

    Raises:
        ValueError: One sentence that says what is expected and what arrived.
    """
    check_count(owner, shrink=shrink)
    if layout == "large":
        if data != "chroma" or shrink != 4:
            raise ValueError(
                "CINN expects data 'chroma' and shrink 4 with layout 'large', got "
                f"{data!r} and {shrink!r}."
            )
    elif shrink not in ((1, 2, 4) if data == "chroma" else (1,)):
        allowed = "1, 2 or 4" if data == "chroma" else "1 with data 'color'"
        raise ValueError(f"CINN expects shrink to be {allowed}, got {shown_value(shrink)}.")
    check_count(owner, coarse=coarse, features=features)
    levels = len(LAYOUTS[layout].blocks)
    for name, numbers in (("blocks", blocks), ("widths", widths)):
        if len(numbers) != levels:
            raise ValueError(
                f"CINN expects {name} to be {levels} numbers, one for each level, got "
                f"{shown_value(numbers)}."
            )
        for number in numbers:
            check_count(owner, **{name: number})
    if coarse & (coarse - 1) or coarse > 64:
        raise ValueError(f"CINN expects coarse to be 1, 2, 4, ..., 32 or 64, got {coarse}.")
    sizes = {"blocks": blocks, "widths": widths, "features": features, "coarse": coarse}
    check_cinn_parameters(owner, **sizes)  # type: ignore[arg-type]


def check_cinn_parameters(
    owner: object,
    *,
    blocks: Sequence[int],
    features: int,
    coarse: int,
    channels: int | None = None,
    widths: Sequence[int] | None = None,
) -> None:
    """Refuse sizes of a conditional INN, or of a part of one, that no machine could hold.

    Raises:
        ValueError: There would be too many parameters, or too many blocks.
    """
    # From above: each network as if it saw the most that any of its level sees.
    c, inside = channels or 2, widths or [1] * len(blocks)
    seen = 8 * features + max(16 * c, c * coarse**2, *inside)
    pairs = zip(blocks, inside, strict=True)
    parameters = sum(2 * count * 9 * width * seen for count, width in pairs) + 10_000 * features**2
    if max(blocks) > MOST_BLOCKS or parameters > 16 * MOST_PARAMETERS:
        name = getattr(owner, "__name__", type(owner).__name__)
        given = {"channels": channels, "blocks": list(blocks), "widths": widths and list(widths)}
        given |= {"features": features, "coarse": coarse}
        shown = [f"{name} {size}" for name, size in given.items() if size is not None]
        raise ValueError(
            f"{name} expects sizes of a few billion parameters at most, got "
            f"{', '.join(shown[:-1])} and {shown[-1]}."
        )
