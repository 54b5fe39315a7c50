"""IS: how sure Inception is of what it sees in each result, and how much that varies."""

from numbers import Integral
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics.utilities import dim_zero_cat

from flowcolor.arguments import check_count, plain_numbers
from flowcolor.bounds import shown_value
from flowcolor.errors import InputError
from flowcolor.metrics.feature_sets import Features, FeatureSetMetric
from flowcolor.pretrained.inception import InceptionFeatures
from flowcolor.values import require_real

_CLASSES = 1008


def inception_score(
    logits: Float[Tensor, "n classes"], splits: int = 10, seed: int = 0
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    r"""Mean and deviation of the inception score over parts of a set, in float64.

    .. math:: \exp \Big( \frac{1}{n} \sum_{i=1}^{n} \mathrm{KL}(p_i \,\|\, \bar p) \Big), \qquad
              p_i = \operatorname{softmax}(z_i), \quad \bar p = \frac{1}{n} \sum_{i=1}^{n} p_i

    1 if all images look alike, :math:`k` if :math:`k` classes are equally often and surely
    recognised. A part of :math:`n` images has at most :math:`n`.

    Args:
        logits: :math:`z`, one row for each image.
        splits: How many parts the images are dealt to; as many as images if these are fewer.
        seed: Shuffles them first.

    Returns:
        Two numbers, NaN without images; the deviation of a single part is NaN.

    Raises:
        ValueError: If ``logits`` are no rows, or ``splits`` is no whole number of at least 1.

    Reference:
        Salimans et al., "Improved techniques for training GANs" (2016), section 4.
        https://arxiv.org/abs/1606.03498

    Example:
        >>> score, _ = inception_score(100 * torch.eye(5), splits=1)
        >>> round(float(score), 6)
        5.0
    """
    check_count(inception_score, splits=splits)
    whole = isinstance(seed, Integral) and not isinstance(seed, bool)
    if not whole or not -(2**63) <= seed < 2**64:  # What torch's generators take.
        raise InputError(
            "inception_score expects seed to be a whole number of up to 64 bits, got "
            f"{shown_value(seed)}."
        )
    require_real("inception_score", logits)
    if logits.ndim != 2 or logits.shape[1] == 0:
        raise ValueError(
            "inception_score expects logits of shape (images, classes) with at least one class, "
            f"got {tuple(logits.shape)}."
        )
    if len(logits) == 0:
        nothing = logits.new_tensor(torch.nan, dtype=torch.float64)
        return nothing, nothing
    generator = torch.Generator("cpu").manual_seed(int(seed))
    order = torch.randperm(len(logits), generator=generator, device="cpu")
    shuffled = logits.double()[order.to(logits.device)].log_softmax(1)
    scores = []
    for part in shuffled.tensor_split(min(splits, len(logits))):
        # Written so that a class that is never seen, log p = -inf, counts nothing.
        mean = part.exp().mean(0)
        terms = torch.xlogy(part.exp(), part.exp()) - torch.xlogy(part.exp(), mean)
        scores.append(terms.sum(1).mean().exp())
    found = torch.stack(scores)
    deviation = found.std() if len(found) > 1 else found.new_tensor(torch.nan)
    return found.mean(), deviation


class InceptionScore(FeatureSetMetric):
    """IS, the :func:`inception_score` of results by Inception's 1008 classes, without their bias.

    It knows no photographs: those that ``update`` is given as ``real`` are passed over.

    Traps: it rewards variety among ImageNet's classes, of which faces are none. With ``splits``
    parts of N images it is at most ``N / splits``, and below 5000 images says more of their number
    than of them. Which image falls into which part depends on the order of the images, so that on
    several processes it may differ from one.

    Args:
        path: Inception's weights, see :class:`InceptionFeatures`.
        random_weights: Use random weights. The number is then comparable with no other.
        features: As of :class:`FeatureSetMetric`. An :class:`InceptionFeatures` is shared; what
            another function returns is taken for the logits.
        dimensions: Of the features.
        splits: See :func:`inception_score`.

    Shape:
        - ``images``: :math:`(B, 3, H, W)` in :math:`[0, 1]`.
        - output: ``is``, higher is better, ``is_std``, its deviation over the parts, and ``is_n``,
          the number of images.

    Example:
        >>> metric = InceptionScore(features=lambda x: x.flatten(1), dimensions=12)
        >>> metric.update(torch.rand(20, 3, 2, 2), real=False)
        >>> sorted(metric.compute())
        ['is', 'is_n', 'is_std']
    """

    higher_is_better = True
    logits: list[Tensor] | Tensor

    @plain_numbers
    def __init__(
        self,
        path: str | Path | None = None,
        *,
        random_weights: bool = False,
        features: Features | None = None,
        dimensions: int = 2048,
        splits: int = 10,
    ) -> None:
        super().__init__(
            path, random_weights=random_weights, features=features, dimensions=dimensions
        )
        check_count(self, splits=splits)
        self.splits = splits

    @property
    def note(self) -> str:
        """What has to stand beside the number for it to mean anything."""
        about = (
            f"{self.splits} splits of N images, at most N / {self.splits}; of faces, which are no "
            "class of ImageNet, and of fewer than 5000 images it says nothing"
        )
        return "; ".join(part for part in (about, super().note) if part)

    def _declare(self) -> None:
        # Flat: a process without images joins in with an empty vector.
        self.add_state("logits", [], dist_reduce_fx="cat")

    def _add(self, features: Tensor, real: bool) -> None:
        if real:
            return
        network = self.network
        known = isinstance(network, InceptionFeatures)
        found = network.logits(features) if known else features  # type: ignore[attr-defined]
        self.logits.append(found.float().flatten())  # type: ignore[union-attr]

    def compute(self) -> dict[str, Tensor]:
        """Score all results; NaN if there are none."""
        width = _CLASSES if isinstance(self.network, InceptionFeatures) else self.dimensions
        some = dim_zero_cat(self.logits) if len(self.logits) else torch.zeros(0)
        logits = some.view(-1, width)
        score, deviation = inception_score(logits, self.splits)
        count = torch.tensor(len(logits), device=logits.device)
        return {"is": score, "is_std": deviation, "is_n": count}
