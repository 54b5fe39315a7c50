"""A built page asks no other server for anything: a script, font or picture from there fails."""

import re
from pathlib import Path

from sphinx.errors import ExtensionError

# What a browser fetches by itself; links that a reader follows may lead anywhere.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=["']?((?:https?:)?//[^"'\s>]+)
    | <link\b(?![^>]*\brel=["']?(?:canonical|license))[^>]*\bhref=["']?((?:https?:)?//[^"'\s>]+)
    | url\(\s*["']?((?:https?:)?//[^"')]+)
    | @import\s+["']((?:https?:)?//[^"']+)""",
    re.VERBOSE | re.IGNORECASE,
)


def fetched(text):
    """Return the addresses on other servers that a page or a style sheet fetches."""
    return [next(filter(None, found)) for found in FETCHED.findall(text)]


def _check(app, exception):
    if exception is not None:
        return
    for end in ("html", "css"):
        for path in Path(app.outdir).rglob(f"*.{end}"):
            if addresses := fetched(path.read_text("utf-8")):
                raise ExtensionError(f"{path} fetches {', '.join(addresses)}")


def setup(app):
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
