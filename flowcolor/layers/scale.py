r"""How a coupling turns an unbounded network output into a positive scale."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Scale = Literal["bounded", "sigmoid", "sigmoid2", "exp"]
SCALES: tuple[Scale, ...] = ("bounded", "sigmoid", "sigmoid2", "exp")

_CLAMP = 2.0  # "exp" stays within exp(-2) and exp(2).


def positive_scale(raw: Tensor, kind: Scale) -> tuple[Tensor, Tensor]:
    r"""Return the scale :math:`s(r) > 0` and its logarithm.

    - ``"bounded"``: :math:`s = 1/2 + \sigma(r)`, between 0.5 and 1.5 and 1 at zero. Undoing a
      coupling divides by :math:`s`, so a floor is what keeps deep stacks invertible in float32.
    - ``"sigmoid"``: :math:`s = \sigma(r)`, the thesis's equation 3.5. No floor: deep stacks lose
      their inverse in float32 once trained.
    - ``"sigmoid2"``: :math:`s = \sigma(r + 2)`, as in the code released with Glow.
    - ``"exp"``: :math:`s = \exp(2 \tanh(r / 2))`, between 0.14 and 7.4 and 1 at zero; the soft
      clamp of Ardizzone et al. (2019) with a hyperbolic tangent.

    Args:
        raw: Network output :math:`r`, of any shape and range.
        kind: One of the four names.
    """
    match kind:
        case "bounded":
            scale = 0.5 + raw.sigmoid()
            return scale, scale.log()
        case "sigmoid":
            return raw.sigmoid(), functional.logsigmoid(raw)
        case "sigmoid2":
            return (raw + 2).sigmoid(), functional.logsigmoid(raw + 2)
        case "exp":
            log_scale = _CLAMP * torch.tanh(raw / _CLAMP)
            return log_scale.exp(), log_scale
