"""Another objective, and a critic that is trained against the colorizer."""

from collections.abc import Iterator, Mapping
from typing import get_args

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn

from flowcolor.bounds import is_one_of, shown_value
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import Colorizer
from flowcolor.models.patch_critic import PatchCritic
from flowcolor.models.spectral_critic import SpectralCritic
from flowcolor.training.objectives.alternating import Alternating
from flowcolor.training.objectives.arguments import check_part, check_weight
from flowcolor.training.objectives.base import Objective
from flowcolor.training.objectives.game import FOOL, TELL_APART, Game, Kind, ask
from flowcolor.training.objectives.paired import Paired
from flowcolor.values import widen


class Adversarial(Game):
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
        critic: A :class:`~flowcolor.models.PatchCritic` or a
            :class:`~flowcolor.models.SpectralCritic`. ``None``: the former, of receptive field 70.
        kind: Which of the three games.
        weight: Of what the colorizer adds.
        optimizer: Builds the critic's optimizer. ``None``: Adam with a rate of 2e-4 and betas of
            0.5 and 0.999, as in the paper.
        gradient_clip_val: Largest norm of either's gradient; ``None`` for no limit. It stands here
            because Lightning refuses the trainer's where two optimizers take turns.

    Raises:
        InputError: The kind is unknown, a number is negative or not finite, or the objective inside
            paints nothing or has optimizers of its own.

    Reference:
        Isola et al., "Image-to-image translation with conditional adversarial networks" (2017),
        section 3. https://arxiv.org/abs/1611.07004; least squares: Mao et al. (2017),
        https://arxiv.org/abs/1611.04076; hinge: Lim and Ye (2017), https://arxiv.org/abs/1705.02894
    """

    def __init__(
        self,
        objective: Objective | None = None,
        critic: PatchCritic | SpectralCritic | None = None,
        kind: Kind = "least_squares",
        weight: float = 0.1,
        optimizer: OptimizerCallable | None = None,
        gradient_clip_val: float | None = 1.0,
    ) -> None:
        super().__init__(optimizer, gradient_clip_val)
        if not is_one_of(kind, get_args(Kind)):
            got = shown_value(kind)
            raise InputError(f"kind expects one of {', '.join(get_args(Kind))}, got {got}.")
        check_weight(weight=weight)
        check_part(Objective, objective=objective)
        check_part(nn.Module, critic=critic)
        turns = isinstance(objective, Game | Alternating)  # Of optimizers, which this one takes.
        if turns or not (objective is None or objective.paints):
            raise InputError(
                "Adversarial expects an objective inside whose results a critic can judge, in one "
                f"turn, got {type(objective).__name__}."
            )
        self.objective = Paired() if objective is None else objective
        self.uses_all = self.objective.uses_all  # type: ignore[misc]
        self.critic: nn.Module = PatchCritic() if critic is None else critic
        self.kind: Kind = kind
        self.weight = weight

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what every objective does, and what the one inside refuses."""
        super().check(colorizer)
        self.objective.check(colorizer)

    def prepare(self) -> None:
        self.objective.prepare()

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        terms = self.objective.losses(colorizer, batch)
        result = terms["result"]
        adversarial = FOOL[self.kind](ask(self.critic, _pairs(batch, result)))
        total = terms["loss"] + self.weight * adversarial
        return {**terms, "loss": total, "adversarial": adversarial}

    def scores(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return those of the objective inside."""
        return self.objective.scores(colorizer, batch)

    def critic_parameters(self) -> Iterator[nn.Parameter]:
        return self.critic.parameters()

    def critic_losses(self, batch: Batch, made: Mapping[str, Tensor]) -> dict[str, Tensor]:
        real = widen(self.critic(torch.cat([batch["content"], batch["truth"]], 1)))
        fake = widen(self.critic(_pairs(batch, made["result"].detach())))
        return {"critic": TELL_APART[self.kind](real, fake)}


def _pairs(batch: Batch, result: Tensor) -> Tensor:
    """Return each result beside its drawing: after the whole batch, the first ones come again."""
    drawings = batch["content"]
    drawings = torch.cat([drawings, drawings[: len(result) - len(drawings)]])
    return torch.cat([drawings, result], 1)
