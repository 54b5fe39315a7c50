"""Paint and score every row of every block, each once."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.evaluation.report import Evaluation
from flowcolor.evaluation.report_files import write_report
from flowcolor.evaluation.result_folders import move
from flowcolor.experiments.comparison.blocks import SETTINGS, Block, judged
from flowcolor.experiments.comparison.check import Checked
from flowcolor.experiments.comparison.costs import parameters
from flowcolor.experiments.comparison.painting import Painter
from flowcolor.experiments.comparison.plan import Comparison
from flowcolor.experiments.comparison.reading import reading_rows
from flowcolor.experiments.comparison.rows import Row, blocks_in, pictures, rows_of
from flowcolor.io.files import exists
from flowcolor.io.images import write_image
from flowcolor.io.same_file import require_own
from flowcolor.models import Colorizer

_GIVEN = ("content", "reference", "points", "truth")
PROBES = 16  # Pairs that are painted again, to see whether a method listens to its reference.


def judge_reading(comparison: Comparison, checked: Checked) -> None:
    """Score the answers that are no methods, and write the contents, references and truths."""
    for block in blocks_in(comparison, checked):
        answers = reading_rows(block, comparison.content)
        for row in rows_of(comparison, checked, block):
            path = row.report(comparison.output, block, 0)
            if row.kind == "reading" and not exists(path):
                _judge(comparison, checked, block, path, answers[row.label], {}, row.folder)
        for setting in SETTINGS[block]:
            folder = pictures(comparison.output, block, setting)
            # What is written last says that all the others are there.
            if not exists(folder / "truth" / f"{checked.pairs.names[-1]}.png"):
                _require_own(comparison, checked, [folder / column for column in _GIVEN])
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
    if label:
        folders = [pictures(comparison.output, block, setting) / label for setting in settings]
        _require_own(comparison, checked, folders)
    probed = 0
    evaluation = Evaluation(checked.pairs.sketch_filter, comparison.networks, settings, size)
    for setting, batch in _batches(checked, block):
        painted = paint(batch).float()
        result = painted.clamp(0, 1)
        further: dict[str, Tensor] = {}
        if isinstance(paint, Painter) and setting == settings[-1]:
            further = paint.probe(batch, result, max(0, PROBES - probed))
            probed += len(result)
        compared = move({**judged(batch, block), "painted": painted}, comparison.device)
        evaluation.add(setting, compared, result.to(comparison.device), further)
        if label:
            folder = pictures(comparison.output, block, setting) / label
            for name, image in zip(batch["name"], result, strict=True):
                write_image(image.nan_to_num(0.0), folder / f"{name}.png")
    if isinstance(paint, Painter):
        about = about | {"seconds": paint.seconds_per_picture, "gmacs": paint.gmacs}
    known = {"content": comparison.content, "size": size, "block": block}
    write_report(evaluation.report(about | known), path.parent, path.stem)


def _require_own(comparison: Comparison, checked: Checked, folders: Sequence[Path]) -> None:
    """Refuse links among folders of pictures: what is there would be replaced."""
    inside = sorted({name.rpartition("/")[0] for name in checked.pairs.names})
    places = (folder / name for folder in folders for name in inside)
    require_own(comparison.output / "pictures", places, "pictures would be replaced")


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
