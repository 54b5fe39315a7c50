"""What the training commands can be asked for beside model, data and trainer."""

from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser

from flowcolor.errors import InputError
from flowcolor.evaluation.network_scores import Networks
from flowcolor.evaluation.region_scores import RegionSet
from flowcolor.training.callbacks.curves import Curves
from flowcolor.training.callbacks.picture_grid import PictureGrid
from flowcolor.training.callbacks.roundtrip_monitor import RoundTripMonitor
from flowcolor.training.plateau import direction

DIRECTION = "auto"
# By which Lightning names the states of checkpoint callbacks.
_KEY = ("monitor", "mode", "every_n_train_steps", "every_n_epochs", "train_time_interval")


def add_callback_options(parser: LightningArgumentParser) -> None:
    """Add pictures, round trip and curves, and the two checkpoints that every run keeps."""
    parser.add_lightning_class_args(PictureGrid, "pictures")
    parser.add_lightning_class_args(RoundTripMonitor, "roundtrip")
    parser.add_lightning_class_args(Curves, "curves")
    parser.add_lightning_class_args(ModelCheckpoint, "best")
    parser.add_lightning_class_args(ModelCheckpoint, "last")
    always = {"enable_version_counter": False, "auto_insert_metric_name": False}
    best = {"filename": "best", "monitor": "val/ssim", "mode": DIRECTION, "save_top_k": 1}
    last = {"filename": "last", "mode": DIRECTION, "save_on_train_epoch_end": True}
    for name, settings in (("best", best), ("last", last)):
        defaults = {f"{name}.{key}": value for key, value in (always | settings).items()}
        parser.set_defaults(defaults)


def mode_of(kept: Any, of_none: str) -> str:
    """Return in which direction the number is better by which checkpoints are kept.

    Args:
        kept: The options ``--best`` or ``--last``; their ``mode`` counts where the user has given
            one, and a number that we do not log is the better the higher it is.
        of_none: What stands for it where no number is watched. By it Lightning tells two callbacks
            apart that watch none, so that they must differ.
    """
    if kept.monitor is None:
        return of_none
    if kept.mode != DIRECTION:
        return str(kept.mode)
    return direction(kept.monitor) or "max"


def check_files(best: Any, last: Any) -> None:
    """Refuse one file for the best weights and for the last, which would replace the best.

    And one way to choose both, by which a checkpoint could not tell their states apart.

    Args:
        best: The options ``--best``, with a direction.
        last: The options ``--last``, with a direction.

    Raises:
        InputError: Both have one name and one folder, or are chosen alike.
    """
    if last.monitor is not None and all(getattr(best, key) == getattr(last, key) for key in _KEY):
        raise InputError(
            f"last.monitor expects null or another number than best.monitor, got {last.monitor} "
            "for both."
        )
    if (best.dirpath, best.filename) == (last.dirpath, last.filename) and best.filename is not None:
        raise InputError(
            f"best.filename expects another name than last.filename, got {best.filename} for both."
        )


def add_test_options(parser: LightningArgumentParser) -> None:
    """Add what only a test has: the networks that look at its results, and a rival."""
    parser.add_class_arguments(Networks, "networks")
    parser.add_argument(
        "--regions",
        type=RegionSet,
        default="faces",
        help="what the numbers of label maps mean: 0 background, 1 person, 2 face, 5 lips,"
        " or the classes of CelebAMask-HQ",
    )
    parser.add_argument(
        "--probes",
        type=int,
        default=16,
        help="pairs that are painted again, with another reference and, where a method "
        "draws random numbers, with others of them; 0 for none",
    )
    parser.add_argument(
        "--timed",
        type=int,
        default=10,
        help="how often one picture is painted, to say how long that takes; 0 for no costs",
    )
    parser.add_argument(
        "--compare",
        type=Path | None,
        help="another checkpoint, which is tested on the same images, or the JSON of "
        "another test or score: both are compared image by image",
    )
