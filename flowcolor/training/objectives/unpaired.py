"""Drawings and photographs that do not belong together, and what can still be learned of them."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import cast

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import Colorizer, RevGAN
from flowcolor.models.patch_critic import PatchCritic
from flowcolor.training.objectives.arguments import check_part, check_weight, check_whole
from flowcolor.training.objectives.base import require_samples
from flowcolor.training.objectives.game import FOOL, TELL_APART, Game, ask
from flowcolor.training.objectives.image_pool import MOST_IMAGES, ImagePool
from flowcolor.values import widen


class Unpaired(Game):
    r"""Translate both ways, such that the way there and back ends where it began.

    With the ways :math:`c` from drawings :math:`s` to photographs and :math:`d` from photographs
    :math:`t` to drawings, and a critic :math:`D` of each kind of image,

    .. math::
        L = (D_t(c(s)) - 1)^2 + (D_s(d(t)) - 1)^2
            + w_c \big(|d(c(s)) - s| + |c(d(t)) - t|\big) + w_i \big(|c(t) - t| + |d(s) - s|\big)

    as means over patches and pixels, of images with values in [-1, 1]. The critics minimise
    :math:`\frac12 (D(x) - 1)^2 + \frac12 D(\hat x)^2` with results :math:`\hat x` from an
    :class:`~flowcolor.training.objectives.ImagePool`. No term compares a drawing with its
    photograph, so a batch may hold pairs, or not.

    Args:
        cycle: Weight :math:`w_c`.
        identity: Weight :math:`w_i`.
        photo_critic: ``None``: a :class:`~flowcolor.models.PatchCritic` of receptive field 70 for
            images of three channels, with weights of a deviation of 0.02 at first.
        drawing_critic: In the same way.
        pool: How many earlier results of each kind are kept, see
            :class:`~flowcolor.training.objectives.ImagePool`.
        optimizer: Builds the critics' optimizer. ``None``: Adam with a rate of 2e-4 and betas of
            0.5 and 0.999, as in the paper.
        gradient_clip_val: Largest norm of either side's gradient; ``None`` for no limit.

    Raises:
        InputError: A number is negative or not finite.

    Reference:
        Zhu et al., "Unpaired image-to-image translation using cycle-consistent adversarial
        networks" (2017), sections 3, 4 and 5.2. https://arxiv.org/abs/1703.10593
    """

    def __init__(
        self,
        cycle: float = 10.0,
        identity: float = 5.0,
        photo_critic: PatchCritic | None = None,
        drawing_critic: PatchCritic | None = None,
        pool: int = 50,
        optimizer: OptimizerCallable | None = None,
        gradient_clip_val: float | None = None,
    ) -> None:
        super().__init__(optimizer, gradient_clip_val)
        check_weight(cycle=cycle, identity=identity)
        check_whole(0, MOST_IMAGES, pool=pool)
        check_part(nn.Module, photo_critic=photo_critic, drawing_critic=drawing_critic)
        self.cycle, self.identity = cycle, identity
        self.photo_critic = PatchCritic(3, std=0.02) if photo_critic is None else photo_critic
        self.drawing_critic = PatchCritic(3, std=0.02) if drawing_critic is None else drawing_critic
        self.photo_pool, self.drawing_pool = ImagePool(pool), ImagePool(pool)

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that knows one way only."""
        super().check(colorizer)
        if not isinstance(colorizer, RevGAN):
            raise InputError(
                "Unpaired expects a colorizer that also makes drawings of photographs, RevGAN, "
                f"got {type(colorizer).__name__}."
            )
        if not colorizer.config["both"]:
            raise InputError("Unpaired expects RevGAN to learn both ways, got both=False.")

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, its parts, ``result``, and ``drawn``, the drawings of photographs."""
        require_samples(self, colorizer, batch, "content", "truth")
        both_ways = cast(RevGAN, colorizer)
        content, truth = batch["content"], batch["truth"]
        # Of each way one call for what it is for and for what it must leave alone.
        colored, same_photo = colorizer(torch.cat([content, truth])).chunk(2)
        drawn, same_drawing = both_ways.draw(torch.cat([truth, content])).chunk(2)
        parts = {
            "adversarial": FOOL["least_squares"](ask(self.photo_critic, _centered(colored)))
            + FOOL["least_squares"](ask(self.drawing_critic, _centered(drawn))),
            "cycle": _distance(both_ways.draw(colored), content)
            + _distance(colorizer(drawn), truth),
            "identity": _distance(same_photo, truth) + _distance(same_drawing, content),
        }
        total = parts["adversarial"] + self.cycle * parts["cycle"]
        total = total + self.identity * parts["identity"]
        return {"loss": total, **parts, "result": colored, "drawn": drawn}

    def critic_parameters(self) -> Iterator[nn.Parameter]:
        return chain(self.photo_critic.parameters(), self.drawing_critic.parameters())

    def critic_losses(self, batch: Batch, made: Mapping[str, Tensor]) -> dict[str, Tensor]:
        photo = _judge(self.photo_critic, batch["truth"], self.photo_pool(made["result"]))
        drawing = _judge(self.drawing_critic, batch["content"], self.drawing_pool(made["drawn"]))
        return {"critic": photo + drawing, "critic_photo": photo, "critic_drawing": drawing}


def _centered(images: Tensor) -> Tensor:
    return 2 * images - 1


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean distance of images whose values are brought to [-1, 1]."""
    return 2 * (a - b).abs().mean()


def _judge(critic: PatchCritic, real: Tensor, fake: Tensor) -> Tensor:
    answers = (widen(critic(_centered(images))) for images in (real, fake))
    return TELL_APART["least_squares"](*answers)
