"""The parts of the page that run in the browser."""

from importlib.resources import files


def text(name: str) -> str:
    """Return a file of this folder.

    Example:
        >>> text("reference.html")[:20]
        '<div class="fc-box">'
    """
    return files(__name__).joinpath(name).read_text("utf-8")
