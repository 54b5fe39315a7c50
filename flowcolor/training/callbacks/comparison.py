"""``flowcolor test --compare``: a second model on the images of the first."""

from collections.abc import Callable
from pathlib import Path

from lightning import Trainer

from flowcolor.console import shown
from flowcolor.evaluation.compare import require_report, write_comparison
from flowcolor.models.checkpoint import read_weights
from flowcolor.training.run_folder import log_folder
from flowcolor.training.say import say


def require_comparable(other: Path, folder: Path) -> None:
    """Refuse what a test in a folder could not be compared with, before it begins.

    Raises:
        InputError: The file is neither a checkpoint nor a report, or would be overwritten.
    """
    if other.suffix == ".json":
        written = [folder / "test.json", folder / "comparison.json"]
        require_report(other, written, "--trainer.default_root_dir")
    else:
        read_weights(other)


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
        say(f"\nthe other: {shown(other)}")
        test(other, theirs.parent)
    if trainer.is_global_zero:
        say(write_comparison(folder / "test.json", theirs, folder / "comparison.json"))
