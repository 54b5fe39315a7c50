"""Checks for invertible layers, ours and yours, in the spirit of ``torch.autograd.gradcheck``."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.functional import jacobian
from torch.testing import assert_close

from flowcolor.arguments import check_module, check_number
from flowcolor.layers.base import InvertibleLayer, check_tensor
from flowcolor.layers.reversible.drift import measure_drift
from flowcolor.layers.reversible.torch_private import has_numbers

__all__ = ["check_invertible", "measure_drift"]

Conditions = Tensor | Sequence[Tensor] | None
Direction = Callable[[Tensor, Any], tuple[Tensor, Tensor]]


def check_invertible(
    layer: InvertibleLayer,
    x: Tensor,
    condition: Conditions = None,
    *,
    round_trip: float = 1e-10,
    logdet: float = 1e-8,
) -> None:
    """Assert that ``layer`` keeps its promises, see :class:`~flowcolor.layers.InvertibleLayer`.

    Both directions are checked at ``x`` and at its image: they undo each other, the log-dets are
    those of the dense Jacobians, which autograd computes for each sample alone, samples do not
    influence each other, and ``x`` is left as it was. This costs :math:`O(D^3)` for :math:`D`
    values per sample, so keep ``x`` tiny. What is not tested: that a condition without use
    is ignored, and what happens in low precision. The layer itself is left untouched: a float64
    copy in eval mode is checked. Perturb the weights of a fresh layer first: at its initialisation,
    often close to the identity, a wrong layer can look right.

    Args:
        layer: The layer under test, already initialised if it needs data for that.
        x: A batch on the data side.
        condition: The matching batch of conditions, or a list of them, for layers that take one.
        round_trip: Bound of every round-trip error, relative to the largest value (at least 1).
        logdet: Bound of every log-det error, relative to the log-det (at least 1).

    Raises:
        AssertionError: If a promise is broken; the message says which one.
        ValueError: If ``layer`` is none, ``x`` holds no numbers or some that are not finite,
            ``condition`` is neither a tensor nor a list of tensors, or a bound no number of at
            least 0.
    """
    check_module(check_invertible, InvertibleLayer, layer=layer)
    check_number(check_invertible, smallest=0.0, round_trip=round_trip, logdet=logdet)
    check_tensor(layer, x)
    if not has_numbers(x) or 0 in x.shape[1:] or not x.isfinite().all():
        shown = f"others in a tensor of shape {tuple(x.shape)}"
        raise ValueError(f"check_invertible expects x to be finite numbers, got {shown}.")
    _check_condition(condition)
    layer, x = copy.deepcopy(layer).double().eval(), x.detach().double()
    conditions: Any = _double(condition)
    forward, inverse = _returning_pairs(layer.forward), _returning_pairs(layer.inverse)
    y, _ = forward(*copy.deepcopy((x, conditions)))

    for name, forward_fn, inverse_fn, start in (
        ("forward", forward, inverse, x),
        ("inverse", inverse, forward, y.detach()),
    ):
        before = copy.deepcopy((start, conditions))
        end, log = forward_fn(start, conditions)
        message = f"{name} changes its input or condition"
        assert_close((start, conditions), before, rtol=0, atol=0, msg=message)
        again, log_back = inverse_fn(*copy.deepcopy((end.detach(), conditions)))
        assert log.shape == x.shape[:1], f"logdet of {name} has shape {tuple(log.shape)}, not (B,)"
        assert log.dtype == torch.float64, f"logdet of {name} is {log.dtype} for a float64 input"
        _same(again, start, round_trip, f"{name} is not undone by its opposite")
        _same(log_back, -log, logdet, f"the log-dets of {name} and back do not cancel")
        for i in range(x.shape[0]):
            _check_sample(forward_fn, start, end, log, conditions, i, (round_trip, logdet), name)


def _returning_pairs(direction: Direction) -> Direction:
    """Return a direction that asserts what it returns: of a batch of two, the images are a pair."""
    name = getattr(direction, "__name__", "layer")

    def run(x: Tensor, condition: Any) -> tuple[Tensor, Tensor]:
        result: object = direction(x, condition)
        parts = result if isinstance(result, tuple) else (result,)
        kinds = " and ".join(type(part).__name__ for part in parts)
        good = len(parts) == 2 and all(isinstance(part, Tensor) for part in parts)
        assert good, f"{name} returns {kinds}, not a tensor and its logdet"
        return parts

    return run


def _check_sample(
    forward_fn: Direction,
    start: Tensor,
    end: Tensor,
    log: Tensor,
    conditions: Conditions,
    i: int,
    bounds: tuple[float, float],
    name: str,
) -> None:
    one, alone = _sample(conditions, i), start[i : i + 1]
    _same(
        forward_fn(alone, one)[0][0],
        end[i],
        bounds[0],
        f"{name} of sample {i} depends on its batch",
    )
    dense = jacobian(lambda t: forward_fn(t, one)[0].flatten(), alone)
    expected = torch.linalg.slogdet(dense.reshape(end[i].numel(), alone.numel())).logabsdet
    _same(log[i], expected, bounds[1], f"logdet of {name}, sample {i}, is not log|det J|")


def _check_condition(condition: object) -> None:
    if condition is None:
        return
    listed: Any = condition if isinstance(condition, list | tuple) else [condition]
    if not all(isinstance(c, Tensor) for c in listed):
        expected = "a tensor or a list of tensors"
        kind = type(condition).__name__
        raise ValueError(f"check_invertible expects condition to be {expected}, got {kind}.")
    if not all(c.ndim for c in listed):
        raise ValueError("check_invertible expects condition to be a batch, got a single number.")


def _double(condition: Conditions) -> Conditions:
    if condition is None or isinstance(condition, Tensor):
        return None if condition is None else _wide(condition)
    return [_wide(c) for c in condition]


def _wide(condition: Tensor) -> Tensor:
    # Whole numbers, for instance classes, stay what they are: an embedding takes no others.
    return condition.detach().double() if condition.is_floating_point() else condition


def _sample(condition: Conditions, i: int) -> Conditions:
    if condition is None or isinstance(condition, Tensor):
        return None if condition is None else condition[i : i + 1]
    return [c[i : i + 1] for c in condition]


def _same(actual: Tensor, expected: Tensor, bound: float, promise: str) -> None:
    limit = bound * max(1.0, expected.abs().max().item()) if expected.numel() else bound
    assert_close(actual, expected, rtol=0, atol=limit, msg=lambda m: f"{promise}: {m}")
