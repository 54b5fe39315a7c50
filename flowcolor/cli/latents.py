"""``flowcolor latents``: what a model makes of references, and whether that is nothing."""

import math
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flowcolor.cli.options import OptionParser, check_device, model_source
from flowcolor.console import complain, say, shown, warn
from flowcolor.errors import InputError, first_ten

if TYPE_CHECKING:
    from torch import Tensor

    from flowcolor.models import UNetAdaIN

_MOST = 1000  # Photographs that are looked at.
_SHOWN = 12  # That get a histogram each.


def main(words: Sequence[str]) -> None:
    """Run ``flowcolor latents`` with these words."""
    options = _parser().read(words)
    import_module("matplotlib")  # Before anything is computed that could not be shown.

    from flowcolor.inference import load
    from flowcolor.io.apart import require_apart
    from flowcolor.io.files import is_dir
    from flowcolor.io.listing import list_images
    from flowcolor.io.places import require_place
    from flowcolor.io.same_file import protect
    from flowcolor.models import UNetAdaIN
    from flowcolor.models.collapse import COLLAPSED, is_collapsed, latent_spread

    if options.output.suffix.lower() != ".png" or is_dir(options.output):
        raise InputError(f"--output expects a file ending in .png, got {options.output}.")
    require_place(options.output)
    device = check_device(options.device)
    painter = load(options.checkpoint, device)
    model = painter.colorizer
    if not isinstance(model, UNetAdaIN) or model.encoder is None:
        raise InputError(
            f"--checkpoint expects a UNetAdaIN with a latent, got {type(model).__name__}."
        )
    photos = list_images(options.references)
    if len(photos) < 2:
        raise InputError(
            f"--references expects two photographs or more, got {len(photos)} in "
            f"{options.references}."
        )
    checkpoint = [options.checkpoint] if isinstance(options.checkpoint, Path) else []
    protect(options.output, [*photos, *checkpoint])
    require_apart(options.output.parent, [options.references], "--output")
    if len(photos) > _MOST:
        warn(f"of the {len(photos)} photographs of {options.references}, {_MOST} are looked at.")
        photos = photos[:_MOST]
    found, seen = _codes(model, photos, painter.size or None, device)
    plot(found, [path.stem for path in seen], options.output)
    verdict = (
        f"below {COLLAPSED:g}: the latent has collapsed, and references are ignored"
        if is_collapsed(found)
        else f"at least {COLLAPSED:g}: the latent tells references apart"
    )
    say(
        f"wrote {shown(options.output)}\n"
        f"{found.shape[1]} numbers of {len(found)} photographs: mean {float(found.mean()):.3g}, "
        f"from {float(found.min()):.3g} to {float(found.max()):.3g}\n"
        f"spread over photographs {latent_spread(found):.3g}, {verdict}"
    )
    lost = [path.name for path in photos if path not in seen]
    if lost:
        raise InputError(
            f"{len(lost)} of {len(photos)} photographs were left out: {first_ten(lost)}."
        )


def _codes(
    model: "UNetAdaIN", photos: Sequence[Path], side: int | None, device: str
) -> tuple["Tensor", list[Path]]:
    """Return the latents (N, D) of photographs at the sizes at which they would be painted.

    What cannot be looked at is named and left out; the others are returned, too.

    Raises:
        InputError: Fewer than two can.
    """
    import torch

    codes, seen = [], []
    for path in photos:
        try:
            photo = _sized(path, side)
        except InputError as error:
            complain(f"left out {path}: {error}")
            continue
        with torch.inference_mode():
            codes.append(model.encode(photo[None].to(device))[0].cpu())
        seen.append(path)
    if len(codes) < 2:
        raise InputError(
            f"--references expects two photographs or more that can be read, got {len(codes)}."
        )
    return torch.stack(codes), seen


def _sized(path: Path, side: int | None) -> "Tensor":
    from flowcolor.io.images import read_image
    from flowcolor.io.resizing import resize
    from flowcolor.working_size import check_size, working_size

    photo = read_image(path)
    check_size(photo, side, "A photograph", "cut it")
    size = working_size(photo.shape[-2], photo.shape[-1], side)
    return resize(photo, size)


def plot(codes: "Tensor", names: Sequence[str], path: Path) -> None:
    """Draw the histogram of each photograph's latent, of the first twelve, on one axis.

    Args:
        codes: Latents :math:`(N, D)`.
        names: Of the photographs.
        path: The picture.

    Raises:
        InputError: It cannot be written.
    """
    from matplotlib.figure import Figure

    from flowcolor.evaluation.figures import name_in_figure, write_figure

    count = min(len(codes), _SHOWN)
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(2.4 * columns, 1.8 * rows), layout="constrained")
    low, high = float(codes.min()), float(codes.max())
    reach = (low, high) if high > low else (low - 0.5, high + 0.5)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flatten()
    for axis, code, name in zip(axes, codes, names, strict=False):
        axis.hist(code.tolist(), bins=20, range=reach)
        title = name_in_figure(name if len(name) <= 18 else f"{name[:17]}…")
        axis.set_title(title, fontsize=8, parse_math=False)  # Names may hold dollars.
    for axis in axes[count:]:
        axis.set_visible(False)
    write_figure(figure, path, dpi=120)


def _parser() -> OptionParser:
    parser = OptionParser(
        prog="flowcolor latents",
        description="Show the latents of photographs by a UNetAdaIN, a histogram for each of up to "
        "twelve, and say whether they have become one, so that references are ignored.",
    )
    add = parser.add_argument
    add(
        "--checkpoint",
        type=model_source,
        required=True,
        help="a .ckpt or .safetensors file of flowcolor, or hf://user/name",
    )
    add("--references", type=Path, required=True, help="a folder of photographs")
    add("--output", type=Path, required=True, help="the picture, a PNG")
    add("--device", default="cpu", help="where the model runs, for instance cuda")
    return parser
