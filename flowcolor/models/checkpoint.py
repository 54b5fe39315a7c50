"""Weights on disk: read from a training checkpoint or an exported file, rebuilt into a model.

Both kinds describe the model by plain values, so that nothing in a file is ever executed:

- ``*.ckpt``, written during training, is read with ``weights_only=True``; the description lies
  under the key ``"flowcolor"`` and the weights under ``"state_dict"`` as ``colorizer.*``.
- ``*.safetensors``, written by :func:`export_weights`, holds weights only; the description is a
  JSON text under the key ``"flowcolor"`` of its metadata.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from flowcolor import __version__
from flowcolor.errors import InputError
from flowcolor.io.files import is_dir, is_empty, is_file
from flowcolor.io.finite import is_dense_and_finite
from flowcolor.io.json_text import parse_json
from flowcolor.io.places import as_path
from flowcolor.io.plain_load import plain_load
from flowcolor.io.streams import require_no_pipe, require_readable
from flowcolor.io.whole_file import whole_file
from flowcolor.models.description import colorizer_named, is_description, own_part, rebuildable
from flowcolor.models.plain_state import plain_names, plain_state, uncompiled
from flowcolor.models.plausible import (
    require_plausible,
    require_size,
    require_training,
    require_weights,
)

if TYPE_CHECKING:
    from flowcolor.models import Colorizer

KEY = "flowcolor"
PREFIX = "colorizer."


@dataclass(frozen=True)
class Weights:
    """A model as it lies on disk.

    Args:
        path: The file that was read.
        description: Plain values: ``version``, ``model`` (name of the class), ``config`` (arguments
            of its constructor) and ``size`` (side of the training images in pixels).
        state: The model's state dict.
    """

    path: Path
    description: dict[str, Any]
    state: dict[str, Tensor]

    @property
    def size(self) -> int:
        """Side of the images that the model was trained on."""
        return int(self.description["size"])

    def build(self) -> "Colorizer":
        """Build the model that the description names, fill it, and put it into eval mode.

        Raises:
            InputError: There is no such model, or it has other arguments or other weights.
        """
        name = str(self.description["model"])
        kind = colorizer_named(name)
        if kind is None:
            known = "a model of this version of flowcolor"
            raise InputError(f"{self.path} expects {known}, got {name!r}{self._origin()}.")
        if name == "SketchColorFlow":
            require_plausible(self.description["config"], self.state, self.path)
        else:
            require_size(partial(kind, **self.description["config"]), self.state, self.path)
        try:
            model: Colorizer = kind(**self.description["config"])
        except (TypeError, ValueError, RuntimeError, MemoryError) as error:
            reason = f"{error}{self._origin()}"
            raise InputError(f"{self.path} does not describe a {name} ({reason}).") from error
        self.fill(model)
        return model.eval()

    def _origin(self) -> str:
        """Say which version wrote the file, if it was another one."""
        version = str(self.description.get("version", __version__))[:40]
        same = version == __version__
        return "" if same else f"; it was written by flowcolor {version}, and this is {__version__}"

    def fill(self, model: "Colorizer") -> None:
        """Copy the weights into ``model``, or those of a simpler one of its class.

        Raises:
            InputError: The model is of another class or has other parameters than the file, or all
                of these are zero.
        """
        require_weights(self.state, self.path)
        state = model.upgraded(self.state)
        held, wanted = str(self.description["model"]), type(model).__name__
        if held != wanted and state.keys() != model.state_dict().keys():
            raise InputError(f"{self.path} expects a {wanted}, got the weights of a {held}.")
        check_fits(state, model, self.path)
        model.load_state_dict(state)


def check_fits(state: dict[str, Tensor], model: nn.Module, path: Path | str) -> None:
    """Refuse what is not the state of a model of this shape.

    Raises:
        InputError: It names the first tensor that differs.
    """
    require_same(state, model.state_dict(), path)


def require_same(state: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path | str) -> None:
    """Refuse a state whose tensors are not those of another.

    Args:
        state: What is to be read.
        own: What a model has.
        path: For the message.

    Raises:
        InputError: It names the first tensor that differs.
    """
    for name, value in state.items():
        if name in own and value.is_floating_point() != own[name].is_floating_point():
            raise InputError(f"{path} expects {own[name].dtype} as {name!r}, got {value.dtype}.")
    expected = {name: tuple(value.shape) for name, value in own.items()}
    arrived = {name: tuple(value.shape) for name, value in state.items()}
    if expected == arrived:
        return
    for name in [*expected, *arrived]:
        if expected.get(name) != arrived.get(name):
            raise InputError(
                f"{path} holds a model of another size than the configuration asks for: "
                f"{name!r} expects {expected.get(name, 'nothing')}, "
                f"got {arrived.get(name, 'nothing')}."
            )


def require_tensors(state: Mapping[str, Any], path: Path | str) -> None:
    """Refuse a state whose values are not all tensors, or not all finite.

    Raises:
        InputError: It names the first.
    """
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise InputError(f"{path} expects a tensor as {name!r}, got {type(value).__name__}.")
        if not is_dense_and_finite(value):
            raise InputError(f"{path} expects finite weights, got others in {name!r}.")


def export_weights(
    model: nn.Module, path: Path | str, size: int, dtype: torch.dtype | None = None
) -> None:
    """Write ``model`` as safetensors; the file appears whole or not at all.

    Args:
        model: A colorizer.
        path: The file, ending in ``.safetensors``.
        size: Side of its training images in pixels, 0 if there were none.
        dtype: Of the floating-point weights on disk, for instance ``torch.float16`` for half the
            size; they are read back as float32. ``None``: as they are.

    Raises:
        InputError: It could not be read again: the name ends otherwise, or the size, an argument of
            the model or a weight is not what :func:`read_weights` takes, or the model has more
            weights than its arguments give it; or it cannot be written, or the model is sharded.
    """
    from safetensors.torch import save

    path = as_path(export_weights, path)
    if path.suffix.lower() != ".safetensors":
        raise InputError(f"Weights expect a file ending in .safetensors, got {path}.")
    if not isinstance(model, nn.Module):
        raise InputError(f"{path} expects a model, got {type(model).__name__}.")
    if dtype and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise InputError(f"{path} expects a float type of torch as dtype, got {dtype}.")
    model = uncompiled(model)
    whole_state = plain_state(model, str(path))
    description = rebuildable(model, size, str(path))
    state = {
        name: (value.to(dtype) if dtype and value.is_floating_point() else value)
        .detach()
        .cpu()
        .contiguous()
        .clone()
        for name, value in whole_state.items()
    }
    require_tensors(state, path)
    whole = save(state, metadata={KEY: json.dumps(description)})
    with whole_file(path) as file:
        file.write(whole)


def read_checkpoint(path: Path | str) -> dict[str, Any]:
    """Read a training checkpoint without executing anything in it.

    Raises:
        InputError: The file is missing, damaged, or was not written by flowcolor's training.
    """
    path = _existing(path)
    try:
        checkpoint = plain_load(path)
    except Exception as error:  # torch raises at least seven kinds for a damaged file
        raise InputError(
            f"{path} is not a checkpoint of flowcolor: it expects a .ckpt written by "
            f"`flowcolor fit` or a .safetensors, got a file that cannot be read as one."
        ) from error
    if not isinstance(checkpoint, dict) or not is_description(checkpoint.get(KEY)):
        raise InputError(
            f"{path} is not a checkpoint of flowcolor: the description under the key {KEY!r} "
            "is missing or damaged."
        )
    state = checkpoint.get("state_dict")
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise InputError(f"{path} expects weights under 'state_dict', got {type(state).__name__}.")
    own = {name: value for name, value in state.items() if name.startswith(PREFIX)}
    require_tensors(own, path)
    require_weights(own, path)
    require_training(checkpoint, path)
    return checkpoint


def read_weights(path: Path | str, description: dict[str, Any] | None = None) -> Weights:
    """Read weights and description from a ``.ckpt`` or a ``.safetensors`` file.

    Args:
        path: The file.
        description: That of a ``.safetensors`` file that has it elsewhere, see
            :func:`~flowcolor.models.description.is_description`.

    Raises:
        InputError: The file is missing, damaged, or was not written by flowcolor.
    """
    path = _existing(path)
    if path.suffix.lower() == ".safetensors":
        return _read_safetensors(path, description)
    checkpoint = read_checkpoint(path)
    state = {
        name.removeprefix(PREFIX): value
        for name, value in checkpoint["state_dict"].items()
        if name.startswith(PREFIX)
    }
    return Weights(path, own_part(checkpoint[KEY]), plain_names(state))


def load_model(path: Path | str) -> "Colorizer":
    """Rebuild the model of a ``.ckpt`` or ``.safetensors`` file, in eval mode on the CPU.

    Raises:
        InputError: As those of :func:`read_weights` and :meth:`Weights.build`.
    """
    return read_weights(path).build()


def _read_safetensors(path: Path, description: dict[str, Any] | None) -> Weights:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            if description is None:
                description = parse_json((file.metadata() or {}).get(KEY, "null"))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, OSError) as error:
        raise InputError(f"{path} is not a safetensors file ({error}).") from error
    if not is_description(description):
        raise InputError(
            f"{path} is not a model of flowcolor: the description under the key {KEY!r} of its "
            "metadata is missing or damaged."
        )
    require_tensors(state, path)
    return Weights(path, own_part(description), state)


def _existing(path: Path | str) -> Path:
    path = as_path(load_model, path)
    require_no_pipe(path)
    if not is_file(path):
        what = "a folder" if is_dir(path) else "no such file"
        raise InputError(f"Checkpoint {path} expects a file, got {what}.")
    if is_empty(path):
        raise InputError(f"Checkpoint {path} is empty.")
    require_readable(path)
    return path
