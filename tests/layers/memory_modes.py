"""Values and gradients of a chain in a memory mode, and their comparison."""

import copy

import torch
from torch import Tensor
from torch.random import fork_rng

from flowcolor.layers import Chain

MODES = ("none", "checkpoint", "reversible")


def outcome(chain, mode, x, condition=None, *, inverse=False, loss=None):
    """Return the result, the log-det and all gradients of a loss of both, by name."""
    chain.memory = mode
    if mode == "none":  # The truth: nothing but autograd.
        chain = plain(chain)
    x = x.detach().clone().requires_grad_(x.is_floating_point())
    several = condition is not None and not isinstance(condition, Tensor)
    conditions = condition if several else [condition]
    conditions = [c if c is None else c.detach().clone().requires_grad_() for c in conditions]
    run = chain.inverse if inverse else chain
    with fork_rng(devices=[]):  # Networks may draw: the same in every mode.
        torch.manual_seed(0)
        y, logdet = run(x, conditions if several else conditions[0])
    (loss or probe)(y, logdet).backward()
    inputs = {f"condition {i}": c for i, c in enumerate(conditions) if c is not None}
    inputs |= {"input": x} | dict(chain.named_parameters())
    gradients = {f"gradient of {name}": tensor.grad for name, tensor in inputs.items()}
    chain.zero_grad()
    return {"result": y.detach(), "logdet": logdet.detach()} | gradients


def gradients(chain):
    """Return the gradients of the parameters by name."""
    return {name: p.grad for name, p in chain.named_parameters()}


def plain(chain):
    """Return a copy in which no chain inside has a mode of its own."""
    chain = copy.deepcopy(chain)
    for part in chain.modules():
        if isinstance(part, Chain):
            part.memory = "none"
    return chain


def probe(y, logdet):
    """Return a loss whose gradient is a fixed random vector, so that no error cancels."""
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(t.shape, generator=generator).to(t) for t in (y, logdet)]
    return (weights[0] * y).sum() + (weights[1] * logdet).sum()


def assert_same(actual, expected, bound):
    """Compare two outcomes relative to the size of what is compared.

    The size of a gradient is that of the largest gradient if that is a hundred times as large: many
    a gradient is a small difference of large numbers, or truly zero.
    """
    assert actual.keys() == expected.keys()
    largest = max([0.0, *(size(t) for name, t in expected.items() if "gradient" in name)])
    for name, right in expected.items():
        found = actual[name]
        if found is None or right is None:  # A layer that nothing flows into may report zeros.
            assert size(found) == size(right) == 0, name
            continue
        assert (found.shape, found.dtype) == (right.shape, right.dtype), name
        unit = max(size(right), largest / 100 if "gradient" in name else 1.0)
        error = size(found - right)
        assert error <= bound * unit, f"{name} is off by {error:.1e} of {unit:.1e}"


def size(tensor):
    return 0.0 if tensor is None or not tensor.numel() else tensor.abs().max().item()
