"""Gradients of one of several optimizers are kept short: Lightning does it for one alone."""

import torch
from torch.optim import Optimizer

from flowcolor.bounds import is_number, shown_value
from flowcolor.errors import InputError


def check_limit(limit: float | None) -> None:
    """Refuse a limit that is not above 0 and finite: with 0, nothing would be learned.

    Raises:
        InputError: It names ``gradient_clip_val``.
    """
    if limit is not None and not (is_number(limit) and limit > 0):
        raise InputError(
            "gradient_clip_val expects a finite number above 0, or null for no limit, got "
            f"{shown_value(limit)}."
        )


def clip(optimizer: Optimizer, limit: float | None) -> None:
    """Shorten the gradients of an optimizer's weights to a norm of ``limit``; ``None`` for none.

    To be called before the optimizer steps, where float16 has taken its scale out of them.
    """
    if limit is not None:
        weights = [each for group in optimizer.param_groups for each in group["params"]]
        torch.nn.utils.clip_grad_norm_(weights, limit)
