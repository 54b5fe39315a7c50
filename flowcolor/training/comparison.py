"""``flowcolor test --compare``: a second model on the images of the first."""

from pathlib import Path
from typing import Any

from lightning import Trainer

from flowcolor.data.module import SketchColorData
from flowcolor.errors import InputError
from flowcolor.evaluation.compare import write_comparison
from flowcolor.models import SketchColorFlow
from flowcolor.training.checkpoint import read_weights
from flowcolor.training.resume import log_folder
from flowcolor.training.say import say
from flowcolor.training.task import ColorizationTask


def compare_with(
    other: Path, trainer: Trainer, task: ColorizationTask, data: SketchColorData
) -> None:
    """Compare the test that has just ended with another model or with the JSON of another test.

    Args:
        other: A checkpoint, tested now on the same images into the folder ``compared``, or JSON.
        trainer: What ran the test.
        task: What was tested; afterwards it has the other model.
        data: On what.

    Raises:
        InputError: The file is neither, or the images of the JSON are others.
    """
    folder = log_folder(trainer)
    theirs = other
    if other.suffix != ".json":
        _test(other, trainer, task, data, folder / "compared")
        theirs = folder / "compared" / "test.json"
    if trainer.is_global_zero:
        say(write_comparison(folder / "test.json", theirs, folder / "comparison.json"))


def _test(
    checkpoint: Path, trainer: Trainer, task: ColorizationTask, data: Any, folder: Path
) -> None:
    weights = read_weights(checkpoint)
    model = weights.build()
    if not isinstance(model, SketchColorFlow):
        raise InputError(f"--compare expects a colorizer, got {checkpoint}, a {type(model)}.")
    task.model, task.weights, task.judge.folder = model, None, folder
    task.judge.about = {**task.judge.about, "checkpoint": str(checkpoint)}
    say(f"\nthe other: {checkpoint}")
    trainer.test(task, datamodule=data, verbose=False)
    task.judge.folder = None
