"""What ``Model.from_pretrained`` and ``model.save_pretrained`` do."""

from os import PathLike
from pathlib import Path
from typing import TypeVar

from flowcolor.arguments import check_word
from flowcolor.deploy.folder import CONFIG, WEIGHTS, read_folder, require_earlier, write_folder
from flowcolor.deploy.hub import fetch, hub_name
from flowcolor.deploy.sources import refuse_of_hub
from flowcolor.errors import InputError
from flowcolor.io.files import is_dir
from flowcolor.models.base import Colorizer
from flowcolor.models.checkpoint import Weights, require_tensors
from flowcolor.models.description import rebuildable
from flowcolor.models.plain_state import plain_state

C = TypeVar("C", bound=Colorizer)


def save_pretrained(model: Colorizer, folder: Path, size: int) -> None:
    """Write a model as :func:`~flowcolor.deploy.folder.write_folder` does.

    Raises:
        InputError: It could not be read again, or not be written, or would take the place of files
            that are not those of a model.
    """
    require_earlier(folder, "save_pretrained", (CONFIG, WEIGHTS))
    state, description = plain_state(model, str(folder)), rebuildable(model, size, str(folder))
    require_tensors(state, folder)
    write_folder(Weights(folder, description, state), folder)


def from_pretrained(
    kind: type[C], source: str | Path, revision: str | None, endpoint: str | None
) -> C:
    """Build a model of a folder or a hub.

    Raises:
        InputError: There is no such model, or it is not of this kind.
    """
    if not isinstance(source, str | PathLike):
        shown = type(source).__name__
        raise InputError(f"from_pretrained expects source to be a name or a path, got {shown}.")
    check_word(from_pretrained, revision=revision, endpoint=endpoint)
    if is_dir(Path(source)):
        refuse_of_hub(from_pretrained, source, revision=revision, endpoint=endpoint)
        weights = read_folder(Path(source))
    else:
        name = hub_name(str(source))
        if revision is not None:
            if name.revision not in (None, revision):
                raise InputError(
                    f"from_pretrained expects one revision, got {name} and {revision}."
                )
            name = hub_name(f"{name.repo}@{revision}")
        weights = fetch(name, endpoint)
    model = weights.build()
    if not isinstance(model, kind):
        raise InputError(f"{source} expects a {kind.__name__}, got a {type(model).__name__}.")
    return model
