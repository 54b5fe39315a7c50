"""Pictures of what is predicted."""

from typing import Any

from lightning import Callback, Trainer
from torch import Tensor

from flowcolor.console import complain, shown
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError, first_ten
from flowcolor.evaluation.scores import gather_all
from flowcolor.io.files import find
from flowcolor.io.images import write_image
from flowcolor.io.same_file import require_outside, require_own
from flowcolor.training.run_folder import log_folder
from flowcolor.training.run_place import ROOT
from flowcolor.training.say import say


class PredictionWriter(Callback):
    """Write every painted drawing as ``<name>.png``, named by the drawing and not by its batch.

    Pairs that could not be read are named as they are met, and in the end make the run fail. Other
    pictures of the folder, as those of an earlier prediction by another model, are named, too.
    """

    def __init__(self) -> None:
        self._unread: list[str] = []
        self._written: list[str] = []

    def on_predict_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Refuse subfolders that are links to elsewhere.

        Raises:
            InputError: It names the first.
        """
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        if data is not None:
            folder, names = log_folder(trainer), data.predict_names
            require_outside(folder, data.files("predict"), ROOT, names)
            places = sorted({(folder / name).parent for name in names})
            require_own(folder, places, "pictures would be replaced")
        self._unread, self._written = [], []

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: Any,
        outputs: Tensor,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        for name, image in zip(batch["name"], outputs, strict=True):
            write_image(image, log_folder(trainer) / f"{name}.png")
            self._written.append(f"{name}.png")
        for name, reason in batch.get("unread", []):
            complain(f"left out {name}: {reason}")
            self._unread.append(name)

    def on_predict_end(self, trainer: Trainer, pl_module: Any) -> None:
        unread = sorted(name for part in gather_all(self._unread) for name in part)
        written = {name for part in gather_all(self._written) for name in part}
        folder = log_folder(trainer)
        say(f"wrote the painted drawings to {shown(folder)}")
        places = {(folder / name).parent for name in written}
        pictures = {path for place in places for path in find(place, "*.png")}
        if others := pictures - {folder / name for name in written}:
            names = first_ten(sorted(path.relative_to(folder).as_posix() for path in others))
            say(f"notice: pictures there that are not of this prediction: {shown(names)}")
        if unread:
            names = first_ten(unread)
            raise InputError(f"{len(unread)} of the drawings could not be painted: {names}.")
