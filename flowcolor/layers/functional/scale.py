r"""How a coupling turns an unbounded network output into a positive scale."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from flowcolor.bounds import shown_value
from flowcolor.values import require_fractions

Scale = Literal["bounded", "sigmoid", "sigmoid2", "exp", "atan", "zero_sum", "none"]
# Without "none", which only shifts.
SCALES: tuple[Scale, ...] = ("bounded", "sigmoid", "sigmoid2", "exp", "atan", "zero_sum")

CLAMP = 2.0  # By default "exp" stays within exp(-2) and exp(2).
_ARC = 0.636  # About 2 / pi, in the digits of the networks that were trained with it.


def positive_scale(raw: Tensor, kind: Scale, clamp: float | None = CLAMP) -> tuple[Tensor, Tensor]:
    r"""Return the scale :math:`s(r) > 0` and its logarithm.

    - ``"bounded"``: :math:`s = 1/2 + \sigma(r)`, between 0.5 and 1.5 and 1 at zero. Undoing a
      coupling divides by :math:`s`, so a floor is what keeps deep stacks invertible in float32.
    - ``"sigmoid"``: :math:`s = \sigma(r)`, the thesis's equation 3.5. No floor: deep stacks lose
      their inverse in float32 once trained.
    - ``"sigmoid2"``: :math:`s = \sigma(r + 2)`, as in the code released with Glow. No floor either.
    - ``"exp"``: :math:`s = \exp(c \tanh(r / c))`, for :math:`c = 2` between 0.14 and 7.4 and 1 at
      zero; the soft clamp of Ardizzone et al. (2019) with a hyperbolic tangent. Its floor is low:
      each coupling may magnify an error by seven. Without a clamp, :math:`s = e^r`.
    - ``"atan"``: :math:`s = \exp(0.636\, c \arctan(r / c))`, the soft clamp of Ardizzone et al.
      with their arc tangent, between :math:`e^{-c}` and :math:`e^c`.
    - ``"zero_sum"``: :math:`s = \exp(u - \bar u)` with :math:`u = c \tanh(r / c)` and its mean
      :math:`\bar u` over the channels (axis 1), so that the logarithms of each pixel sum to zero
      and volume is preserved, as in GIN (Sorrenson et al., 2020,
      https://arxiv.org/abs/2001.04872).

    After a few dozen hard training steps, deep stacks with another scale than ``"bounded"`` may
    give back an image that has nothing to do with the one they were given, for inputs far outside
    of the training images first. With ``"bounded"`` an error of ``1e-3`` is a bad case.
    :func:`flowcolor.testing.measure_drift` tells.

    Args:
        raw: Network output :math:`r`, of any shape and range.
        kind: One of the six names.
        clamp: The :math:`c` of ``"exp"``, ``"atan"`` and ``"zero_sum"``; ``None`` for none, not of
            ``"atan"``.

    Raises:
        ValueError: The output is no float tensor, or there is no such kind.
    """
    require_fractions("positive_scale", raw)
    match kind:
        case "bounded":
            scale = 0.5 + raw.sigmoid()
            return scale, scale.log()
        case "sigmoid":
            return raw.sigmoid(), functional.logsigmoid(raw)
        case "sigmoid2":
            return (raw + 2).sigmoid(), functional.logsigmoid(raw + 2)
        case "exp" | "zero_sum":
            log_scale = raw if clamp is None else clamp * torch.tanh(raw / clamp)
            if kind == "zero_sum":
                log_scale = log_scale - log_scale.mean(1, keepdim=True)
            return log_scale.exp(), log_scale
        case "atan" if clamp is not None:
            log_scale = _ARC * clamp * torch.atan(raw / clamp)
            return log_scale.exp(), log_scale
    raise ValueError(
        f"positive_scale expects kind to be one of {list(SCALES)}, got {shown_value(kind)}."
    )


def differentiate_scale(
    raw: Tensor,
    scale: Tensor,
    kind: Scale,
    grad_scale: Tensor,
    grad_log: Tensor,
    clamp: float | None = CLAMP,
) -> Tensor:
    r"""Return the gradient for :math:`r`, given those for :math:`s(r)` and :math:`\log s(r)`.

    In closed form and in the memory of ``grad_scale``, which is used up:

    .. math:: \dot r = (\dot s + \dot\ell / s) \, s'(r)

    Args:
        raw: Network output :math:`r`.
        scale: Its scale :math:`s`.
        kind: One of the six names.
        grad_scale: :math:`\dot s`.
        grad_log: :math:`\dot\ell`, expanded to the shape of ``raw``.
        clamp: The :math:`c` of ``"exp"``, ``"atan"`` and ``"zero_sum"``.
    """
    match kind:
        case "bounded":
            g = grad_scale.addcdiv_(grad_log, scale)
            # g (s - 1/2) (3/2 - s), without a second buffer.
            g.addcmul_(g, scale, value=-2).addcmul_(g, scale, value=-2 / 3)
            return g.mul_(-3 / 4)
        case "sigmoid" | "sigmoid2":
            rest = (-raw if kind == "sigmoid" else -2 - raw).sigmoid_()  # 1 - s, with its digits.
            return grad_scale.mul_(scale).add_(grad_log).mul_(rest)
    grad_raw = grad_scale.mul_(scale).add_(grad_log)  # For log s, of which r is a function.
    if kind == "zero_sum":
        grad_raw.sub_(grad_raw.mean(1, keepdim=True))
    if clamp is None:
        return grad_raw
    bent = raw / clamp
    if kind == "atan":
        return grad_raw.mul_(_ARC).div_(bent.square_().add_(1))
    return grad_raw.mul_(bent.tanh_().square_().neg_().add_(1))
