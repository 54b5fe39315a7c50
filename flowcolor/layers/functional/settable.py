"""Set a parameter by what a layer has seen, also where it is computed from others."""

from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized


def check_settable(layer: nn.Module, name: str) -> None:
    """Raise ``ValueError`` unless :func:`set_parameter` can set it."""
    if is_parametrized(layer, name):
        wanted = all(hasattr(each, "right_inverse") for each in _parametrizations(layer, name))
    else:  # Pruned, for one, it is computed anew in every pass.
        wanted = name in dict(layer.named_parameters(recurse=False, remove_duplicate=False))
    if not wanted:
        kind = type(layer).__name__.removeprefix("Parametrized")  # As torch renames it.
        raise ValueError(
            f"{kind} expects {name} to be a parameter, or parametrized with "
            "right_inverse, to set it by the first batch, got one that is computed: call "
            "initialize before that."
        )


def set_parameter(layer: nn.Module, name: str, value: Tensor) -> None:
    """Give a parameter a value, by what undoes its parametrization if it has one."""
    number: Tensor = getattr(layer, name)
    if is_parametrized(layer, name):
        setattr(layer, name, value.to(number.dtype))
    else:
        number.copy_(value)  # In place: the optimizer and DDP hold on to these tensors.


def _parametrizations(layer: nn.Module, name: str) -> Iterable[nn.Module]:
    each: Iterable[nn.Module] = layer.parametrizations[name]  # type: ignore[index]
    return each
