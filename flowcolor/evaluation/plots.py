"""What colouring changed in one picture: histograms and differences, as a picture."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.color import rgb_to_yuv
from flowcolor.io.places import as_path
from flowcolor.io.whole_file import whole_file
from flowcolor.values import in_full, require_pictures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CHANNELS = ("red", "green", "blue")
_PLANES = ("luma", "blue - luma (U)", "red - luma (V)")
_BINS = 64
_LEAST = 0.05  # Of the scale of differences, so that rounding does not look like a change.
_COLUMNS = 6  # Of the grid: divisible by two pictures and by three.


def draw_plots(
    content: Float[Tensor, "3 height width"],
    result: Float[Tensor, "3 height width"],
    path: Path | str,
    reference: Float[Tensor, "3 _ _"] | None = None,
) -> None:
    """Write a PNG of a picture, its reference and its result, and of what was changed.

    The first row has the pictures, the second the histograms of their red, green and blue, the
    third :func:`differences` of result and content, from blue (less) over white (the same) to red
    (more), all on one scale.

    Args:
        content: What was coloured, in [0, 1].
        result: The same in colour.
        path: The file.
        reference: The photograph that lent its colours, of any size.

    Raises:
        InputError: The file cannot be written.
        ValueError: Content and result differ in size, or one is no float image in [0, 1].
    """
    from matplotlib.figure import Figure  # Here: most pictures are coloured without plots.

    _check_pair("draw_plots", content, result)
    path = as_path(draw_plots, path)
    if reference is not None:
        require_pictures("draw_plots", reference)
    pictures = {"content": content, "reference": reference, "result": result}
    given = {name: image for name, image in pictures.items() if image is not None}
    shown = {name: in_full(image).clamp(0, 1) for name, image in given.items()}
    figure = Figure(figsize=(9, 8), layout="constrained")
    grid = figure.add_gridspec(3, _COLUMNS)
    width = _COLUMNS // len(shown)
    for place, (name, image) in enumerate(shown.items()):
        columns = slice(width * place, width * (place + 1))
        axes = figure.add_subplot(grid[0, columns])
        axes.imshow(image.permute(1, 2, 0).cpu().numpy())
        axes.set(title=name, xticks=[], yticks=[])
        _draw_histogram(figure.add_subplot(grid[1, columns]), image)
    planes = differences(content, result)
    most = max(float(planes.abs().max()), _LEAST)
    row = [figure.add_subplot(grid[2, 2 * place : 2 * place + 2]) for place in range(3)]
    for axes, name, plane in zip(row, _PLANES, planes.detach().cpu().numpy(), strict=True):
        drawn = axes.imshow(plane, cmap="bwr", vmin=-most, vmax=most)
        axes.set(title=f"change of {name}", xticks=[], yticks=[])
    figure.colorbar(drawn, ax=row, shrink=0.8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    with whole_file(path) as file:
        file.write(buffer.getbuffer())


def differences(
    content: Float[Tensor, "3 height width"], result: Float[Tensor, "3 height width"]
) -> Float[Tensor, "3 height width"]:
    """Return luma and chroma of the result minus those of the content, clamped to [0, 1] before.

    Raises:
        ValueError: They differ in size, or one is no float image in [0, 1].

    Example:
        >>> import torch
        >>> gray = torch.full((3, 2, 2), 0.5)
        >>> float(differences(gray, gray).abs().max())
        0.0
    """
    _check_pair("differences", content, result)
    before, after = (rgb_to_yuv(image[None].clamp(0, 1))[0] for image in (content, result))
    return after - before


def histograms(image: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 bins"]:
    """Return the share of pixels in each of 64 equal parts of [0, 1], by channel.

    Raises:
        ValueError: It is no float image in [0, 1].

    Example:
        >>> import torch
        >>> histograms(torch.zeros(3, 4, 4))[:, 0]
        tensor([1., 1., 1.])
    """
    require_pictures("histograms", image)
    planes = in_full(image).cpu().clamp(0, 1).flatten(1)
    counts = [torch.histc(plane, _BINS, 0, 1) for plane in planes]
    return torch.stack(counts) / planes.shape[1]


def _draw_histogram(axes: "Axes", image: Tensor) -> None:
    edges = [place / _BINS for place in range(_BINS + 1)]
    for color, shares in zip(_CHANNELS, histograms(image), strict=True):
        axes.stairs(shares.numpy(), edges, color=color, alpha=0.7)
    axes.set(xlim=(0, 1), xlabel="value", ylabel="share of pixels")


def _check_pair(name: str, content: Tensor, result: Tensor) -> None:
    require_pictures(name, content, result)
    if content.shape != result.shape:
        raise ValueError(
            f"{name} expects content and result of one size, got {tuple(content.shape)} and "
            f"{tuple(result.shape)}."
        )
