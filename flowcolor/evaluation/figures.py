"""Figures of matplotlib, in which names of files and methods may hold any letter."""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from flowcolor.console import shown
from flowcolor.io.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def name_in_figure(name: str) -> str:
    r"""Return a name as :func:`~flowcolor.console.shown`, and bytes that are no text as escapes.

    Example:
        >>> name_in_figure("a\udcff")
        'a\\udcff'
    """
    return shown(name).encode("utf-8", "backslashreplace").decode()


def write_figure(figure: "Figure", path: Path, dpi: int) -> None:
    """Write a figure as PNG; what its font lacks is an empty box, and no warning.

    Raises:
        InputError: The file cannot be written.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph |Matplotlib currently does not support")
        figure.savefig(buffer, format="png", dpi=dpi)
    with whole_file(path) as file:
        file.write(buffer.getbuffer())
