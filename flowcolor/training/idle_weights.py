"""Weights that a loss does not use: no process waits for them, and no optimizer moves them."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def reached(loss: Tensor) -> set[nn.Parameter]:
    """Return the weights whose gradients a backward pass of a loss would compute.

    Example:
        >>> used, idle = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
        >>> reached((used * idle.detach()).sum()) == {used}
        True
    """
    found, seen, waiting = set(), set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        weight = getattr(node, "variable", None)  # Of the leaves' nodes alone.
        if isinstance(weight, nn.Parameter):
            found.add(weight)
        waiting += [before for before, _ in node.next_functions]
    return found


class IdleWeights:
    """Give weights that no process uses a gradient for the backward pass, and none after it.

    Data-parallel training waits in every backward pass for the gradients of all weights. Those that
    a loss leaves aside get one of 0; but with it a step would move them all the same, by the
    optimizer's momentum or weight decay. So it is taken away again, as if there were one process.

    Args:
        weights: All that the wrapper waits for.
        alike: Whether every batch uses those that the first one does: if these are all, no other is
            looked at.
    """

    def __init__(self, weights: Iterable[nn.Parameter], alike: bool = False) -> None:
        self.weights = [weight for weight in weights if weight.requires_grad]
        self.idle: list[nn.Parameter] = []
        self._alike, self._all = alike, False

    def join(self, loss: Tensor, gather: Callable[[Tensor], Tensor]) -> Tensor:
        """Return a loss of the same value that uses all weights.

        Args:
            loss: What one process minimises.
            gather: Stacks the tensors of all processes.
        """
        if self._all:
            return loss
        used = reached(loss)
        own = torch.tensor([weight in used for weight in self.weights], device=loss.device)
        each = gather(own).view(-1, len(own))
        self._all = self._alike and bool(each.all())
        # Another process may use what this one does not, and the gradient is the mean of both.
        somewhere = each.any(0).tolist()
        self.idle = [w for w, uses in zip(self.weights, somewhere, strict=True) if not uses]
        aside = [weight.sum() for weight in self.weights if weight not in used]
        return loss + 0 * torch.stack(aside).sum() if aside else loss

    def before_backward(self) -> None:
        """Remember which idle weights have no gradient yet: of batches that add up, another's."""
        self.idle = [weight for weight in self.idle if weight.grad is None]

    def after_backward(self) -> None:
        """Take the gradients away from idle weights."""
        for weight in self.idle:
            weight.grad = None
