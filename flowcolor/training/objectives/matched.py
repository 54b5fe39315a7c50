"""The distance to the truth, and that a place of the drawing finds itself in the reference."""

from typing import cast

from torch import Tensor, nn

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, FeatureLoss
from flowcolor.models import SCFT, Colorizer
from flowcolor.training.objectives.arguments import check_part, check_weight
from flowcolor.training.objectives.base import Objective, require_samples
from flowcolor.training.objectives.terms import prepare_loss, terms_of
from flowcolor.training.objectives.triplet import triplet


class Matched(Objective):
    r"""Colour a drawing, compare with its photograph, and ask attention to look in the right place.

    .. math:: L = L_\mathrm{loss}(\hat t, t) + w\, L_\mathrm{triplet}(q, k, \mathrm{warp})

    The reference is a deformed copy of the truth, so it is known which of its places shows what a
    place of the drawing shows, see :func:`~flowcolor.training.objectives.triplet.triplet`. Batches
    say so with ``data.augment.init_args.warp: true``.

    Args:
        loss: The distance of result and truth. ``None``: :class:`~flowcolor.losses.FeatureLoss`,
            which needs the weights of VGG19. Without them take a ``ColorizationLoss`` with
            ``perceptual=0``.
        triplet: Weight :math:`w`; with 0, batches need no ``warp``.
        margin: By how much the right place should be more similar than others.

    Raises:
        InputError: A number is negative or not finite.

    Reference:
        Lee et al., "Reference-Based Sketch Image Colorization using Augmented-Self Reference and
        Dense Semantic Correspondence" (2020), section 3.4. https://arxiv.org/abs/2005.05207
    """

    def __init__(
        self,
        loss: ColorizationLoss | FeatureLoss | None = None,
        triplet: float = 1.0,
        margin: float = 12.0,
    ) -> None:
        super().__init__()
        check_part(nn.Module, loss=loss)
        check_weight(triplet=triplet, margin=margin)
        self.loss: ColorizationLoss | FeatureLoss = FeatureLoss() if loss is None else loss
        self.triplet, self.margin = triplet, margin

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that compares no places."""
        super().check(colorizer)
        if not isinstance(colorizer, SCFT):
            raise InputError(
                "Matched expects a colorizer that compares places of drawing and reference, SCFT, "
                f"got {type(colorizer).__name__}."
            )

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, its parts, ``triplet`` if it has a weight, and ``result``."""
        require_samples(self, colorizer, batch, "content", "truth", "reference")
        if self.triplet and "warp" not in batch:
            raise InputError(
                "Matched expects batches that say how the reference was deformed, got none: set "
                "data.augment.init_args.warp to true, or the objective's triplet to 0."
            )
        match = cast(SCFT, colorizer).match(batch["content"], batch["reference"])
        terms: dict[str, Tensor] = {
            **terms_of(self.loss, match.image, batch["truth"]),
            "result": match.image,
        }
        if self.triplet:
            terms["triplet"] = triplet(match.query, match.key, batch["warp"], self.margin)
            terms["loss"] = terms["loss"] + self.triplet * terms["triplet"]
        return terms
