r"""The sketch-and-colour flow as one graph of operators, for any batch and any suitable sides."""

import copy
from typing import cast

from torch import Tensor, nn

from flowcolor.deploy.fixed import Fixed, fixed
from flowcolor.layers import AttentionAggregation
from flowcolor.layers.functional.areas import mean_over_areas
from flowcolor.layers.reversible.torch_private import assume
from flowcolor.models import SketchColorFlow


class ExportableFlow(nn.Module):
    r"""Compute :meth:`SketchColorFlow.colorize <flowcolor.models.SketchColorFlow.colorize>`.

    The same numbers but for rounding, from a copy of the weights as they are now. Inputs are not
    checked.

    Attention looks at a condition through at most so many averaged places, see
    :class:`~flowcolor.layers.AttentionAggregation`. Whether it averages depends on the sides, and
    a branch would be fixed by the example that is traced. So the mean over areas is two products,

    .. math:: c' = P_h\, c\, P_w^T,

    with matrices that are the identity for small images, made once for all layers.

    Args:
        model: What is copied.
    """

    def __init__(self, model: SketchColorFlow) -> None:
        super().__init__()
        model = copy.deepcopy(model).float().eval()
        attention = [part for part in model.modules() if isinstance(part, AttentionAggregation)]
        self.max_tokens = attention[0].max_tokens if attention else None
        self.color = nn.ModuleList(fixed(layer) for layer in model.color_flow)
        self.sketch = nn.ModuleList(fixed(layer) for layer in model.sketch_flow)

    def forward(self, drawing: Tensor, reference: Tensor) -> Tensor:
        """Return the drawing in the colours of the reference, not clamped to [0, 1]."""
        head, *blocks = cast(list[Fixed], list(self.color))
        x: Tensor = head(reference)
        areas = self._areas(x)
        conditions = [_averaged(x, areas)]
        for block in blocks[:-1]:  # Nobody reads the photograph's own latent, after the last one.
            x = block(x, conditions[-1])
            conditions.append(_averaged(x, areas))
        head_of_sketch, *blocks_of_sketch = cast(list[Fixed], list(self.sketch))
        z = head_of_sketch(drawing)
        for block, condition in zip(blocks_of_sketch, conditions, strict=True):
            z = block(z, condition)
        for block, condition in zip(blocks[::-1], conditions[::-1], strict=True):
            z = block.inverse(z, condition)
        return head.inverse(z)

    def _areas(self, x: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return the matrices that average a condition, if there is attention to look at it."""
        if self.max_tokens is None:
            return None
        height, width = x.shape[2:]
        down = mean_over_areas(height, width, self.max_tokens, x)
        across = mean_over_areas(width, height, self.max_tokens, x)
        # So that attention need not ask whether there are too many places left.
        assume(down.shape[0] * across.shape[0] <= self.max_tokens)
        return down, across.mT


def _averaged(x: Tensor, areas: tuple[Tensor, Tensor] | None) -> Tensor:
    return x if areas is None else areas[0] @ x @ areas[1]
