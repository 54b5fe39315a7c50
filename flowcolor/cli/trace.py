"""``--trace``: how an optimised picture came about, as pictures and a curve of its loss."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flowcolor.console import shown
from flowcolor.errors import InputError
from flowcolor.io.files import exists, is_dir, names_in, real
from flowcolor.io.places import require_folder

if TYPE_CHECKING:
    from torch import Tensor

    from flowcolor.inference import Painter
    from flowcolor.models import Colorizer, Gatys

_EVERY = 100  # Steps between two pictures.


class Trace:
    """How the loss of an optimisation fell, and the picture at every hundredth step.

    Args:
        folder: Gets ``loss.csv``, ``loss.png`` and ``000000.png`` and so on.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.losses: list[tuple[int, float]] = []
        self._pictures: list[Path] = []
        self._made = [path for path in (folder, *folder.parents) if not exists(path)]

    def __call__(self, step: int, loss: float, picture: "Tensor") -> None:
        """Note a step.

        Raises:
            InputError: A picture cannot be written.
        """
        from flowcolor.io.images import write_image

        self.losses.append((step, loss))
        if step % _EVERY == 0:
            path = self.folder / f"{step:06}.png"
            self._pictures.append(path)
            write_image(picture.cpu(), path)

    def write(self) -> str:
        """Write the losses as a table and as a picture; return what to say of it.

        Raises:
            InputError: A file cannot be written.
        """
        from matplotlib.figure import Figure

        from flowcolor.io.whole_file import whole_file, write_text

        rows = [f"{step},{loss:.6g}" for step, loss in self.losses]
        write_text("\n".join(["step,loss", *rows]) + "\n", self.folder / "loss.csv")
        figure = Figure(figsize=(5, 3), layout="constrained")
        axes = figure.add_subplot()
        axes.semilogy(*zip(*self.losses, strict=True))
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        with whole_file(self.folder / "loss.png") as file:
            figure.savefig(file, format="png", dpi=120)
        return f"wrote {shown(self.folder)} (losses and pictures of {self.losses[-1][0]} steps)"

    def remove(self) -> None:
        """Remove what was written: by a part of a trace its folder would be refused next time."""
        for path in (*self._pictures, self.folder / "loss.csv", self.folder / "loss.png"):
            with suppress(OSError):
                path.unlink()
        for path in self._made:
            with suppress(OSError):  # Of several, others may be in the folder above.
                path.rmdir()


@contextmanager
def whole_traces(traces: Sequence[Trace]) -> Iterator[None]:
    """Leave none of the traces where the body ends by an error or a signal."""
    try:
        yield
    except BaseException:
        for trace in traces:
            trace.remove()
        raise


def begin_traces(
    painters: Sequence["Painter"], folder: Path, results: Sequence[Path], read: Sequence[Path] = ()
) -> list[Trace]:
    """Let the optimisation of every painter be traced into a folder.

    Args:
        painters: What optimises.
        folder: A new or empty one; of several painters each gets a folder in it, ``1`` and so on.
        results: Where what each paints goes.
        read: Folders whose images are read, among which no trace may lie.

    Raises:
        InputError: One optimises nothing, or more than one picture, or the folder holds something,
            cannot be written, or is where a result goes, or would have the name of a part of the
            trace, or where the next call would take the trace for images to read.
    """
    from flowcolor.io.apart import require_apart

    models = [_optimiser(painter.colorizer) for painter in painters]
    if len(results) != 1:
        raise InputError(f"--trace expects one picture, got {len(results)}.")
    if exists(folder) and (not is_dir(folder) or names_in(folder)):
        raise InputError(f"--trace expects a new or an empty folder, got {folder}.")
    require_folder(folder, "--trace")
    require_apart(folder, read, "--trace")
    result = real(results[0])
    if result in (real(folder), *real(folder).parents):
        raise InputError(
            f"--trace expects a place beside the result, got {folder}, while the result is "
            f"{results[0]}."
        )
    if real(folder) in result.parents and re.fullmatch(r"loss\.png|\d{6,}\.png", result.name):
        raise InputError(
            f"--trace expects a folder without the result, got {folder}, where {results[0]} has "
            "the name of a part of the trace."
        )
    import_module("matplotlib")  # Before minutes are spent on what could not be shown.
    traces = []
    for number, model in enumerate(models, 1):
        model.watch = trace = Trace(folder / str(number) if len(models) > 1 else folder)
        traces.append(trace)
    return traces


def _optimiser(model: "Colorizer") -> "Gatys":
    from flowcolor.models import Gatys
    from flowcolor.models.then import Then

    model = model.second if isinstance(model, Then) else model
    if not isinstance(model, Gatys):
        raise InputError(
            f"--trace expects --method gatys or --then gatys, got {type(model).__name__}."
        )
    return model
