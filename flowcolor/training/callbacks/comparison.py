"""``flowcolor test --compare``: a second model on the images of the first."""

from collections.abc import Callable
from pathlib import Path

from lightning import Trainer

from flowcolor.evaluation.compare import write_comparison
from flowcolor.training.run_folder import log_folder
from flowcolor.training.say import say


def compare_with(other: Path, trainer: Trainer, test: Callable[[Path, Path], None]) -> None:
    """Compare the test that has just ended with another model or with the JSON of another test.

    Args:
        other: A checkpoint, tested now on the same images into the folder ``compared``, or JSON.
        trainer: What ran the test.
        test: Tests a checkpoint on the same images and writes into a folder.

    Raises:
        InputError: The file is neither, or the images of the JSON are others.
    """
    folder = log_folder(trainer)
    theirs = other
    if other.suffix != ".json":
        theirs = folder / "compared" / "test.json"
        say(f"\nthe other: {other}")
        test(other, theirs.parent)
    if trainer.is_global_zero:
        say(write_comparison(folder / "test.json", theirs, folder / "comparison.json"))
