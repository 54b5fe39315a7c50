"""Another objective, and a critic that is trained against the colorizer."""

from collections.abc import Callable
from typing import Any, Literal, get_args

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import Colorizer
from flowcolor.models.patch_critic import PatchCritic
from flowcolor.training.objectives.base import Objective
from flowcolor.training.objectives.paired import Paired

Kind = Literal["least_squares", "hinge", "bce"]


class Adversarial(Objective):
    r"""Add to an objective what a critic :math:`D` holds against its result.

    The critic sees the drawing beside the image and answers for each patch. It judges all that the
    objective has coloured: with :class:`Exchanged`, what has no truth, too. With :math:`t` the
    truth, :math:`\hat t` the result, and means over patches:

    ================= ============================================== ==========================
    kind              the critic minimises                           the colorizer adds
    ================= ============================================== ==========================
    ``least_squares`` :math:`\frac12 (D(t) - 1)^2                    :math:`(D(\hat t) - 1)^2`
                      + \frac12 D(\hat t)^2`
    ``hinge``         :math:`\frac12 (1 - D(t))_+                    :math:`-D(\hat t)`
                      + \frac12 (1 + D(\hat t))_+`
    ``bce``           :math:`-\frac12 \log \sigma(D(t))              :math:`-\log \sigma(D(\hat t))`
                      - \frac12 \log(1 - \sigma(D(\hat t)))`
    ================= ============================================== ==========================

    Args:
        objective: What the colorizer minimises beside. ``None``: :class:`Paired` with the loss of
            the thesis, which needs VGG16.
        critic: ``None``: a :class:`~flowcolor.models.PatchCritic` of receptive field 70.
        kind: Which of the three games.
        weight: Of what the colorizer adds.
        optimizer: Builds the critic's optimizer. ``None``: Adam with a rate of 2e-4 and betas of
            0.5 and 0.999, as in the paper.
        gradient_clip_val: Largest norm of either's gradient; ``None`` for no limit. It stands here
            because Lightning refuses the trainer's where two optimizers take turns.

    Raises:
        InputError: The kind is unknown, or a number is negative or not finite.

    Reference:
        Isola et al., "Image-to-image translation with conditional adversarial networks" (2017),
        section 3. https://arxiv.org/abs/1611.07004; least squares: Mao et al. (2017),
        https://arxiv.org/abs/1611.04076; hinge: Lim and Ye (2017), https://arxiv.org/abs/1705.02894
    """

    def __init__(
        self,
        objective: Objective | None = None,
        critic: PatchCritic | None = None,
        kind: Kind = "least_squares",
        weight: float = 0.1,
        optimizer: OptimizerCallable | None = None,
        gradient_clip_val: float | None = 1.0,
    ) -> None:
        super().__init__()
        if kind not in get_args(Kind):
            raise InputError(f"kind expects one of {', '.join(get_args(Kind))}, got {kind!r}.")
        for name, value in (("weight", weight), ("gradient_clip_val", gradient_clip_val)):
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"{name} expects a finite number of at least 0, got {value}.")
        if isinstance(objective, Adversarial) or not (objective is None or objective.paints):
            raise InputError(
                "Adversarial expects an objective inside whose results a critic can judge, got "
                f"{type(objective).__name__}."
            )
        self.objective = Paired() if objective is None else objective
        self.critic = PatchCritic() if critic is None else critic
        self.kind: Kind = kind
        self.weight = weight
        self.optimizer: OptimizerCallable = _adam if optimizer is None else optimizer
        self.gradient_clip_val = gradient_clip_val

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what every objective does, and what the one inside refuses."""
        super().check(colorizer)
        self.objective.check(colorizer)

    def prepare(self) -> None:
        self.objective.prepare()

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        terms = self.objective.losses(colorizer, batch)
        result = terms["result"]
        # The critic only passes the gradient on here; its own comes from `critic_losses`.
        frozen = {name: value.detach() for name, value in self.critic.named_parameters()}
        seen = torch.cat([_drawings(batch, result), result], 1)
        adversarial = _FOOL[self.kind](functional_call(self.critic, frozen, (seen,)).float())
        total = terms["loss"] + self.weight * adversarial
        return {**terms, "loss": total, "adversarial": adversarial}

    def critic_losses(self, batch: Batch, result: Tensor) -> dict[str, Tensor]:
        """Return what the critic minimises on results, through which no gradient flows."""
        real = self.critic(torch.cat([batch["content"], batch["truth"]], 1)).float()
        fake = self.critic(torch.cat([_drawings(batch, result), result.detach()], 1)).float()
        return {"critic": _TELL_APART[self.kind](real, fake)}


def _drawings(batch: Batch, result: Tensor) -> Tensor:
    """Return the drawing of each result: after the whole batch, its first ones come again."""
    drawings = batch["content"]
    return torch.cat([drawings, drawings[: len(result) - len(drawings)]])


def _adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999))


def _least_squares(real: Tensor, fake: Tensor) -> Tensor:
    return (real - 1).square().mean() / 2 + fake.square().mean() / 2


def _hinge(real: Tensor, fake: Tensor) -> Tensor:
    return (1 - real).relu().mean() / 2 + (1 + fake).relu().mean() / 2


def _bce(real: Tensor, fake: Tensor) -> Tensor:
    return functional.softplus(-real).mean() / 2 + functional.softplus(fake).mean() / 2


_TELL_APART: dict[Kind, Callable[[Tensor, Tensor], Tensor]] = {
    "least_squares": _least_squares,
    "hinge": _hinge,
    "bce": _bce,
}
_FOOL: dict[Kind, Callable[[Tensor], Tensor]] = {
    "least_squares": lambda fake: (fake - 1).square().mean(),
    "hinge": lambda fake: -fake.mean(),
    "bce": lambda fake: functional.softplus(-fake).mean(),
}
