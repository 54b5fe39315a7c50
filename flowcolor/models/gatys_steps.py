"""A picture that is changed, step after step, until a loss of it is small."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

Optimizer = Literal["adam", "lbfgs"]
Watch = Callable[[int, float, Tensor], None]  # Steps, the loss that the last began with, picture.
_EVERY = 10  # Steps between two looks at how much the loss still falls.


def improve(
    x: Tensor,
    loss: Callable[[Tensor], Tensor],
    steps: int,
    rate: float,
    optimizer: Optimizer = "adam",
    stop: float = 0.0,
    watch: Watch | None = None,
) -> Tensor:
    """Return a picture after all steps, in [0, 1].

    Args:
        x: Where they start, :math:`(1, 3, H, W)`; it is changed.
        loss: Of a picture, one number.
        steps: How many.
        rate: Step of Adam in colour, from 0 to 1.
        optimizer: ``"adam"``, whose picture is brought back to [0, 1] after each step, or
            ``"lbfgs"``, whose is clamped at the end: between, it would not know of it.
        stop: End when ten steps make the loss smaller by less than this part of it; 0: never.
        watch: Called at the start and after every ten steps.
    """
    if watch is not None:
        with torch.no_grad():
            watch(0, float(loss(x)), x[0])
    x = x.requires_grad_()
    stepper = _stepper(x, steps, rate, optimizer)

    def closure() -> Tensor:
        value = loss(x)
        (x.grad,) = torch.autograd.grad(value, x)  # backward() also fills others.
        return value.detach()

    before = float("inf")
    for done in range(0, steps, _EVERY):
        value, more = float("nan"), min(_EVERY, steps - done)
        for _ in range(more if optimizer == "adam" else 1):
            value = float(stepper.step(closure))  # type: ignore[arg-type]
            if optimizer == "adam":
                with torch.no_grad():
                    x.clamp_(0, 1)
        if watch is not None:
            watch(done + more, value, x.detach()[0].clamp(0, 1))
        if stop > 0 and value > (1 - stop) * before:
            break
        before = value
    return x.detach().clamp(0, 1)


def _stepper(x: Tensor, steps: int, rate: float, optimizer: Optimizer) -> torch.optim.Optimizer:
    if optimizer == "adam":
        return torch.optim.Adam([x], rate)
    # One call is several steps: with fewer it never gets beyond the steepest descent. Its own
    # tolerances are for losses whose gradients are larger.
    return torch.optim.LBFGS(
        [x],
        max_iter=min(_EVERY, steps),
        max_eval=10 * _EVERY,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )
