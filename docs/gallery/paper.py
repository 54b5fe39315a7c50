"""One drawing on several kinds of paper."""

import torch
from torch import Tensor
from torch.nn import functional


def papers(drawing: Tensor) -> dict[str, Tensor]:
    """Return a drawing, :math:`(3, S, S)`, as bad scans and photographs of it look."""
    side = drawing.shape[-1]
    rows = torch.arange(side)[:, None] - 0.02 * torch.arange(side)
    shadow = torch.linspace(0.5, 0.95, side)[:, None]
    yellow = torch.tensor([0.95, 0.88, 0.66])[:, None, None]
    grain = 0.12 * torch.rand(1, side, side, generator=torch.Generator().manual_seed(0))
    corner = torch.ones_like(drawing)
    half = functional.interpolate(drawing[None], scale_factor=0.5, mode="area")[0]
    corner[:, 12 : 12 + side // 2, 18 : 18 + side // 2] = half
    return {
        "shadow": drawing * shadow,
        "faint": yellow * (1 - 0.4 * (1 - drawing)),
        "ruled": drawing * torch.where(rows % 20 < 1.5, 0.75, 1.0),
        "grain": (drawing - grain).clamp(0, 1),
        "inverse": 1 - drawing,
        "corner": corner,
    }
