"""Layers whose matrix has the norm 1, and which can be pickled as all others can."""

from typing import Any

from torch import nn
from torch.nn.utils import parametrizations, parametrize

from flowcolor.layers.reversible.torch_private import plain_state


def spectral_norm(module: nn.Module) -> nn.Module:
    """Divide the weight by its largest singular value, as torch's function of this name does.

    What torch returns refuses to be pickled, and with it the whole model: its class is made for
    this one module. Here it is pickled as the plain module and what was done to it.
    """
    normed: nn.Module = parametrizations.spectral_norm(module)
    return _picklable(normed)


def _picklable(module: nn.Module) -> nn.Module:
    setattr(type(module), "__reduce_ex__", _reduce)  # noqa: B010  (no attribute that is declared)
    return module


def _reduce(module: nn.Module, _: object) -> tuple[Any, ...]:
    assert isinstance(module.parametrizations, nn.ModuleDict)  # noqa: S101 - torch's own
    weight: Any = module.parametrizations["weight"]
    state = plain_state(module, "weight", weight.original)
    return _rebuild, (parametrize.type_before_parametrizations(module), state, list(weight))


def _rebuild(kind: type[nn.Module], state: dict[str, Any], steps: list[nn.Module]) -> nn.Module:
    module = kind.__new__(kind)
    module.__dict__.update(state)
    for step in steps:  # Unchecked: a check would iterate, and so change what was saved.
        parametrize.register_parametrization(module, "weight", step, unsafe=True)
    return _picklable(module)
