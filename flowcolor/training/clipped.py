"""Gradients of one of several optimizers are kept short: Lightning does it for one alone."""

import torch
from torch.optim import Optimizer


def clip(optimizer: Optimizer, limit: float | None) -> None:
    """Shorten the gradients of an optimizer's weights to a norm of ``limit``; ``None`` for none.

    To be called before the optimizer steps, where float16 has taken its scale out of them.
    """
    if limit is not None:
        weights = [each for group in optimizer.param_groups for each in group["params"]]
        torch.nn.utils.clip_grad_norm_(weights, limit)
