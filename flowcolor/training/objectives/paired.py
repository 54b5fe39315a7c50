"""The distance between a coloured drawing and its true photograph."""

from torch import Tensor, nn

from flowcolor.data.batch import Batch
from flowcolor.losses import ColorizationLoss, FeatureLoss, MSELPIPSLoss
from flowcolor.models import Colorizer
from flowcolor.training.objectives.arguments import check_part
from flowcolor.training.objectives.base import Objective, colorize_batch, require_samples
from flowcolor.training.objectives.terms import prepare_loss, terms_of


class Paired(Objective):
    r"""Colour a drawing and compare with its photograph: :math:`L(\mathrm{colorize}(c, r), t)`.

    Args:
        loss: The distance. ``None``: that of the thesis, which needs VGG16.

    Reference:
        :ref:`The thesis <the-thesis>`, section 3.5.
    """

    def __init__(self, loss: ColorizationLoss | FeatureLoss | MSELPIPSLoss | None = None) -> None:
        super().__init__()
        check_part(nn.Module, loss=loss)
        self.loss: ColorizationLoss | FeatureLoss | MSELPIPSLoss = (
            ColorizationLoss() if loss is None else loss
        )

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        require_samples(self, colorizer, batch, "content", "truth")
        result = colorize_batch(colorizer, batch)
        return {**terms_of(self.loss, result, batch["truth"]), "result": result}
