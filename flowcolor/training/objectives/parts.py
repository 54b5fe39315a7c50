"""The distance of a face to its truth, and of each of its parts for itself."""

from typing import cast

import torch
from torch import Tensor, nn

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, FeatureLoss
from flowcolor.models import Colorizer, DeepFaceEditing
from flowcolor.models.face_parts import part_of
from flowcolor.training.objectives.arguments import check_part, check_weight
from flowcolor.training.objectives.base import Objective, require_samples
from flowcolor.training.objectives.terms import prepare_loss, terms_of


class WholeAndParts(Objective):
    r"""Paint a face and each of its parts, and compare all of them with the photograph.

    .. math:: L = L_\mathrm{loss}(\hat t, t) + w\, \overline{|\hat t^i - t^i|}

    with the mean over pixels and then over the parts :math:`i`, as if each had been painted alone.
    The recipe is flowcolor's own: no code of the paper's training has been published. There, parts
    are trained first, with an encoder of photographs beside each and with exchanged references
    that come back in a cycle; here, parts and fusion are trained at once, and references are
    deformed copies of the truth.

    Args:
        loss: The distance of the whole. ``None``: :class:`~flowcolor.losses.FeatureLoss`, which
            needs the weights of VGG19. Without them take a ``ColorizationLoss`` with
            ``perceptual=0``.
        parts: Weight :math:`w`.

    Raises:
        InputError: The weight is negative or not finite.

    Reference:
        Chen et al., "DeepFaceEditing: deep face generation and editing with disentangled geometry
        and appearance control" (2021), of which this is not the training.
        https://arxiv.org/abs/2105.08935
    """

    def __init__(
        self, loss: ColorizationLoss | FeatureLoss | None = None, parts: float = 10.0
    ) -> None:
        super().__init__()
        check_part(nn.Module, loss=loss)
        check_weight(parts=parts)
        self.loss: ColorizationLoss | FeatureLoss = FeatureLoss() if loss is None else loss
        self.parts = parts

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that paints no parts."""
        super().check(colorizer)
        if not isinstance(colorizer, DeepFaceEditing):
            raise InputError(
                "WholeAndParts expects a colorizer that paints the parts of a face, "
                f"DeepFaceEditing, got {type(colorizer).__name__}."
            )

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, its parts, ``parts``, and ``result``."""
        require_samples(self, colorizer, batch, "content", "truth", "reference")
        model, truth = cast(DeepFaceEditing, colorizer), batch["truth"]
        features = model.features(batch["content"], batch["reference"])
        result = model.fuse(features)
        # Even with a weight of 0: data-parallel training expects a gradient of every weight.
        distances = [
            (picture - part_of(name, truth)).abs().mean()
            for name, picture in model.pictures(features).items()
        ]
        parts = torch.stack(distances).mean()
        terms: dict[str, Tensor] = terms_of(self.loss, result, truth)
        return {
            **terms,
            "parts": parts,
            "loss": terms["loss"] + self.parts * parts,
            "result": result,
        }
