"""``flowcolor test --compare``: a second model on the images of the first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightning import Trainer

from flowcolor.console import shown
from flowcolor.errors import InputError
from flowcolor.evaluation.compare import require_report, require_rival, write_comparison
from flowcolor.evaluation.scores import SETTINGS
from flowcolor.models.checkpoint import read_weights
from flowcolor.training.contents import require_content
from flowcolor.training.run_folder import log_folder
from flowcolor.training.say import say
from flowcolor.training.sizes import require_size


def require_comparable(other: Path, folder: Path, trainer: Trainer, data: Any) -> None:
    """Refuse what a test in a folder could not be compared with, before it begins.

    Args:
        other: A checkpoint, or the JSON of another test.
        folder: Where the test writes.
        trainer: What will run it.
        data: The data module, whose photographs are tested on.

    Raises:
        InputError: The file is neither a checkpoint nor a report, would be overwritten, or is of
            other photographs or for other ones.
    """
    if other.suffix.lower() == ".json":
        written = [folder / "test.json", folder / "comparison.json"]
        report = require_report(other, written, "--trainer.default_root_dir")
        limit = trainer.limit_test_batches
        names = data.test_names if isinstance(limit, float) and limit == 1 else None
        require_rival(report, SETTINGS, names, data.content)
        return
    rival = read_weights(other).build()
    try:
        require_content(rival, data.content)
        require_size(data.size, rival)
    except InputError as error:
        raise InputError(f"{other} cannot be tested on the same images: {error}") from error


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
    if other.suffix.lower() != ".json":
        theirs = folder / "compared" / "test.json"
        say(f"\nthe other: {shown(other)}")
        test(other, theirs.parent)
    if trainer.is_global_zero:
        say(write_comparison(folder / "test.json", theirs, folder / "comparison.json"))
