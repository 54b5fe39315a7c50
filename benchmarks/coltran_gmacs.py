"""The arithmetic of a colorization by ColTran, of which thousands of pixels are drawn in turn."""

import numpy as np
import torch
from torch import Tensor

from flowcolor.evaluation.operations import count_operations
from flowcolor.models import ColTran
from flowcolor.models.coltran_sample import sample_colors

_SIDES = 2, 4, 6


@torch.no_grad()
def coltran_gmacs(model: ColTran) -> float:
    r"""Return the GMACs of one picture, without drawing all of its pixels.

    Norms look at a whole picture once, every pixel costs the same, and so does every look of its
    attention at a row or a column: :math:`a + b s^2 + c s^3` for the side :math:`s` of what is
    drawn. Three small sides tell all three.

    Args:
        model: In stage 3; with or without numbers.
    """
    powers = np.array([[1, side**2, side**3] for side in _SIDES])
    costs = np.linalg.solve(powers, [_drawn(model, side) for side in _SIDES])
    core, side = model.core_size, model.size
    drawn = float(costs @ [1, core**2, core**3])

    def refine() -> None:
        model.color.likeliest(_bytes(core), _bytes(core, 3))
        model.spatial.likeliest(_bytes(side), _bytes(side, 3))

    return drawn + count_operations(refine)["all"]


def _drawn(model: ColTran, side: int) -> float:
    core = ColTran(**{**model.config, "core_size": side, "stage": 1}).core.eval()
    counted = count_operations(lambda: sample_colors(core, core.encode(_bytes(side))))
    return counted["all"]


def _bytes(side: int, channels: int | None = None) -> Tensor:
    shape = (1, side, side) if channels is None else (1, channels, side, side)
    return torch.zeros(shape, dtype=torch.int64)
