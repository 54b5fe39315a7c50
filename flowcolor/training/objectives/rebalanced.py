"""Colours as classes, of which rare ones count more."""

from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, log_softmax

from flowcolor.color import rgb_to_lab
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.models import CIC, Colorizer
from flowcolor.models.ab_bins import COUNT, rebalancing, soft_targets
from flowcolor.training.objectives.arguments import check_share
from flowcolor.training.objectives.base import Objective, require_samples

_SLOWEST = 1e-3  # Of the running share: the last thousand batches.


class Rebalanced(Objective):
    r"""Ask for the right bin of chroma, of a rare colour with more weight.

    .. math:: L = -\frac{1}{N} \sum_{x} w_{q(x)} \sum_q Z_q(x) \log p_q(x)

    at a quarter of the size, with the shares :math:`Z` of bins in the true mean chroma of 4x4
    pixels, the nearest bin :math:`q(x)` and the weights :math:`w` of
    :func:`~flowcolor.models.ab_bins.rebalancing`. How often a bin occurs is counted along with the
    training, over the last thousand batches, and lies in its checkpoints; before the first batch
    all are taken to be as frequent.

    Args:
        uniform: How far weights are evened out, :math:`\lambda` in [0, 1]; 1 for none.

    Raises:
        InputError: The number is out of range.

    Reference:
        Zhang et al., "Colorful image colorization" (2016), sections 2.1 and 2.2, whose shares of
        bins are those of ImageNet. https://arxiv.org/abs/1603.08511
    """

    paints = False
    share: Tensor
    batches: Tensor

    def __init__(self, uniform: float = 0.5) -> None:
        super().__init__()
        check_share(uniform=uniform, zero=False)
        self.uniform = uniform
        self.register_buffer("share", torch.full((COUNT,), 1 / COUNT))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that knows no classes."""
        super().check(colorizer)
        if not isinstance(colorizer, CIC):
            raise InputError(
                "Rebalanced expects a colorizer that chooses among bins of chroma, CIC, got "
                f"{type(colorizer).__name__}."
            )

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the loss, and ``cross_entropy``, the same without weights."""
        require_samples(self, colorizer, batch, "content", "truth")
        logits = cast(CIC, colorizer).logits(batch["content"])
        shares = soft_targets(avg_pool2d(rgb_to_lab(batch["truth"])[:, 1:], 4))
        self._count(shares)
        weights = rebalancing(self.share, self.uniform)[shares.argmax(1)]
        each = -(shares * log_softmax(logits, 1)).sum(1)
        return {"loss": (weights * each).mean(), "cross_entropy": each.mean()}

    @torch.no_grad()
    def _count(self, shares: Tensor) -> None:
        self.batches += 1
        rate = (1 / self.batches).clamp(min=_SLOWEST)
        self.share.lerp_(shares.mean((0, 2, 3)).to(self.share), rate)
