r"""Chroma in bins: 529 pairs of a and b on a grid, and colours as shares of them."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d

from flowcolor.arguments import check_number, check_positive
from flowcolor.values import require_fractions, widen, without_autocast

SIDE = 23
COUNT = SIDE**2
_STEP = 10.0
_NEAREST = 5
_SIGMA = 5.0


def centers() -> Float[Tensor, "bins 2"]:
    """Return a and b in the middle of each bin, from -110 to 110 in steps of 10."""
    axis = _STEP * (torch.arange(SIDE, device="cpu") - SIDE // 2).float()
    return torch.cartesian_prod(axis, axis)


def soft_targets(
    chroma: Float[Tensor, "batch 2 height width"],
) -> Float[Tensor, "batch bins height width"]:
    r"""Return how much of a colour each bin is: of the five nearest bins, by a Gaussian.

    In float32 or wider.

    .. math:: Z_q \propto \exp\left(-\frac{\|ab - ab_q\|^2}{2 \cdot 5^2}\right),
              \qquad \sum_q Z_q = 1

    Raises:
        ValueError: These are no float numbers of that shape.

    Reference:
        Zhang et al., "Colorful image colorization" (2016), section 2.1.
        https://arxiv.org/abs/1603.08511
    """
    _check_shape("soft_targets", "chroma", chroma, ("batch", 2, "height", "width"))
    points = widen(chroma).movedim(1, -1).flatten(0, -2)
    squares = torch.cdist(points, centers().to(points), compute_mode="donot_use_mm_for_euclid_dist")
    near, bins = squares.square().topk(_NEAREST, largest=False)
    shares = torch.zeros(len(points), COUNT, dtype=points.dtype, device=points.device)
    # By softmax, because far from all bins every exponential is zero.
    shares.scatter_(1, bins, (-near / (2 * _SIGMA**2)).softmax(1))
    batch, _, *sides = chroma.shape
    return shares.view(batch, *sides, COUNT).movedim(-1, 1)


def annealed_mean(
    logits: Float[Tensor, "batch bins height width"], annealing: float
) -> Float[Tensor, "batch 2 height width"]:
    r"""Return the mean colour of probabilities that are made more decided.

    .. math:: ab = \sum_q ab_q \frac{p_q^{1/T}}{\sum_r p_r^{1/T}}

    :math:`T = 1` is the mean, which is grey where two colours are likely; :math:`T \to 0` the
    likeliest bin, which jumps from place to place.

    Args:
        logits: Logarithms of the probabilities, up to a constant.
        annealing: :math:`T`, above 0.

    Raises:
        ValueError: It is no finite number above 0, or the logarithms are no float numbers of that
            shape.

    Reference:
        Zhang et al. (2016), equation 5.
    """
    _check_shape("annealed_mean", "logits", logits, ("batch", COUNT, "height", "width"))
    check_positive(annealed_mean, annealing=annealing)
    shares = (logits / annealing).softmax(1)
    with without_autocast(logits):
        mean: Tensor = torch.tensordot(shares, centers().to(logits), ([1], [0])).movedim(-1, 1)
    return mean


def rebalancing(share: Float[Tensor, " bins"], uniform: float = 0.5) -> Float[Tensor, " bins"]:
    r"""Return weights by which rare colours count as much as grey ones.

    .. math:: w_q \propto \left((1 - \lambda)\,(g * p)_q + \frac{\lambda}{Q}\right)^{-1},
              \qquad \sum_q (g * p)_q\, w_q = 1

    with a Gaussian :math:`g` of a deviation of 5, half a bin.

    Args:
        share: How often each bin occurs, :math:`p`.
        uniform: :math:`\lambda`, from 0 to 1; 1 for no weights.

    Raises:
        ValueError: It is no number from 0 to 1, or the shares are no float numbers of the bins.

    Reference:
        Zhang et al. (2016), equations 3 and 4.
    """
    _check_shape("rebalancing", "share", share, (COUNT,))
    check_number(rebalancing, smallest=0.0, uniform=uniform)
    if uniform > 1:
        raise ValueError(f"rebalancing expects uniform to be at most 1, got {uniform!r}.")
    axis = torch.arange(-2, 3, device=share.device).to(share)
    kernel = torch.exp(-0.5 * (axis * _STEP / _SIGMA) ** 2)
    kernel = (kernel[:, None] * kernel)[None, None]
    grids = torch.stack([share, torch.ones_like(share)]).view(2, 1, SIDE, SIDE)
    with without_autocast(share):
        spread, room = conv2d(grids, kernel, padding=2).view(2, COUNT)
    # Divided by what lies inside of the grid: else bins at its border would seem rare.
    spread = spread / room
    spread = spread / spread.sum()
    weights: Tensor = 1 / ((1 - uniform) * spread + uniform / COUNT)
    balanced: Tensor = weights / (spread * weights).sum()
    return balanced


def _check_shape(name: str, argument: str, x: Tensor, shape: tuple[int | str, ...]) -> None:
    require_fractions(name, x)
    sides = zip(x.shape, shape, strict=False)
    if x.ndim != len(shape) or any(isinstance(want, int) and got != want for got, want in sides):
        expected = ", ".join(map(str, shape))
        raise ValueError(f"{name} expects {argument} of shape ({expected}), got {tuple(x.shape)}.")
