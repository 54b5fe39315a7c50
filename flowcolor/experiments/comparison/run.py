"""Make a comparison: train what needs it, paint, score, and lay all side by side."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import torch

from flowcolor.console import shown
from flowcolor.errors import InputError
from flowcolor.experiments.comparison.blocks import SETTINGS, needs_reference
from flowcolor.experiments.comparison.check import Checked, check, untrained
from flowcolor.experiments.comparison.costs import training_costs
from flowcolor.experiments.comparison.entries import Entry
from flowcolor.experiments.comparison.files import write_tables
from flowcolor.experiments.comparison.judge import judge_method, judge_reading
from flowcolor.experiments.comparison.plan import Comparison
from flowcolor.experiments.comparison.rows import Row, blocks_in, rows_of
from flowcolor.experiments.comparison.sheet import MOST_ROWS, write_sheet
from flowcolor.experiments.comparison.standing import Standing, standing
from flowcolor.experiments.comparison.text import as_text, heading
from flowcolor.experiments.runner import Call, taken_back, train_once
from flowcolor.inference import load
from flowcolor.io.alone import alone
from flowcolor.io.files import find
from flowcolor.models import Colorizer
from flowcolor.models.checkpoint import read_weights
from flowcolor.training.quiet import quiet
from flowcolor.training.say import say


def run(comparison: Comparison, call: Call) -> None:
    """Train, paint, score, and write tables and contact sheets; what is done is not done again.

    A method that fails is named and left out of the tables, so that the others do not wait for it.

    Args:
        comparison: What is compared.
        call: Runs one ``flowcolor`` command.

    Raises:
        InputError: Something cannot work, before anything is trained; or methods failed, after the
            tables of the others are written.
    """
    checked = check(comparison)
    output = comparison.output
    with alone(output, "flowcolor compare"), taken_back(output, ["compare.json"]):
        _run(comparison, checked, call)


def _run(comparison: Comparison, checked: Checked, call: Call) -> None:
    failed = _train(comparison, checked, call)
    say(f"painting and scoring {len(checked.pairs)} pairs ...")
    with quiet():
        judge_reading(comparison, checked)
        for entry in comparison.entries:
            if entry.label not in failed:
                try:
                    _judge(comparison, checked, entry)
                except ValueError as error:  # What a method cannot take, too, is one sentence.
                    failed[entry.label] = str(error)
                except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
                    failed[entry.label] = "its weights cannot be inverted"
                if entry.label in failed:
                    say(f"{entry.label} is left out: {shown(failed[entry.label])}")
    _publish(comparison, checked, failed)
    if failed:
        raise InputError(
            f"{len(failed)} of {len(comparison.entries)} methods are in no table: "
            f"{', '.join(failed)}; the same command tries them again."
        )


def _train(comparison: Comparison, checked: Checked, call: Call) -> dict[str, str]:
    """Train every network with every seed, and return by name why one could not be."""
    failed: dict[str, str] = {}
    runs = list(comparison.trainings(checked.trained))
    for number, (entry, seed) in enumerate(runs, 1):
        folder = comparison.training(entry, seed)
        say(f"{number} of {len(runs)}: {entry.label}, seed {seed}, in {shown(folder)}")
        if entry.label not in failed:
            try:
                train_once(comparison.words(entry, seed), folder, call)
            except InputError as error:
                failed[entry.label] = str(error)
                say(f"{entry.label} is left out: {shown(error)}")
    return failed


def _judge(comparison: Comparison, checked: Checked, entry: Entry) -> None:
    """Score an entry wherever it stands, with every seed that it was trained with."""
    if checked.trained[entry.label]:
        row = Row(entry.label, "trained", comparison.seeds)
        for seed in comparison.seeds:
            folder = comparison.training(entry, seed)
            last = _last(folder)
            earlier = find(folder, "stage_*/version_*/checkpoints/last.ckpt")
            costs = training_costs([*earlier, last]) | {"checkpoint": str(last)}
            judge_method(comparison, checked, row, seed, partial(_load, last), costs)
    elif entry.given:
        about: dict[str, Any] = {"checkpoint": str(entry.source)}
        size = read_weights(entry.source).size
        if size not in (0, comparison.size):
            about["trained_at"] = size
        build = partial(_load, entry.source)
        judge_method(comparison, checked, Row(entry.label, "given"), 0, build, about)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            build = partial(untrained, comparison, entry, scratch)
            judge_method(comparison, checked, Row(entry.label, "untrained"), 0, build, {})


def _load(path: Path) -> Colorizer:
    return load(path).colorizer


def _last(folder: Path) -> Path:
    """Return the last checkpoint of a training that is done."""

    def refuse(words: object) -> None:
        raise InputError(f"{folder} expects a finished training, got none.")

    return train_once((), folder, refuse)


def _publish(comparison: Comparison, checked: Checked, failed: dict[str, str]) -> None:
    tables: list[Standing] = []
    sheets: list[Path] = []
    for block in blocks_in(comparison, checked):
        rows = [row for row in rows_of(comparison, checked, block) if row.label not in failed]
        if all(row.kind == "reading" for row in rows):
            continue
        for setting in SETTINGS[block]:
            tables.append(standing(comparison.output, block, setting, rows))
            names = checked.pairs.names[:MOST_ROWS]
            reference = any(needs_reference(checked.blocks.get(row.label, ())) for row in rows)
            place = (comparison.output, block, setting)
            sheets.append(write_sheet(*place, rows, names, comparison.size, reference))
    paths = [*write_tables(comparison, tables, failed), *sheets]
    texts = [as_text(table, comparison.points) for table in tables]
    above = "\n".join(heading(comparison, len(checked.pairs)))
    say("\n\n".join(["", above, *texts, "\n".join(f"wrote {shown(path)}" for path in paths)]))
