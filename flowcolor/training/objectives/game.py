"""Objectives that have an opponent: critics, which learn to tell results from the truth."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torch.nn import functional

from flowcolor.data.batch import Batch
from flowcolor.models.frozen import call_frozen
from flowcolor.training.clipped import check_limit
from flowcolor.training.objectives.arguments import check_optimizer
from flowcolor.training.objectives.base import Objective
from flowcolor.values import widen

Kind = Literal["least_squares", "hinge", "bce"]


class Game(Objective):
    """An objective with critics, which the same batch trains against the colorizer.

    What :meth:`losses` returns moves the colorizer alone, what :meth:`critic_losses` returns the
    critics alone, so that both gradients can be taken at once.

    Args:
        optimizer: Builds the optimizer of all critics. ``None``: Adam with a rate of 2e-4 and betas
            of 0.5 and 0.999.
        gradient_clip_val: Largest norm of either side's gradient; ``None`` for no limit.

    Raises:
        InputError: The limit is not above 0, or not finite.
    """

    def __init__(
        self, optimizer: OptimizerCallable | None = None, gradient_clip_val: float | None = None
    ) -> None:
        super().__init__()
        check_limit(gradient_clip_val)
        check_optimizer(optimizer)
        self.optimizer: OptimizerCallable = _adam if optimizer is None else optimizer
        self.gradient_clip_val = gradient_clip_val

    @abstractmethod
    def critic_parameters(self) -> Iterator[nn.Parameter]:
        """Return the weights of the critics."""

    @abstractmethod
    def critic_losses(self, batch: Batch, made: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return ``critic``, the scalar that the critics minimise, and its parts by name.

        Args:
            batch: As in :meth:`losses`.
            made: What :meth:`losses` returned for it, of which the images are judged.
        """


def ask(critic: nn.Module, images: Tensor) -> Tensor:
    """Return a critic's answers so that gradients reach the images, and not the critic."""
    answers: Tensor = call_frozen(critic, images)
    return widen(answers)


def _adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999))


def _least_squares(real: Tensor, fake: Tensor) -> Tensor:
    return (real - 1).square().mean() / 2 + fake.square().mean() / 2


def _hinge(real: Tensor, fake: Tensor) -> Tensor:
    return (1 - real).relu().mean() / 2 + (1 + fake).relu().mean() / 2


def _bce(real: Tensor, fake: Tensor) -> Tensor:
    return functional.softplus(-real).mean() / 2 + functional.softplus(fake).mean() / 2


TELL_APART: dict[Kind, Callable[[Tensor, Tensor], Tensor]] = {
    "least_squares": _least_squares,
    "hinge": _hinge,
    "bce": _bce,
}
FOOL: dict[Kind, Callable[[Tensor], Tensor]] = {
    "least_squares": lambda fake: (fake - 1).square().mean(),
    "hinge": lambda fake: -fake.mean(),
    "bce": lambda fake: functional.softplus(-fake).mean(),
}
