"""Colours as symbols of which each is predicted."""

import torch
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import Colorizer, ColTran
from flowcolor.training.objectives.arguments import check_share
from flowcolor.training.objectives.base import Objective, require_samples


class Symbols(Objective):
    r"""Ask for the true colours: the fewest bits per pixel that a network needs for them.

    .. math:: L = -\frac{1}{N} \sum_x \log_2 p(s_x)

    with the symbols :math:`s` that the stage of :class:`~flowcolor.models.ColTran` predicts. In the
    first stage it is a mean of what the decoders say, which know the pixels before, and of what the
    encoder says in parallel. Each part is logged, ``train/bits_core`` for one, and in validation
    ``val/bits_core``.

    Args:
        parallel: Weight of the encoder's part, in [0, 1].

    Raises:
        InputError: The weight is out of range.

    Reference:
        Kumar et al., "Colorization transformer" (2021), section 4.5.
        https://arxiv.org/abs/2102.04432
    """

    paints = False

    def __init__(self, parallel: float = 0.01) -> None:
        super().__init__()
        check_share(parallel=parallel)
        self.parallel = parallel

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer without symbols."""
        super().check(colorizer)
        if not isinstance(colorizer, ColTran):
            raise InputError(
                "Symbols expects a colorizer that predicts symbols, ColTran, got "
                f"{type(colorizer).__name__}."
            )

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the mean bits per pixel, and those of each part."""
        bits = self._bits(colorizer, batch)
        if "bits_parallel" in bits:
            loss = torch.lerp(bits["bits_core"], bits["bits_parallel"], self.parallel)
        else:
            (loss,) = bits.values()
        return {"loss": loss, **bits}

    def scores(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the bits per pixel of each part."""
        return self._bits(colorizer, batch)

    def _bits(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        if not isinstance(colorizer, ColTran):
            return {}
        looks = colorizer.reference != "unused"
        images = ("content", "truth", "reference") if looks else ("content", "truth")
        require_samples(self, colorizer, batch, *images)
        reference = batch["reference"] if looks else None
        parts = colorizer.bits(batch["content"], batch["truth"], reference)
        return {f"bits_{name}": value.mean() for name, value in parts.items()}
