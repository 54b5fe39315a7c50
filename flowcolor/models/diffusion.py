r"""From noise to a picture: levels of noise, and the three ways to go down from one to the next."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

Sampler = Literal["ancestral", "posterior", "ddim"]
TRAINING = (2000, 1e-6, 0.01)  # Steps and variances of the published training.
_NOISIEST, _CLEANEST = -4.3, 4.0  # Decades of signal to noise: where training and sampling end.


def signal_levels(steps: int, first: float, last: float) -> Tensor:
    r"""Return the share of signal after each step of a linear schedule, in float64.

    .. math:: \gamma_t = \prod_{s \le t} (1 - \beta_s), \qquad
              \beta_s = \beta_1 + \tfrac{s - 1}{T - 1} (\beta_T - \beta_1)

    Args:
        steps: :math:`T`.
        first: :math:`\beta_1`.
        last: :math:`\beta_T`.

    Example:
        >>> bool(signal_levels(2000, 1e-6, 0.01)[-1] < 4.4e-5)
        True
    """
    # On the CPU, also where a model is built without memory.
    return (1 - torch.linspace(first, last, steps, dtype=torch.float64, device="cpu")).cumprod(0)


def even_levels(steps: int) -> list[float]:
    """Return levels from noise to signal whose ratio of both grows by one factor at each step."""
    ratio = 10 ** torch.linspace(_NOISIEST, _CLEANEST, steps, dtype=torch.float64, device="cpu")
    found: list[float] = (ratio / (1 + ratio)).tolist()
    return found


def sample(
    predict: Callable[[Tensor, float], Tensor],
    levels: Sequence[float],
    noise: Callable[[], Tensor],
    sampler: Sampler = "ancestral",
    temperature: float = 1.0,
    clip: bool = True,
) -> Tensor:
    r"""Draw :math:`y_0` by removing predicted noise, level after level.

    From :math:`y` at :math:`\gamma` to :math:`y'` at :math:`\gamma'`, with the prediction
    :math:`\hat\epsilon`, :math:`\alpha = \gamma / \gamma'`,
    :math:`\hat y_0 = (y - \sqrt{1 - \gamma}\, \hat\epsilon) / \sqrt\gamma`, and
    :math:`z \sim N(0, 1)`, which is 0 in the last step, where :math:`\gamma' = 1`:

    ============= ==========================================================================
    ``ancestral`` :math:`y' = \big(y - \tfrac{1 - \alpha}{\sqrt{1 - \gamma}} \hat\epsilon\big)
                  / \sqrt\alpha + \sqrt{1 - \alpha}\, z`
    ``posterior`` :math:`y' = \tfrac{\sqrt{\gamma'} (1 - \alpha)}{1 - \gamma} \hat y_0
                  + \tfrac{\sqrt\alpha (1 - \gamma')}{1 - \gamma} y
                  + \sqrt{\tfrac{(1 - \alpha) (1 - \gamma')}{1 - \gamma}}\, z`
    ``ddim``      :math:`y' = \sqrt{\gamma'}\, \hat y_0 + \sqrt{1 - \gamma'}\, \hat\epsilon`
    ============= ==========================================================================

    The variances of the first two are the largest and the smallest that fit the model; with a
    thousand levels they hardly differ, with few ``ddim`` is closest to the truth.

    Args:
        predict: Returns :math:`\hat\epsilon` of :math:`y` at the level :math:`\gamma`.
        levels: From the noisiest on, each below 1.
        noise: Returns fresh normal noise of the shape of the result.
        sampler: Which of the three. ``"ancestral"`` is the paper's algorithm 2.
        temperature: Times all noise.
        clip: Whether :math:`\hat y_0` is brought to [-1, 1], by the last two.

    Reference:
        Saharia et al., "Palette: image-to-image diffusion models" (2022), algorithm 2; Ho et al.
        (2020), equation 7, https://arxiv.org/abs/2006.11239; Song et al. (2021), equation 12 with
        eta 0, https://arxiv.org/abs/2010.02502
    """
    y = temperature * noise()
    for g, after in pairwise([*levels, 1.0]):
        predicted = predict(y, g)
        alpha, rest = g / after, 1 - g
        # The last step adds no noise. Drawing some would only change what the generator draws next.
        z: Tensor | float = temperature * noise() if after < 1 and sampler != "ddim" else 0.0
        if sampler == "ancestral":
            mean = (y - (1 - alpha) / math.sqrt(rest) * predicted) / math.sqrt(alpha)
            y = mean + math.sqrt(1 - alpha) * z
            continue
        clean = (y - math.sqrt(rest) * predicted) / math.sqrt(g)
        if clip:
            clean = clean.clamp(-1, 1)
        if sampler == "posterior":
            mean = math.sqrt(after) * (1 - alpha) / rest * clean
            mean = mean + math.sqrt(alpha) * (1 - after) / rest * y
            y = mean + math.sqrt((1 - alpha) * (1 - after) / rest) * z
        else:
            # The noise that goes with the clipped image: any other would not make up y with it.
            predicted = (y - math.sqrt(g) * clean) / math.sqrt(rest)
            y = math.sqrt(after) * clean + math.sqrt(1 - after) * predicted
    return y
