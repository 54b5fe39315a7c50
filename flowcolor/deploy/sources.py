"""Weights by name: of the package, of a file, of a folder or of a hub."""

from pathlib import Path

from flowcolor.deploy.folder import holds_model, read_folder
from flowcolor.errors import InputError, did_you_mean
from flowcolor.models.checkpoint import Weights, read_weights
from flowcolor.models.methods import methods
from flowcolor.pretrained import PACKAGED, packaged_file


def find_weights(source: str | Path, endpoint: str | None = None) -> Weights:
    """Read a model of the package, of a file, a folder or a hub, by :func:`flowcolor.load`'s names.

    Raises:
        InputError: There is no such name and no such file, or the file is something else.
    """
    name = str(source)
    if name in PACKAGED:
        return read_weights(packaged_file(name))
    if name.startswith("hf:"):
        from flowcolor.deploy.hub import fetch, hub_name  # Here: few look at a hub.

        return fetch(hub_name(name), endpoint)
    if holds_model(Path(source)):
        return read_folder(Path(source))
    if isinstance(source, Path) or Path(name).suffix:
        return read_weights(source)
    names = [*PACKAGED, *(word for word, kind in methods().items() if not kind.trained)]
    raise InputError(
        f"A model expects a file or one of {', '.join(names)}, got {name!r}"
        f"{did_you_mean(name, names)}."
    )
