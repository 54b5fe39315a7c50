"""The content of a drawing and the style of somebody else's photograph, without a truth."""

from typing import cast

from torch import Tensor, nn

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.losses import ContentStyleLoss
from flowcolor.models import Colorizer
from flowcolor.training.objectives.arguments import check_part
from flowcolor.training.objectives.base import Objective, colorize_batch, require_samples
from flowcolor.training.objectives.terms import prepare_loss, terms_of


class Transfer(Objective):
    r"""Colour each drawing with another's reference; ask for its content and for that style.

    .. math:: L(\mathrm{colorize}(c_i, r_{i-1}), c_i, r_{i-1})

    There is no truth: drawings and photographs need not belong together. They come in pairs all
    the same, so references move on by one place in the batch, which should be of two or more.

    Args:
        loss: The distance. ``None``: :class:`~flowcolor.losses.ContentStyleLoss`, which needs the
            weights of VGG19. Without them train by :class:`Paired`, with
            ``ColorizationLoss(perceptual=0, ssim=2)`` for one.

    Reference:
        An et al., "ArtFlow: unbiased image style transfer via reversible neural flows" (2021),
        section 4. https://arxiv.org/abs/2103.16877
    """

    def __init__(self, loss: ContentStyleLoss | None = None) -> None:
        super().__init__()
        check_part(nn.Module, loss=loss)
        self.loss = ContentStyleLoss() if loss is None else loss

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that takes no reference."""
        super().check(colorizer)
        if colorizer.reference == "unused":
            raise InputError(
                f"Transfer expects a colorizer that takes a reference, got "
                f"{type(colorizer).__name__}, which has no use for one."
            )

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        require_samples(self, colorizer, batch, "content", "reference")
        moved = {
            name: batch[name].roll(1, 0)
            for name in ("reference", "reference_content")
            if name in batch
        }
        result = colorize_batch(colorizer, cast(Batch, {**batch, **moved}))
        return {
            **terms_of(self.loss, result, batch["content"], moved["reference"]),
            "result": result,
        }
