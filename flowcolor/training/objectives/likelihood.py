"""The probability of photographs and drawings, for models that know it."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, cat

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError, did_you_mean
from flowcolor.models import Colorizer, ConditionalDensity
from flowcolor.training.objectives.arguments import check_part, check_weight
from flowcolor.training.objectives.base import Objective, own_chances, require_samples


class Likelihood(Objective):
    r"""Make images probable: the fewest bits per dimension that a model needs for them.

    .. math:: L = \frac{\sum_i w_i\, b_i}{\sum_i w_i}

    with :math:`b_i` the bits per dimension of a part, see
    :func:`~flowcolor.models.bits_per_dim`; for :class:`~flowcolor.models.Glow` the parts are
    ``photo`` and ``content``. Each is logged, ``train/bits_photo`` for one, and in validation,
    always with the same noise of each picture, ``val/bits_photo``.

    Args:
        weights: The weight :math:`w_i` of each part. ``None``: all alike.

    Raises:
        InputError: A weight is negative or not finite, or all are zero.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), section 2, equations 1 and 2.
        https://arxiv.org/abs/1807.03039
    """

    paints = False

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        check_part(Mapping, weights=weights)
        check_weight(**{f"weights.{name}": weight for name, weight in (weights or {}).items()})
        if weights is not None and not any(weights.values()):
            raise InputError(f"weights expects one that is not zero, got {dict(weights)}.")
        self.weights = None if weights is None else dict(weights)

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer that knows no probability."""
        super().check(colorizer)
        if not isinstance(colorizer, ConditionalDensity):
            raise InputError(
                "Likelihood expects a colorizer that knows how probable images are, got "
                f"{type(colorizer).__name__}."
            )
        for name in self.weights or {}:
            if name not in colorizer.parts:
                raise InputError(
                    f"weights expects {' and '.join(colorizer.parts)} of "
                    f"{type(colorizer).__name__}, got {name!r}"
                    f"{did_you_mean(name, colorizer.parts)}."
                )

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted bits per dimension, and those of each part."""
        require_samples(self, colorizer, batch, "content", "truth")
        density = cast(ConditionalDensity, colorizer)
        parts = density.bits(batch["content"], batch["truth"])
        bits = {f"bits_{name}": value.mean() for name, value in parts.items()}
        weights = dict.fromkeys(parts, 1.0) if self.weights is None else self.weights
        terms = [weight * bits[f"bits_{name}"] for name, weight in weights.items()]
        return {"loss": torch.stack(terms).sum() / sum(weights.values()), **bits}

    def scores(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return the bits per dimension of each part."""
        if not isinstance(colorizer, ConditionalDensity):
            return {}
        require_samples(self, colorizer, batch, "content", "truth")
        images = (batch[name].split(1) for name in ("content", "truth"))
        chances = own_chances(batch, batch["content"].device)
        each = [colorizer.bits(*own) for own in zip(*images, chances, strict=True)]
        return {f"bits_{name}": cat([bits[name] for bits in each]).mean() for name in each[0]}
