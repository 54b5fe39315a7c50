"""Whether what a file of weights holds is what a network needs."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from flowcolor.errors import InputError
from flowcolor.io.finite import is_dense_and_finite


def fitting(
    found: Mapping[str, Tensor], network: nn.Module, path: Path, what: str = "", part: str = ""
) -> dict[str, Tensor]:
    """Pick the tensors of a network from those of a file, in float32; others are left out.

    Args:
        found: What ``path`` holds.
        network: Says which tensors are needed.
        path: For messages.
        what: The network in messages.
        part: How a larger network calls this one, as ``"features."``, where the file may hold
            either of them.

    Raises:
        InputError: A tensor is missing, of another shape, or not finite, or weights are all zero.

    Example:
        >>> found = {"features.weight": torch.ones(1, 2).half(), "features.bias": torch.zeros(1)}
        >>> fitting(found, nn.Linear(2, 1), Path("a.pth"), part="features.")["weight"].dtype
        torch.float32
    """
    whose = f" of {what}" if what else ""
    chosen = {}
    for key, expected in network.state_dict().items():
        if key.endswith("num_batches_tracked"):  # Only counts, and older files lack it.
            chosen[key] = torch.zeros((), dtype=torch.long)
            continue
        tensor = found.get(f"{part}{key}", found.get(key))
        if tensor is None or tensor.shape != expected.shape:
            arrived = "nothing" if tensor is None else str(tuple(tensor.shape))
            raise InputError(
                f"{str(path)!r} must hold the weights of `{part}{key}` {tuple(expected.shape)}"
                f"{whose}, got {arrived}."
            )
        if not tensor.is_floating_point() or not is_dense_and_finite(tensor):
            raise InputError(
                f"{str(path)!r} must hold finite weights, got others in `{part}{key}`."
            )
        # As a hole in a file that was not written whole; all images would look the same.
        if tensor.ndim > 1 and not bool(tensor.float().any()):
            raise InputError(
                f"{str(path)!r} must hold trained weights, got nothing but zeros in `{part}{key}`."
            )
        chosen[key] = tensor.float()
    return chosen
