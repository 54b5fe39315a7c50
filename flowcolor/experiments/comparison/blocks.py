"""The blocks of a table: methods that are told equally much about the colours."""

from collections.abc import Collection
from typing import Literal, get_args

from flowcolor.data.batch import Batch
from flowcolor.evaluation.scores import Setting
from flowcolor.models import Colorizer

Block = Literal["automatic", "exemplar", "hints"]
BLOCKS: tuple[Block, ...] = get_args(Block)

#: Whose photograph stands beside the content. What has no reference is the same in both settings;
#: and colours at points would say nothing new beside the content's own photograph.
SETTINGS: dict[Block, tuple[Setting, ...]] = {
    "automatic": ("self",),
    "exemplar": ("self", "cross"),
    "hints": ("cross",),
}
#: Numbers that ask for the colours of a reference, where not all methods have seen it.
OF_REFERENCE = frozenset({"colors", "mean_color", "sr", "lines_control", "colors_follow_reference"})


def blocks_of(colorizer: Colorizer) -> tuple[Block, ...]:
    """Return where a method stands: where it has what it needs and can use what it gets.

    Example:
        >>> from flowcolor.models import Levin, Tint
        >>> blocks_of(Tint()), blocks_of(Levin())
        (('exemplar',), ('hints',))
    """
    found: list[Block] = []
    if colorizer.hints != "required":
        if colorizer.reference != "required":
            found.append("automatic")
        if colorizer.reference != "unused":
            found.append("exemplar")
    return (*found, "hints") if colorizer.hints != "unused" else tuple(found)


def needs_reference(blocks: Collection[Block]) -> bool:
    """Tell from where a method stands whether it can do without a reference."""
    return "exemplar" in blocks and "automatic" not in blocks


def judged(batch: Batch, block: Block) -> Batch:
    """Return a batch with what the results of a block are compared with."""
    judged = batch.copy()
    if block != "hints":
        judged.pop("hint_colors", None)
        judged.pop("hint_mask", None)
    return judged


def told(batch: Batch, block: Block, colorizer: Colorizer) -> Batch:
    """Return a batch with no more than the methods of a block are told."""
    told = judged(batch, block)
    if block == "automatic" or (block == "hints" and colorizer.reference != "required"):
        told.pop("reference", None)
        told.pop("reference_content", None)
    return told


def shown(name: str, block: Block) -> bool:
    """Tell whether a number has a meaning for all methods of a block."""
    return block != "hints" or name not in OF_REFERENCE
