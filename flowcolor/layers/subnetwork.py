"""Calling the networks of a coupling, which are anybody's: in their precision, and watched."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from flowcolor.layers.reversible.torch_private import (
    first_parameter,
    innermost,
    parts_of,
    runs_code_of,
    version,
)
from flowcolor.values import is_float, is_strided, kind_of

_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def call_network(layer: object, network: nn.Module, *inputs: Tensor) -> Tensor:
    """Call a sub-network in the precision of its weights, and see that it leaves its inputs alone.

    The half that steers passes unchanged, so a network that writes to it breaks the inverse and
    the caller's data.

    Args:
        layer: The coupling, for messages.
        network: Its network or aggregation.
        *inputs: What the network is called with.

    Raises:
        ValueError: If the network returns no tensor, or writes to an input. What begins with a
            module of torch's own that has ``inplace=True`` is refused before it does. Others are
            noticed afterwards, and not at all while compiling.
    """
    if _begins_in_place(network):
        raise ValueError(_message(layer, network))
    given = _in_precision_of(network, inputs)
    if torch.compiler.is_compiling():
        return _one_tensor(layer, network(*given))
    before = [_state(x, network) for x in given]
    try:
        output = network(*given)
    except RuntimeError as error:
        # Autograd refuses some writes by itself, in words about views and leaves.
        if any(word in str(error) for word in ("in-place operation", "modified inplace")):
            hooked = "BackwardHookFunction" in str(error)  # By which torch runs those hooks.
            raise ValueError((_hooked if hooked else _message)(layer, network)) from error
        raise
    output = _one_tensor(layer, output)
    if not all(map(_unchanged, given, before)):
        raise ValueError(_message(layer, network))
    return output


def _one_tensor(layer: object, output: object) -> Tensor:
    name = type(layer).__name__
    if not isinstance(output, Tensor) or not is_strided(output):
        got = kind_of(output)
        raise ValueError(f"{name} expects its networks to return a tensor, got {got}.")
    if not is_float(output):  # Cast, it would come without gradients.
        kind = output.dtype
        raise ValueError(f"{name} expects its networks to return floats, got a tensor of {kind}.")
    return output


def _in_precision_of(network: nn.Module, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Return inputs as weights in half precision take them, which the flow around is not in."""
    weight = first_parameter(network)
    if weight is None or not weight.is_floating_point():
        return inputs
    dtype = weight.dtype  # Asked about first: a conversion to the same type takes time, too.
    return [x.to(dtype) if x.dtype != dtype and x.is_floating_point() else x for x in inputs]


def _begins_in_place(network: nn.Module) -> bool:
    """Tell whether the first module that computes something has ``inplace=True``."""
    if isinstance(network, nn.Sequential):
        for part in network:
            if not isinstance(part, nn.Identity):
                return _begins_in_place(part)
        return False
    own = type(network).__module__.startswith("torch.nn.modules.")
    idle = isinstance(network, nn.Dropout) and not network.training
    return own and not idle and bool(vars(network).get("inplace"))


def _state(x: Tensor, network: nn.Module) -> int | Tensor | None:
    """Return what shows later whether ``x`` was written to; None where it is not looked."""
    x = innermost(x)
    if not x.is_inference():
        return version(x)
    # Tensors of inference mode count no versions. Their numbers are compared, where the network
    # holds what may write: code that is not torch's own, hooks too, or a layer that works in
    # place. What comes before that may pass the very input on, as an idle dropout does.
    return x.clone() if any(map(_may_write, parts_of(network))) else None


def _may_write(part: nn.Module) -> bool:
    return not runs_code_of(("torch.nn.modules.",), part) or bool(vars(part).get("inplace"))


def _unchanged(x: Tensor, state: int | Tensor | None) -> bool:
    if isinstance(state, Tensor):
        # Not the numbers: NaN differs from itself.
        return torch.equal(_bits(innermost(x)), _bits(state))
    return state is None or version(x) == state


def _bits(x: Tensor) -> Tensor:
    x = torch.view_as_real(x.resolve_conj()) if x.is_complex() else x
    return x.view(_BITS[x.element_size()])


def _message(layer: object, network: nn.Module) -> str:
    return (
        f"{type(layer).__name__} expects sub-networks that leave their input as it is, got "
        f"{type(network).__name__}, which writes to it; use inplace=False in its first layer."
    )


def _hooked(layer: object, network: nn.Module) -> str:
    return (
        f"{type(layer).__name__} expects networks with full backward hooks to write to nothing in "
        f"place, got {type(network).__name__}, which does; use inplace=False in all of its layers."
    )
