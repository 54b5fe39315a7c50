"""Networks that are asked, and whose weights learn nothing from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call

from flowcolor.layers.reversible.torch_private import is_sharded


def call_frozen(module: nn.Module, *inputs: Tensor) -> Any:
    """Call a module so that gradients reach the inputs, and not its weights."""
    # A sharded layer gathers its weights when it is called, whatever was put in their place.
    if any(map(is_sharded, module.modules())):
        with frozen(module):
            return module(*inputs)
    weights = {name: value.detach() for name, value in module.named_parameters()}
    return functional_call(module, weights, inputs)


@contextmanager
def frozen(module: nn.Module | None) -> Iterator[None]:
    """Let the weights of a module get no gradient from what is computed inside."""
    named = [] if module is None else list(module.named_parameters())
    learning = {name: weight for name, weight in named if weight.requires_grad}
    for weight in learning.values():
        weight.requires_grad_(False)
    try:
        yield
    finally:
        # A sharded layer may have other ones by now: those that it has gathered.
        now = [] if module is None else list(module.named_parameters())
        for name, weight in [*learning.items(), *now]:
            if name in learning:
                weight.requires_grad_(True)
