"""Two photographs and their drawings, so that the page has something to show at once.

Eileen Collins (NASA) and Grace Hopper (US Navy), both in the public domain: the portraits of
:class:`~flowcolor.data.EmbeddedPortraits`, made small by ``docs/app.py``. They lie here because
the page shall work without the packages that carry the originals.
"""

import base64
from importlib.resources import files
from typing import Literal, NamedTuple

_TYPES = {"photo": "jpeg", "drawing": "png"}
_NAMES = {"astronaut": "Eileen Collins", "grace_hopper": "Grace Hopper"}


class Example(NamedTuple):
    """A name to read aloud and a data URL."""

    name: str
    picture: str


def examples(kind: Literal["photo", "drawing"]) -> list[Example]:
    """Return the photographs or the drawings.

    Example:
        >>> [example.name for example in examples("photo")]
        ['Eileen Collins', 'Grace Hopper']
    """
    found = []
    for stem, name in _NAMES.items():
        suffix = "jpg" if kind == "photo" else "png"
        data = files(__name__).joinpath(f"{stem}_{kind}.{suffix}").read_bytes()
        text = base64.b64encode(data).decode()
        found.append(Example(name, f"data:image/{_TYPES[kind]};base64,{text}"))
    return found
