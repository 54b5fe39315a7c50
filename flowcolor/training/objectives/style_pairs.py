"""A photograph's own colours, and the latent of somebody else's: the first cure of a document."""

from typing import cast

from torch import Tensor, nn
from torch.nn.functional import mse_loss

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, MSELPIPSLoss
from flowcolor.models import Colorizer, UNetAdaIN
from flowcolor.training.objectives.arguments import check_part, check_share
from flowcolor.training.objectives.base import Objective, colorize_batch, require_samples
from flowcolor.training.objectives.terms import prepare_loss, terms_of


class StylePairs(Objective):
    r"""Colour each content by another's photograph, and ask for both: its truth and that latent.

    .. math:: L = \alpha\, L_c\big(\hat I, t_i\big)
                  + (1 - \alpha)\, \overline{\big(E(r_{i-1}) - E(\hat I)\big)^2}, \qquad
              \hat I = \mathrm{colorize}(c_i, r_{i-1})

    with the style encoder :math:`E` of a :class:`~flowcolor.models.UNetAdaIN`. As in the document,
    no gradient reaches :math:`\hat I` by the second term, which therefore only moves the latents
    of the references: it is least where all latents are one. References move on by one place in
    the batch. Meant for showing that it fails; :class:`Paired` with a deformed reference does not.

    Args:
        loss: The distance :math:`L_c`. ``None``: :class:`~flowcolor.losses.MSELPIPSLoss`, which
            needs AlexNet.
        alpha: The share :math:`\alpha` of the colours, from 0 to 1.

    Raises:
        InputError: The share is none.

    Reference:
        Prioteasa, Malvestiti and Smoleń, "Artistic colourization with adaptive instance
        normalization" (2024), section 3.2, solution 1.
    """

    def __init__(
        self, loss: ColorizationLoss | MSELPIPSLoss | None = None, alpha: float = 0.5
    ) -> None:
        super().__init__()
        check_part(nn.Module, loss=loss)
        check_share(alpha=alpha)
        self.loss: ColorizationLoss | MSELPIPSLoss = MSELPIPSLoss() if loss is None else loss
        self.alpha = alpha

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer without a latent."""
        super().check(colorizer)
        require_latent(self, colorizer)

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        require_samples(self, colorizer, batch, "content", "truth", "reference")
        result, style = colorize_by_others(colorizer, batch)
        color = terms_of(self.loss, result, batch["truth"])
        distance = style_distance(colorizer, result, style)
        total = self.alpha * color.pop("loss") + (1 - self.alpha) * distance
        return {"loss": total, **color, "style": distance, "result": result}


def require_latent(objective: Objective, colorizer: Colorizer) -> None:
    """Refuse a colorizer whose references have no latent.

    Raises:
        InputError: One sentence with what is expected and what arrived.
    """
    if not isinstance(colorizer, UNetAdaIN) or colorizer.encoder is None:
        raise InputError(
            f"{type(objective).__name__} expects a UNetAdaIN with a latent, got "
            f"{type(colorizer).__name__}{' without one' * isinstance(colorizer, UNetAdaIN)}."
        )


def colorize_by_others(colorizer: Colorizer, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return a batch coloured by references that moved on by one place, and those references."""
    style = batch["reference"].roll(1, 0)
    return colorize_batch(colorizer, cast(Batch, {**batch, "reference": style})), style


def style_distance(colorizer: Colorizer, result: Tensor, style: Tensor) -> Tensor:
    """Return how far the latents of references are from those of results, which stay as they are.

    Args:
        colorizer: A :class:`~flowcolor.models.UNetAdaIN`.
        result: What it painted.
        style: By these references.
    """
    model = cast(UNetAdaIN, colorizer)
    reached = model.encode(result.detach().clamp(0, 1)).detach()
    return mse_loss(model.encode(style), reached)
