"""The lines of a comparison's tables, and where their files lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flowcolor.experiments.comparison.blocks import BLOCKS, Block
from flowcolor.experiments.comparison.check import Checked
from flowcolor.experiments.comparison.entries import RESERVED
from flowcolor.experiments.comparison.plan import Comparison
from flowcolor.experiments.comparison.reading import reading_rows

Kind = Literal["trained", "given", "untrained", "reading"]


@dataclass(frozen=True)
class Row:
    """One line of a block.

    Args:
        label: Of the entry, or of an answer that is no method.
        kind: Whether it was trained here, comes trained, has nothing to train, or is no method.
        seeds: Of its trainings; 0 where there were none.
    """

    label: str
    kind: Kind
    seeds: tuple[int, ...] = (0,)

    @property
    def folder(self) -> str:
        """Name of the folders of its files."""
        # A method may be called like an answer that is none, and join a comparison later.
        clash = self.kind == "reading" and self.label not in RESERVED
        return f"({self.label})" if clash else self.label

    def report(self, output: Path, block: Block, seed: int) -> Path:
        """Return the file that says that nothing is left to do."""
        return output / "scores" / block / self.folder / f"seed_{seed}.json"


def rows_of(comparison: Comparison, checked: Checked, block: Block) -> list[Row]:
    """Return the lines of a block, those that are no methods first; none without methods."""
    rows = []
    for entry in comparison.entries:
        if block in checked.blocks[entry.label]:
            trained = checked.trained[entry.label]
            kind: Kind = "trained" if trained else "given" if entry.given else "untrained"
            rows.append(Row(entry.label, kind, comparison.seeds if trained else (0,)))
    labels = {row.label for row in rows}
    reading = [
        Row(n, "reading") for n in reading_rows(block, comparison.content) if n not in labels
    ]
    return [*reading, *rows] if rows else []


def blocks_in(comparison: Comparison, checked: Checked) -> list[Block]:
    """Return the blocks that have methods."""
    return [block for block in BLOCKS if rows_of(comparison, checked, block)]


def pictures(output: Path, block: Block, setting: str) -> Path:
    """Return the folder with a folder of pictures for each method of a table."""
    return output / "pictures" / f"{block}-{setting}"
