"""The refiner of self-supervised sketch-to-image against a critic of its own."""

from collections.abc import Iterator, Mapping

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn

from flowcolor.arguments import plain_numbers
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, MSELPIPSLoss
from flowcolor.models import Colorizer, SelfSupervisedS2I
from flowcolor.models.batch_statistics import has_own_statistics
from flowcolor.models.s2i_critic import ImageCritic
from flowcolor.models.self_supervised_s2i import MOST_WIDTH
from flowcolor.training.objectives.arguments import check_part, check_weight, check_whole
from flowcolor.training.objectives.base import colorize_batch, require_samples
from flowcolor.training.objectives.game import FOOL, TELL_APART, Game, ask
from flowcolor.training.objectives.terms import prepare_loss, terms_of
from flowcolor.values import widen

_MOST_SIDE = 16_384


class Refining(Game):
    r"""Ask for what looks real, and for the true photograph.

    .. math:: L = d(\hat t, t) - w \overline{D(\hat t)}, \qquad
              L_D = \tfrac12 \overline{(1 - D(t))_+} + \tfrac12 \overline{(1 + D(\hat t))_+}

    Args:
        width: That of the colorizer.
        size: That of the colorizer.
        loss: The distance :math:`d`. ``None``: ten times the absolute difference and one minus
            SSIM, which need no pretrained network, unlike the published
            :class:`~flowcolor.losses.MSELPIPSLoss`.
        weight: How much the critic counts, :math:`w`.
        optimizer: Builds the critic's optimizer. ``None``: Adam with a rate of 2e-4 and betas of
            0.5 and 0.999.
        gradient_clip_val: Largest norm of either's gradient; ``None`` for no limit.

    Raises:
        InputError: A number is out of range, the colorizer is another one, or a batch has one
            sample.

    Reference:
        Liu et al., "Self-supervised sketch-to-image synthesis" (2021), section 3.4.
        https://arxiv.org/abs/2012.09290
    """

    @plain_numbers
    def __init__(
        self,
        width: int = 64,
        size: int = 512,
        loss: ColorizationLoss | MSELPIPSLoss | None = None,
        weight: float = 1.0,
        optimizer: OptimizerCallable | None = None,
        gradient_clip_val: float | None = None,
    ) -> None:
        super().__init__(optimizer, gradient_clip_val)
        check_weight(weight=weight)
        check_whole(1, MOST_WIDTH, width=width)
        check_whole(64, _MOST_SIDE, size=size)
        check_part(nn.Module, loss=loss)
        self.width, self.size, self.weight = width, size, weight
        self.loss: ColorizationLoss | MSELPIPSLoss = (
            ColorizationLoss(perceptual=0.0, ssim=1.0) if loss is None else loss
        )
        self.critic = ImageCritic(width, (size // 64).bit_length() - 1)

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what every objective does, and what is not of the paper, or earlier."""
        super().check(colorizer)
        if not isinstance(colorizer, SelfSupervisedS2I) or colorizer.stage != 2:
            raise InputError(
                "Refining expects SelfSupervisedS2I in stage 2, got "
                f"{type(colorizer).__name__} in stage {colorizer.stage}."
            )
        theirs = (colorizer.config["width"], colorizer.config["size"])
        if theirs != (self.width, self.size):
            raise InputError(
                f"Refining expects width and size of its colorizer, {theirs}, got "
                f"{(self.width, self.size)}."
            )

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        require_samples(self, colorizer, batch, "content", "truth")
        if len(batch["content"]) < 2 and has_own_statistics(self.critic):
            raise InputError("Refining expects batches of two samples or more, got 1.")
        result = colorize_batch(colorizer, batch)
        terms = terms_of(self.loss, result, batch["truth"])
        adversarial = FOOL["hinge"](ask(self.critic, 2 * result - 1))
        total = terms["loss"] + self.weight * adversarial
        return {**terms, "loss": total, "adversarial": adversarial, "result": result}

    def critic_parameters(self) -> Iterator[nn.Parameter]:
        return self.critic.parameters()

    def critic_losses(self, batch: Batch, made: Mapping[str, Tensor]) -> dict[str, Tensor]:
        # Together, so that both are normalised alike.
        images = torch.cat([batch["truth"], made["result"].detach()])
        real, fake = widen(self.critic(2 * images - 1)).chunk(2)
        return {"critic": TELL_APART["hinge"](real, fake)}
