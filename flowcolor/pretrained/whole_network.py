"""Whole classifiers that metrics look through: their weights from a file, or random ones."""

import math
from pathlib import Path

import torch
from torch import Tensor, nn

from flowcolor.errors import InputError
from flowcolor.pretrained.weights import load_tensors


def randomize(network: nn.Module) -> None:
    """Draw weights that keep the size of activations, from a generator of their own."""
    network.to_empty(device="cpu")
    generator = torch.Generator("cpu").manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            deviation = math.sqrt(2 / module.weight[0].numel())
            module.weight.normal_(0, deviation, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        elif isinstance(module, nn.Linear):
            module.weight.normal_(0, module.in_features**-0.5, generator=generator)
            module.bias.zero_()


def tensors_for(network: nn.Module, path: Path, what: str) -> dict[str, Tensor]:
    """Read a file of a network; what it holds beside the network's own tensors is left out.

    Args:
        network: Says which tensors are needed.
        path: ``.pth`` or ``.safetensors``.
        what: The network in the error message.

    Raises:
        InputError: A tensor is missing, of another shape, or not finite.
    """
    found = load_tensors(path)
    chosen = {}
    for key, expected in network.state_dict().items():
        if key.endswith("num_batches_tracked"):  # Only counts, and older files lack it.
            chosen[key] = torch.zeros((), dtype=torch.long)
            continue
        tensor = found.get(key)
        shape = "nothing" if tensor is None else str(tuple(tensor.shape))
        if tensor is None or tensor.shape != expected.shape:
            raise InputError(
                f"{str(path)!r} must hold the weights of `{key}` {tuple(expected.shape)} of "
                f"{what}, got {shape}."
            )
        if not tensor.is_floating_point() or not tensor.isfinite().all():
            raise InputError(f"{str(path)!r} must hold finite weights, got others in `{key}`.")
        chosen[key] = tensor.float()
    return chosen
