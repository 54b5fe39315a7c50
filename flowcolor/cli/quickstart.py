"""``flowcolor quickstart``: from nothing to painted drawings, without data and without network."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flowcolor.cli.options import OptionParser
from flowcolor.console import as_word, say, shown
from flowcolor.errors import InputError
from flowcolor.io.files import exists
from flowcolor.io.places import require_folder

if TYPE_CHECKING:
    from flowcolor.data import ColorizationDataModule

_SIDE = 512  # Pixels of the pictures.


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor quickstart`` with these words."""
    parser = _parser()
    options = parser.read(words)
    if not options.train:
        parser.refuse_given(options, ("max_minutes", "seed_everything"), "--train")
    if not 0 < options.max_minutes <= 24 * 60:
        raise InputError(
            f"--max_minutes expects a number above 0 and up to 1440, got {options.max_minutes:g}."
        )
    require_folder(options.output)
    if options.train:
        train(options.output, options.max_minutes, options.seed_everything)
    else:
        paint(options.output)


def paint(output: Path) -> Path:
    """Paint the drawings of the two portraits with each other's colours, by the packaged model.

    Args:
        output: Folder of the pictures.

    Returns:
        The picture that shows all of it.

    Raises:
        InputError: The folder holds a picture of the same name that no quickstart has written.
    """
    picture, drawing, photo = (
        output / f"{name}.png" for name in ("quickstart", "drawing", "photo")
    )
    for path in (drawing, photo):
        if exists(path) and not exists(picture):  # Names that pictures of users have, too.
            raise InputError(
                f"--output expects a folder without a {path.name} of somebody else, got {output}."
            )
    say(
        "flowcolor quickstart draws the lines of two portraits, an astronaut and Grace Hopper,\n"
        "that were installed with scikit-image and matplotlib, and paints each drawing with the\n"
        "colours of the other photograph. Loading PyTorch ..."
    )
    start = time.monotonic()
    import torch

    from flowcolor.data import open_portraits, write_image
    from flowcolor.evaluation.pictures import write_grid
    from flowcolor.inference import load

    painter = load("faces")
    first, second = (open_portraits("embedded", _SIDE)[index] for index in range(2))
    rows = []
    for item, other in ((first, second), (second, first)):
        result = painter(item["content"], other["photo"]).image
        rows.append([item["content"], other["photo"], result, item["photo"]])
    write_grid([torch.stack(column) for column in zip(*rows, strict=True)], picture)
    write_image(first["content"], drawing)
    write_image(second["photo"], photo)
    say(
        f"\nDone in {time.monotonic() - start:.0f} seconds.\n"
        f"picture: {shown(picture)}\n"
        "  columns: drawing, photograph that lends its colours, result, the drawn photograph\n"
        "paint a drawing of yours; for a start, one of these:\n"
        f"  flowcolor colorize --sketch {as_word(drawing)} --reference {as_word(photo)} "
        "--output painted.png\n"
        "train a model of your own, on these two portraits in some minutes, or on photographs:\n"
        "  flowcolor quickstart --train\n"
        "  flowcolor fit --config faces --data.train PHOTOS"
    )
    return picture


def train(output: Path, max_minutes: float, seed: int) -> tuple[Path, Path]:
    """Train on the two portraits that come with the installation and paint both drawings.

    Args:
        output: Folder below which the run gets a folder of its own.
        max_minutes: Training stops at the latest after this time.
        seed: Chooses everything that is random.

    Returns:
        The picture and the model that were written.
    """
    say(
        "flowcolor quickstart --train trains a small model on two portraits, an astronaut and\n"
        "Grace Hopper, that were installed with scikit-image and matplotlib. It learns to paint\n"
        "each line drawing with the colours of a distorted photograph; then each drawing is\n"
        "painted with the colours of the other person. Loading PyTorch ..."
    )
    start = time.monotonic()
    from flowcolor.training.lightning_cli import run
    from flowcolor.training.run_folder import is_first_process

    seconds = max(1, round(60 * max_minutes))
    limit = f"{seconds // 86400:02}:{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}"
    arguments = ["fit", "--config", "quickstart", f"--seed_everything={seed}"]
    arguments += [f"--trainer.default_root_dir={output}"]
    arguments += [f"--trainer.max_time={limit}:{seconds % 60:02}"]
    cli = run(arguments)
    picture, model = cli.folder / "quickstart.png", cli.folder / "model.safetensors"
    if not is_first_process():
        return picture, model  # The first process draws them, and says so.
    draw_portraits(model, picture, cli.datamodule)
    minutes = (time.monotonic() - start) / 60
    say(
        f"\nDone in {minutes:.1f} minutes.\n"
        f"picture: {shown(picture)}\n"
        "  columns: drawing, reference, result, the drawing's true photograph\n"
        "  rows: each portrait with its own distorted photograph, then each with the other's\n"
        f"model:   {shown(model)}\n"
        f"paint a drawing of yours:\n"
        f"  flowcolor colorize --sketch DRAWING --reference PHOTO --checkpoint {as_word(model)} "
        "--output painted.png"
    )
    return picture, model


def draw_portraits(model_file: Path, picture: Path, data: "ColorizationDataModule") -> None:
    """Paint the held-out drawings of ``data`` in both settings with the model of a file."""
    import torch

    from flowcolor.evaluation.pictures import columns_of, write_grid
    from flowcolor.models.checkpoint import load_model

    model = load_model(model_file)
    rows = []
    for loader in data.val_dataloader():
        batch = data.complete(next(iter(loader)), training=False)
        with torch.no_grad():
            batch["result"] = model(batch["content"], batch["reference"])
        rows.append(columns_of(batch))
    write_grid([torch.cat(column) for column in zip(*rows, strict=True)], picture)


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor quickstart",
        description="Paint the line drawings of two portraits inside the installation with each "
        "other's colours, without data or network; with --train, by a small model that is trained "
        "on them.",
    )
    parser.add_argument(
        "--train", action="store_true", help="train a small model on the two portraits first"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("runs/quickstart"),
        help="folder of the pictures, or of the run",
    )
    parser.add_argument(
        "--max_minutes", type=float, default=9.0, help="with --train: stop after this time"
    )
    parser.add_argument(
        "--seed_everything", type=int, default=0, help="with --train: seed of all random numbers"
    )
    return parser
