"""A model without what torch wraps around it or its parts, as files know it."""

from collections.abc import Mapping
from typing import TypeVar

from torch import Tensor, nn

from flowcolor.errors import InputError
from flowcolor.layers.reversible.torch_private import is_sharded

T = TypeVar("T")

_COMPILED = "_orig_mod"  # Where `torch.compile` keeps the module that it was given.


def uncompiled(model: nn.Module) -> nn.Module:
    """Return the model that ``torch.compile`` was given, or the model itself."""
    found: nn.Module = getattr(model, _COMPILED, model)
    return found


def plain_state(model: nn.Module, name: str) -> dict[str, Tensor]:
    """Return the state of a model of which parts may be compiled.

    Args:
        model: A colorizer.
        name: Of the file, for the message.

    Raises:
        InputError: The model is sharded, so that no process has its weights.
    """
    if any(map(is_sharded, model.modules())):
        raise InputError(
            f"{name} expects a model that is whole, got one that fully_shard has divided: load "
            "what get_model_state_dict of torch.distributed.checkpoint.state_dict gathers into a "
            "model of the same arguments."
        )
    return plain_names(model.state_dict())


def plain_names(state: Mapping[str, T]) -> dict[str, T]:
    """Return a state under the names that it has where nothing is compiled.

    Example:
        >>> plain_names({"net._orig_mod.0.bias": 1})
        {'net.0.bias': 1}
    """
    return {name.replace(f"{_COMPILED}.", ""): value for name, value in state.items()}
