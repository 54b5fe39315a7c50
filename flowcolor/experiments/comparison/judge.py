"""Paint and score every row of every block, each once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.evaluation.report import Evaluation
from flowcolor.evaluation.report_files import write_report
from flowcolor.evaluation.result_folders import move
from flowcolor.experiments.comparison.blocks import BLOCKS, SETTINGS, Block, judged
from flowcolor.experiments.comparison.check import Checked
from flowcolor.experiments.comparison.costs import parameters
from flowcolor.experiments.comparison.painting import Painter
from flowcolor.experiments.comparison.plan import Comparison
from flowcolor.experiments.comparison.reading import reading_rows
from flowcolor.io.files import exists
from flowcolor.io.images import write_image
from flowcolor.models import Colorizer

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

    def report(self, output: Path, block: Block, seed: int) -> Path:
        """Return the file that says that nothing is left to do."""
        return output / "scores" / block / self.label / f"seed_{seed}.json"


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


def judge_reading(comparison: Comparison, checked: Checked) -> None:
    """Score the answers that are no methods, and write the contents, references and truths."""
    for block in blocks_in(comparison, checked):
        answers = reading_rows(block, comparison.content)
        for row in rows_of(comparison, checked, block):
            path = row.report(comparison.output, block, 0)
            if row.kind == "reading" and not exists(path):
                _judge(comparison, checked, block, path, answers[row.label], {}, row.label)
        for setting in SETTINGS[block]:
            folder = pictures(comparison.output, block, setting)
            # What is written last says that all the others are there.
            if not exists(folder / "truth" / f"{checked.pairs.names[-1]}.png"):
                for batch in checked.pairs.batches(setting):
                    _write_given(batch, folder)


def judge_method(
    comparison: Comparison,
    checked: Checked,
    row: Row,
    seed: int,
    build: Callable[[], Colorizer],
    about: dict[str, Any],
) -> None:
    """Score a method in every block where it stands, unless that is done.

    Args:
        comparison: What is compared.
        checked: What is known of it.
        row: The method.
        seed: Of its training.
        build: Returns its colorizer; not called if nothing is left to do.
        about: What it has cost so far.
    """
    left = [
        (block, path)
        for block in checked.blocks[row.label]
        if not exists(path := row.report(comparison.output, block, seed))
    ]
    if not left:
        return
    colorizer = build().eval()
    for block, path in left:
        painter = Painter(colorizer, block, comparison.device)
        known = about | {"model": type(colorizer).__name__, "parameters": parameters(colorizer)}
        label = row.label if seed == row.seeds[0] else ""
        _judge(comparison, checked, block, path, painter, known, label)


def pictures(output: Path, block: Block, setting: str) -> Path:
    """Return the folder with a folder of pictures for each method of a table."""
    return output / "pictures" / f"{block}-{setting}"


def _judge(
    comparison: Comparison,
    checked: Checked,
    block: Block,
    path: Path,
    paint: Callable[[Batch], Tensor],
    about: dict[str, Any],
    label: str,
) -> None:
    """Paint and score all pairs of a block; write pictures if there is a label, then the report."""
    settings, size = SETTINGS[block], comparison.size
    evaluation = Evaluation(checked.pairs.sketch_filter, comparison.networks, settings, size)
    for setting, batch in _batches(checked, block):
        result = paint(batch)
        compared = move(judged(batch, block), comparison.device)
        evaluation.add(setting, compared, result.to(comparison.device))
        if label:
            folder = pictures(comparison.output, block, setting) / label
            for name, image in zip(batch["name"], result, strict=True):
                write_image(image, folder / f"{name}.png")
    if isinstance(paint, Painter):
        about = about | {"seconds": paint.seconds_per_picture, "gmacs": paint.gmacs}
    known = {"content": comparison.content, "size": size, "block": block}
    write_report(evaluation.report(about | known), path.parent, path.stem)


def _batches(checked: Checked, block: Block) -> Iterator[tuple[Any, Batch]]:
    for setting in SETTINGS[block]:
        yield from ((setting, batch) for batch in checked.pairs.batches(setting))


def _write_given(batch: Batch, folder: Path) -> None:
    columns = {"content": batch["content"], "reference": batch["reference"]}
    mask = batch["hint_mask"]
    columns["points"] = batch["content"] * (1 - mask) + batch["hint_colors"] * mask
    columns["truth"] = batch["truth"]
    for column, images in columns.items():
        for name, image in zip(batch["name"], images, strict=True):
            write_image(image, folder / column / f"{name}.png")
