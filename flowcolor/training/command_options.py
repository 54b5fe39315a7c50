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


def add_callback_options(parser: LightningArgumentParser) -> None:
    """Add pictures, round trip and curves, and the two checkpoints that every run keeps."""
    parser.add_lightning_class_args(PictureGrid, "pictures")
    parser.add_lightning_class_args(RoundTripMonitor, "roundtrip")
    parser.add_lightning_class_args(Curves, "curves")
    parser.add_lightning_class_args(ModelCheckpoint, "best")
    parser.add_lightning_class_args(ModelCheckpoint, "last")
    always = {"enable_version_counter": False, "auto_insert_metric_name": False}
    best = {"filename": "best", "monitor": "val/ssim", "mode": DIRECTION, "save_top_k": 1}
    last = {"filename": "last", "save_on_train_epoch_end": True}
    for name, settings in (("best", best), ("last", last)):
        defaults = {f"{name}.{key}": value for key, value in (always | settings).items()}
        parser.set_defaults(defaults)


def mode_of(best: Any) -> str:
    """Return in which direction the number is better by which the best weights are known.

    Args:
        best: The options ``--best``; their ``mode`` counts where the user has given one, and a
            number that we do not log is the better the higher it is.
    """
    if best.mode != DIRECTION:
        return str(best.mode)
    return direction(best.monitor or "") or "max"


def check_files(best: Any, last: Any) -> None:
    """Refuse one file for the best weights and for the last, which would replace the best.

    Args:
        best: The options ``--best``.
        last: The options ``--last``.

    Raises:
        InputError: Both have one name and one folder.
    """
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
