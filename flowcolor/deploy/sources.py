"""Weights by name: of the package, of a file, of a folder or of a hub."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowcolor.deploy.folder import holds_model, read_folder
from flowcolor.errors import InputError, did_you_mean
from flowcolor.models.checkpoint import Weights, read_weights
from flowcolor.models.methods import methods
from flowcolor.pretrained import PACKAGED, packaged_file


def refuse_of_hub(function: Callable[..., Any], source: str | Path, **options: str | None) -> None:
    """Refuse options of models on a hub beside one that is here, where they would change nothing.

    Raises:
        InputError: One is given.
    """
    for name, value in options.items():
        if value is not None:
            raise InputError(
                f"{function.__name__} expects {name} beside a model on a hub only, got {value!r} "
                f"beside {source}, which is none."
            )


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
