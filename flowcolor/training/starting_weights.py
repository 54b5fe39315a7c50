"""The weights that a task starts from, and whether what it has now has been trained."""

from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.models import Colorizer
from flowcolor.models.checkpoint import Weights, read_weights


class StartingWeights:
    """Fill a colorizer once, with a model of its own stage or, to train it, of the stage before.

    Args:
        file: The ``.ckpt`` or ``.safetensors`` file, if one is given.
    """

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self._filled = False
        self._whole = True

    def fill(self, colorizer: Colorizer, trains: bool, goes_on: bool) -> None:
        """Load the weights; a second time, what was trained since would be lost.

        Args:
            colorizer: What is filled, in place.
            trains: Whether a training follows.
            goes_on: Whether weights of a checkpoint will follow: the file may be gone by then.

        Raises:
            InputError: The file cannot be read, holds another model, or not the stage before.
        """
        if self._filled:
            return
        if goes_on:
            self._filled = True
            return
        weights = None if self.file is None else read_weights(self.file)
        if trains:
            _require_earlier_stage(weights, colorizer)
        if weights is not None:
            weights.fill(colorizer)
            self._filled, self._whole = True, _stage_of(weights) == colorizer.stage

    def note_trained(self) -> None:
        """Let everything count as trained: a training begins, or a checkpoint is loaded."""
        self._whole = True

    def require_whole(self, colorizer: Colorizer) -> None:
        """Refuse to use a model of which nobody has trained the later networks yet.

        Raises:
            InputError: The file holds an earlier stage.
        """
        if not self._whole:
            raise InputError(
                f"--model.weights expects a {type(colorizer).__name__} of stage "
                f"{colorizer.stage}, got one of an earlier stage: {self.file}."
            )


def _require_earlier_stage(weights: Weights | None, colorizer: Colorizer) -> None:
    """Refuse to train a later stage from nothing, or from one that is not the stage before."""
    wanted = colorizer.stage
    if wanted == 1:
        return
    expected = (
        f"Stage {wanted} of {type(colorizer).__name__} expects --model.weights with a model of "
        "stage"
    )
    if weights is None:
        raise InputError(f"{expected} {wanted - 1}, got none.")
    found = _stage_of(weights)
    if found not in (wanted - 1, wanted):
        raise InputError(f"{expected} {wanted - 1}, got one of stage {found}.")


def _stage_of(weights: Weights) -> int:
    return int(weights.description["config"].get("stage", 1))
