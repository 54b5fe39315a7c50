"""The parts of the page that run in the browser."""

from importlib.resources import files


def text(name: str) -> str:
    """Return a file of this folder.

    Example:
        >>> text("reference.html")[:20]
        '<div class="fc-box">'
    """
    return files(__name__).joinpath(name).read_text("utf-8")


def script(box: str) -> str:
    """Return what a box for a picture runs: what all of them begin with, and its own.

    Example:
        >>> script("reference").endswith(text("reference.js"))
        True
    """
    own = ["dots.js"] if box == "drawing" else []
    return "".join(text(name) for name in ("common.js", *own, f"{box}.js"))
