"""FID: how far the features of results are from those of photographs, as two Gaussians."""

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.arguments import check_parameters
from flowcolor.metrics.feature_sets import FeatureSetMetric
from flowcolor.values import require_real


def frechet_distance(
    mean: Float[Tensor, " d"],
    covariance: Float[Tensor, "d d"],
    other_mean: Float[Tensor, " d"],
    other_covariance: Float[Tensor, "d d"],
) -> Float[Tensor, ""]:
    r"""Squared Fréchet (2-Wasserstein) distance of two Gaussians, in float64.

    .. math:: \|\mu - \nu\|^2 + \operatorname{tr} A + \operatorname{tr} B
              - 2 \, \| A^{1/2} B^{1/2} \|_*

    The nuclear norm, the sum of singular values, is the trace of :math:`(A B)^{1/2}`. Taken of two
    symmetric roots it exists for singular covariances, too, as those of few images are, where
    iterative square roots of :math:`A B` fail.

    Args:
        mean: :math:`\mu`.
        covariance: :math:`A`, symmetric and not negative.
        other_mean: :math:`\nu`.
        other_covariance: :math:`B`.

    Returns:
        A scalar; NaN if a covariance is not finite.

    Raises:
        ValueError: If the shapes do not fit together.

    Reference:
        Dowson and Landau, "The Fréchet distance between multivariate normal distributions" (1982).
        https://doi.org/10.1016/0047-259X(82)90077-X
    """
    require_real("frechet_distance", mean, covariance, other_mean, other_covariance)
    mean, covariance, other_mean, other_covariance = (
        x.double() for x in (mean, covariance, other_mean, other_covariance)
    )
    size = mean.shape[-1:]
    if mean.ndim != 1 or not (
        mean.shape == other_mean.shape
        and covariance.shape == other_covariance.shape == torch.Size([*size, *size])
    ):
        shapes = [tuple(x.shape) for x in (mean, covariance, other_mean, other_covariance)]
        raise ValueError(
            "frechet_distance expects two means of shape (d,) and covariances of shape (d, d), "
            f"got {shapes}."
        )
    shift = (mean - other_mean).square().sum()
    traces = covariance.trace() + other_covariance.trace()
    if not (covariance.isfinite().all() and other_covariance.isfinite().all()):
        return mean.new_tensor(torch.nan)  # Of which no roots can be taken.
    overlap = torch.linalg.svdvals(_root(covariance).mT @ _root(other_covariance)).sum()
    distance: Tensor = shift + traces - 2 * overlap
    return distance


class FrechetInceptionDistance(FeatureSetMetric):
    r"""FID, the :func:`frechet_distance` of two sets of images in Inception's features.

    Number and sums of :math:`\phi` and :math:`\phi \phi^T` are kept in float64 (64 MiB for 2048
    features), whatever the number of images; covariances are divided by :math:`N - 1`.

    Traps: FID is biased and falls as the number of images grows, so print ``fid_n`` beside it and
    compare equal numbers only; below 2048 images, where the covariance is singular, print KID as
    well. It moves with any resizing, see :class:`InceptionFeatures`.

    The arguments are those of :class:`FeatureSetMetric`.

    Shape:
        - ``images``: :math:`(B, 3, H, W)` in :math:`[0, 1]`.
        - output: ``fid``, lower is better, NaN with fewer than two images on a side, and
          ``fid_n``, the smaller number of images of the two sides.

    Reference:
        Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
        equilibrium" (2017). https://arxiv.org/abs/1706.08500

    Example:
        >>> metric = FrechetInceptionDistance(features=lambda x: x.flatten(1), dimensions=12)
        >>> metric.update(torch.rand(5, 3, 2, 2), real=True)
        >>> metric.update(torch.rand(7, 3, 2, 2), real=False)
        >>> metric.compute()["fid_n"]
        tensor(5)
    """

    real_sum: Tensor
    real_outer: Tensor
    real_count: Tensor
    result_sum: Tensor
    result_outer: Tensor
    result_count: Tensor

    def _declare(self) -> None:
        check_parameters(self, self.dimensions**2, dimensions=self.dimensions)
        for side in ("real", "result"):
            zeros = torch.zeros(self.dimensions, self.dimensions, dtype=torch.float64)
            self.add_state(f"{side}_sum", zeros[0].clone(), dist_reduce_fx="sum")
            self.add_state(f"{side}_outer", zeros, dist_reduce_fx="sum")
            self.add_state(f"{side}_count", torch.zeros((), dtype=torch.int64), "sum")

    def _add(self, features: Tensor, real: bool) -> None:
        features = features.double()
        # Not in place: a module around may have been converted to half precision, states included,
        # and states that were reset in inference mode cannot be written to outside.
        if real:
            self.real_sum = self.real_sum + features.sum(0)
            self.real_outer = self.real_outer + features.mT @ features
            self.real_count = self.real_count + len(features)
        else:
            self.result_sum = self.result_sum + features.sum(0)
            self.result_outer = self.result_outer + features.mT @ features
            self.result_count = self.result_count + len(features)

    def compute(self) -> dict[str, Tensor]:
        """Compare the two sets; NaN if one has fewer than two images."""
        count = torch.minimum(self.real_count, self.result_count)
        if count < 2:
            return {"fid": self.real_sum.new_tensor(torch.nan), "fid_n": count}
        real = _moments(self.real_sum, self.real_outer, self.real_count)
        result = _moments(self.result_sum, self.result_outer, self.result_count)
        return {"fid": frechet_distance(*real, *result), "fid_n": count}


def _moments(total: Tensor, outer: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and unbiased covariance."""
    mean = total / count
    return mean, (outer - torch.outer(total, mean)) / (count - 1)


def _root(covariance: Tensor) -> Tensor:
    r"""Return :math:`R` with :math:`R R^T` the covariance, without columns that are only noise."""
    values, vectors = torch.linalg.eigh(covariance)
    noise = values[-1].abs() * len(values) * torch.finfo(values.dtype).eps
    kept = values > noise
    root: Tensor = vectors[:, kept] * values[kept].sqrt()
    return root
