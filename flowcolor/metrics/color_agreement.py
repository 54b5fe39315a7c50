"""Does a result have the colours of its reference?"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from flowcolor.arguments import plain_numbers
from flowcolor.metrics.base import SeparateMetric
from flowcolor.metrics.mean_color import mean_color, nearer_to_own
from flowcolor.metrics.wasserstein import check_directions, color_wasserstein


class ColorAgreement(SeparateMetric):
    r"""Does the result have the colours of its own reference?

    Images with an empty mask have no colours and are left out. All numbers are over images, the
    same on any number of processes.

    Args:
        directions: See :func:`~flowcolor.metrics.sliced_wasserstein`.

    Shape:
        - ``result``, ``reference``: :math:`(B, 3, H, W)`, sRGB in :math:`[0, 1]`.
        - ``mask``, ``reference_mask``: :math:`(B, H, W)`, boolean; ``None`` means everywhere.
        - output: a dictionary of scalars: ``colors`` (mean sliced Wasserstein distance of the
          L*a*b* colours, lower is better), ``mean_color`` (mean :math:`\Delta E_{76}` of the mean
          colours) and ``colors_won`` (share of images whose mean colour is nearer to their own
          reference's than to the average of the other references'; NaN for a single image).

    Example:
        >>> metric = ColorAgreement()
        >>> metric.update(*torch.rand(2, 4, 3, 8, 8))
        >>> sorted(metric.compute())
        ['colors', 'colors_won', 'mean_color']
    """

    full_state_update = False
    numbers: list[Tensor] | Tensor

    @plain_numbers
    def __init__(self, directions: int = 64) -> None:
        super().__init__()
        check_directions(self, directions)
        self.directions = directions
        # Seven per image, flat: a process without images joins in with an empty vector.
        self.add_state("numbers", [], dist_reduce_fx="cat")

    def update(
        self,
        result: Float[Tensor, "batch 3 height width"],
        reference: Float[Tensor, "batch 3 reference_height reference_width"],
        mask: Bool[Tensor, "batch height width"] | None = None,
        reference_mask: Bool[Tensor, "batch reference_height reference_width"] | None = None,
    ) -> None:
        """Add a batch of results and their references."""
        distances = color_wasserstein(result, reference, mask, reference_mask, self.directions)
        means = mean_color(result, mask), mean_color(reference, reference_mask)
        numbers = torch.cat([distances[:, None], *means], 1).float()
        kept = torch.ones(len(result), dtype=torch.bool, device=result.device)
        for inside in (mask, reference_mask):
            if inside is not None:
                kept &= inside.flatten(1).any(1)
        self.numbers.append(numbers[kept].flatten())  # type: ignore[union-attr]

    def compute(self) -> dict[str, Tensor]:
        """Average over all images; NaN if there were none."""
        some = dim_zero_cat(self.numbers) if len(self.numbers) else torch.zeros(0)
        numbers = some.view(-1, 7)
        distances, own, reference = numbers.split([1, 3, 3], 1)
        won = nearer_to_own(own, reference).float() if len(own) > 1 else own.new_tensor([])
        return {
            "colors": distances.mean(),
            "mean_color": torch.linalg.vector_norm(own - reference, dim=1).mean(),
            "colors_won": won.mean(),
        }
