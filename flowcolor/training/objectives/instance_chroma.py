"""The true chroma of a picture and of its objects, for instance-aware colorization."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from flowcolor.color import rgb_to_lab
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import Colorizer, InstanceColorization
from flowcolor.models.chroma_paint import REACH
from flowcolor.models.find_boxes import boxes_of
from flowcolor.models.instance_net import cut_out
from flowcolor.pretrained.detector import require_detector
from flowcolor.training.objectives.arguments import check_weight
from flowcolor.training.objectives.base import Objective, hints_of, require_samples

_SMALLEST = 0.25  # Of a random box, in sides of the picture.


class InstanceChroma(Objective):
    r"""Train a stage of :class:`~flowcolor.models.InstanceColorization` by the distance of chroma.

    .. math:: L = w\, \overline{h\big(\tfrac{\hat a - a}{110}\big) + h\big(\tfrac{\hat b - b}{110}
              \big)}, \qquad h(d) = \begin{cases} 55\, d^2 & |d| < \tfrac1{110} \\
              |d| - \tfrac1{220} & \text{otherwise} \end{cases}

    which bends at one unit of chroma. Stage 1 compares whole pictures; stage 2 parts of them, one
    random box of each; stage 3 whole pictures again, painted with the boxes that the colorizer
    finds. Where the data give colours at points (:class:`~flowcolor.data.HintPoints`), all stages
    see them.

    Args:
        weight: :math:`w`.

    Raises:
        InputError: The number is negative or not finite.

    Reference:
        Su et al., "Instance-aware image colorization" (2020), sections 3.5 and 4.1, where boxes of
        stage 2 are detected. https://arxiv.org/abs/2005.10825
    """

    paints = False
    uses_all = False  # Where no object is found, there is nothing to fuse.

    def __init__(self, weight: float = 10.0) -> None:
        super().__init__()
        check_weight(weight=weight)
        self.weight = weight

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that knows no objects."""
        super().check(colorizer)
        if not isinstance(colorizer, InstanceColorization):
            raise InputError(
                "InstanceChroma expects a colorizer that knows objects, InstanceColorization, got "
                f"{type(colorizer).__name__}."
            )
        if colorizer.find == "detector":  # Now, not when stage 3 begins.
            require_detector()
        if colorizer.find == "none":  # In all stages: the first two take hundreds of epochs.
            raise InputError(
                "InstanceColorization expects find to be quadrants or detector in training, got "
                "none: stage 3 would have nothing to fuse."
            )

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        require_samples(self, colorizer, batch, "content", "truth")
        boxes = _random_boxes(batch["content"]) if colorizer.stage == 2 else None
        distance = _distance(colorizer, batch, boxes)
        return {"loss": self.weight * distance, "chroma": distance}

    def scores(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the distance, in stage 2 of the quarters of each picture, which stay the same."""
        require_samples(self, colorizer, batch, "content", "truth")
        boxes = boxes_of(batch["content"], "quadrants") if colorizer.stage == 2 else None
        return {"chroma": _distance(colorizer, batch, boxes)}


def _random_boxes(content: Tensor) -> list[Tensor]:
    side, place = torch.rand(2, len(content), 2, device="cpu")
    side = _SMALLEST + (1 - _SMALLEST) * side
    corner = place * (1 - side)
    scale = side.new_tensor([content.shape[3], content.shape[2]]).repeat(2)
    return list((torch.cat([corner, corner + side], 1) * scale)[:, None])


def _distance(colorizer: Colorizer, batch: Batch, boxes: Sequence[Tensor] | None) -> Tensor:
    """Return the distance of whole pictures, or of the objects in boxes."""
    model, content, truth = cast(InstanceColorization, colorizer), batch["content"], batch["truth"]
    hints = hints_of(batch, colorizer)
    if boxes is None:
        found = model.chroma(content, hints)
    else:
        found, truth = model.object_chroma(content, boxes, hints), cut_out(truth, boxes)
    return chroma_distance(found, rgb_to_lab(truth)[:, 1:])


def chroma_distance(found: Tensor, true: Tensor) -> Tensor:
    """Return the smooth absolute difference of a and b together, the mean over pixels."""
    each = smooth_l1_loss(found / REACH, true / REACH, beta=1 / REACH, reduction="none")
    return each.sum(1).mean()
