"""KID: how far the features of results are from those of photographs, by a polynomial kernel."""

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from flowcolor.metrics.feature_sets import FeatureSetMetric
from flowcolor.values import require_real

_ROWS = 1024  # Of the kernel matrix that exist at once.


def kernel_distance(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, ""]:
    r"""Unbiased estimate of the squared maximum mean discrepancy of two sets, in float64.

    .. math:: \frac{1}{n (n - 1)} \sum_{i \ne j} k(x_i, x_j)
              + \frac{1}{m (m - 1)} \sum_{i \ne j} k(y_i, y_j)
              - \frac{2}{n m} \sum_{i, j} k(x_i, y_j), \qquad
              k(a, b) = \Big(\frac{a \cdot b}{d} + 1\Big)^3

    It may be negative if the sets are alike. NaN if one of them has fewer than two members.

    Args:
        x: Features of one set, one row for each image.
        y: Those of the other.

    Raises:
        ValueError: If they are no rows of one length.

    Reference:
        Bińkowski et al., "Demystifying MMD GANs" (2018), section 4. https://arxiv.org/abs/1801.01401
    """
    require_real("kernel_distance", x, y)
    if x.ndim != 2 or x.shape[1:] != y.shape[1:]:
        raise ValueError(
            "kernel_distance expects two sets of features of shape (images, d) with the same d, "
            f"got {tuple(x.shape)} and {tuple(y.shape)}."
        )
    n, m = len(x), len(y)
    if min(n, m) < 2:
        return x.new_tensor(torch.nan, dtype=torch.float64)
    same_x, same_y = _kernel_sum(x, x) - _diagonal_sum(x), _kernel_sum(y, y) - _diagonal_sum(y)
    return same_x / (n * (n - 1)) + same_y / (m * (m - 1)) - 2 * _kernel_sum(x, y) / (n * m)


class KernelInceptionDistance(FeatureSetMetric):
    r"""KID, the :func:`kernel_distance` of two sets of images in Inception's features.

    Unlike FID it has the same expectation for any number of images. Papers and torchmetrics report
    the mean over a hundred random subsets of 1000 images, often times 100 or 1000; this is the
    estimate from all images at once, of the same expectation, without the randomness, the same on
    any number of processes.

    The features are kept, 8 KiB for an image; time grows with the square of their number
    (10,000 and 10,000 images: half a minute on one core).

    The arguments are those of :class:`FeatureSetMetric`.

    Shape:
        - ``images``: :math:`(B, 3, H, W)` in :math:`[0, 1]`.
        - output: ``kid``, lower is better, NaN with fewer than two images on a side, and
          ``kid_n``, the smaller number of images of the two sides.

    Example:
        >>> metric = KernelInceptionDistance(features=lambda x: x.flatten(1), dimensions=12)
        >>> metric.update(torch.rand(5, 3, 2, 2), real=True)
        >>> metric.update(torch.rand(7, 3, 2, 2), real=False)
        >>> metric.compute()["kid_n"]
        tensor(5)
    """

    real_features: list[Tensor] | Tensor
    result_features: list[Tensor] | Tensor

    def _declare(self) -> None:
        # Flat: a process without images joins in with an empty vector.
        self.add_state("real_features", [], dist_reduce_fx="cat")
        self.add_state("result_features", [], dist_reduce_fx="cat")

    def _add(self, features: Tensor, real: bool) -> None:
        kept = self.real_features if real else self.result_features
        kept.append(features.float().flatten())  # type: ignore[union-attr]

    def compute(self) -> dict[str, Tensor]:
        """Compare the two sets; NaN if one has fewer than two images."""
        known = [
            dim_zero_cat(some).view(-1, self.dimensions) if len(some) else None
            for some in (self.real_features, self.result_features)
        ]
        # A side without images has no device; it is where the other one is.
        other = next((some for some in known if some is not None), torch.zeros(0))
        real, result = (
            other.new_zeros(0, self.dimensions) if some is None else some for some in known
        )
        count = torch.tensor(min(len(real), len(result)), device=real.device)
        return {"kid": kernel_distance(real, result), "kid_n": count}


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.mT / x.shape[1] + 1) ** 3


def _kernel_sum(x: Tensor, y: Tensor) -> Tensor:
    """Sum of the kernel over all pairs, some rows at a time."""
    y = y.double()
    return torch.stack([_kernel(rows.double(), y).sum() for rows in x.split(_ROWS)]).sum()


def _diagonal_sum(x: Tensor) -> Tensor:
    return ((x.double().square().sum(1) / x.shape[1] + 1) ** 3).sum()
