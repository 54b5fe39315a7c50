"""The true chroma, what a picture shows, and a critic whose slope is 1."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torch.nn.functional import kl_div, mse_loss

from flowcolor.color import rgb_to_lab
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import ChromaGAN, Colorizer
from flowcolor.models.patch_critic import PatchCritic
from flowcolor.pretrained.vgg_classes import VGGClasses
from flowcolor.training.objectives.arguments import check_part, check_weight
from flowcolor.training.objectives.base import require_samples
from flowcolor.training.objectives.game import Game, ask
from flowcolor.training.objectives.slope_penalty import slope_penalty
from flowcolor.training.say import say
from flowcolor.values import widen


class WassersteinChroma(Game):
    r"""Train :class:`~flowcolor.models.ChromaGAN`: three terms of its own, one of its critic.

    .. math:: L_G = \overline{(\hat y - y)^2} + w_k\, \mathrm{KL}(q \,\|\, p) - w_a\, D(\hat x)

    .. math::
        L_D = D(\hat x) - D(x) + w_s \big(\|\nabla D(m)\| - 1\big)^2, \qquad
        m = e\,x + (1 - e)\,\hat x

    with true and found chroma :math:`y, \hat y` as :math:`(ab + 128)/255`, images :math:`x, \hat x`
    of the content's :math:`L/100` and that chroma, means :math:`D` over the critic's patches, and
    :math:`e` drawn from [0, 1] for each image. :math:`p` are the colorizer's classes, :math:`q`
    those that VGG16 sees in the content. A colorizer with ``classes=None``, the default, has no
    such term, and the training says so.

    Args:
        adversarial: Weight :math:`w_a`.
        classes: Weight :math:`w_k`.
        slope: Weight :math:`w_s` of the gradient penalty.
        critic: ``None``: a :class:`~flowcolor.models.PatchCritic` of receptive field 70 without
            normalisation, which would make the penalty one of whole batches.
        vgg16: File with VGG16's weights, which tell the classes, where there are any. ``None``
            means the torch hub cache, else a download of 528 MB.
        optimizer: Builds the critic's optimizer. ``None``: Adam with a rate of 2e-5 and betas of
            0.5 and 0.999.
        gradient_clip_val: Largest norm of either side's gradient; ``None`` for no limit.

    Raises:
        InputError: A number is negative or not finite, or the critic has other than three channels.

    Reference:
        Vitoria et al., "ChromaGAN: adversarial picture colorization with semantic class
        distribution" (2020), section 3.1. https://arxiv.org/abs/1907.09837; the penalty: Gulrajani
        et al., "Improved training of Wasserstein GANs" (2017), https://arxiv.org/abs/1704.00028
    """

    paints = False

    def __init__(
        self,
        adversarial: float = 0.1,
        classes: float = 0.003,
        slope: float = 10.0,
        critic: PatchCritic | None = None,
        vgg16: str | Path | None = None,
        optimizer: OptimizerCallable | None = None,
        gradient_clip_val: float | None = None,
    ) -> None:
        super().__init__(_adam if optimizer is None else optimizer, gradient_clip_val)
        check_weight(adversarial=adversarial, classes=classes, slope=slope)
        check_part(PatchCritic, critic=critic)
        check_part(str | Path, vgg16=vgg16)
        self.adversarial, self.classes, self.slope = adversarial, classes, slope
        self.critic = PatchCritic(3, norm="none") if critic is None else critic
        if self.critic.channels != 3:
            raise InputError(
                f"critic expects one of 3 channels, L, a and b, got {self.critic.channels}."
            )
        self.teacher = VGGClasses(vgg16)
        self._without_classes = False

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that is no ChromaGAN."""
        super().check(colorizer)
        if not isinstance(colorizer, ChromaGAN):
            raise InputError(
                "WassersteinChroma expects a colorizer that finds chroma and classes, ChromaGAN, "
                f"got {type(colorizer).__name__}."
            )
        known = colorizer.config["classes"]
        self._without_classes = known is None
        if known is not None and known != self.teacher.classes:
            raise InputError(
                f"ChromaGAN expects classes to be {self.teacher.classes}, which its teacher tells "
                f"apart, or null, got {known}."
            )

    def prepare(self) -> None:
        """Read what tells the classes, or say, once for a training, that it goes without them."""
        if self._without_classes:
            say("training without the term of classes: ChromaGAN has classes=None")
        else:
            self.teacher.prepare()

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, its parts, and ``found``, what the critic sees."""
        require_samples(self, colorizer, batch, "content", "truth")
        content = batch["content"]
        chroma, logits = cast(ChromaGAN, colorizer).chroma(content)
        found, true = _seen(content, chroma), _seen(content, rgb_to_lab(batch["truth"])[:, 1:])
        parts = {
            "chroma": mse_loss(found[:, 1:], true[:, 1:]),
            "adversarial": -ask(self.critic, found).mean(),
        }
        total = parts["chroma"] + self.adversarial * parts["adversarial"]
        if logits is not None:
            parts["classes"] = class_distance(self.teacher(content), logits)
            total = total + self.classes * parts["classes"]
        return {"loss": total, **parts, "found": found}

    def critic_parameters(self) -> Iterator[nn.Parameter]:
        return self.critic.parameters()

    def critic_losses(self, batch: Batch, made: Mapping[str, Tensor]) -> dict[str, Tensor]:
        fake = made["found"].detach()
        real = _seen(batch["content"], rgb_to_lab(batch["truth"])[:, 1:])
        share = torch.rand(len(real), 1, 1, 1, device=real.device, dtype=real.dtype)
        penalty = slope_penalty(self.critic, share * real + (1 - share) * fake)
        away = widen(self.critic(fake)).mean() - widen(self.critic(real)).mean()
        return {"critic": away + self.slope * penalty, "distance": -away, "slope": penalty}


def class_distance(expected: Tensor, logits: Tensor) -> Tensor:
    r"""Return :math:`\sum_k q_k \log (q_k / p_k)`, the mean over pictures.

    Args:
        expected: Probabilities :math:`q`, :math:`(B, K)`.
        logits: Of :math:`p`, :math:`(B, K)`.
    """
    return kl_div(logits.log_softmax(1), expected, reduction="batchmean")


def _seen(content: Tensor, chroma: Tensor) -> Tensor:
    """Return lightness and chroma, each from 0 to 1."""
    return torch.cat([rgb_to_lab(content)[:, :1] / 100, (chroma + 128) / 255], 1)


def _adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=2e-5, betas=(0.5, 0.999))
