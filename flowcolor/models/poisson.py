"""Colours that fade smoothly from the points where they are given."""

from numbers import Real
from typing import ClassVar, cast

import numpy as np
import torch
from torch import Tensor

from flowcolor.arguments import check_flag
from flowcolor.bounds import shown_value
from flowcolor.color import rgb_to_yuv, with_luma
from flowcolor.layers.reversible.torch_private import disable_compile
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import require_no_gradient, require_numbers
from flowcolor.models.pixel_graph import neighborhood, solve, weight_matrix


class Poisson(Colorizer):
    r"""Keep the content's values and, :math:`\lambda` times as much, its differences.

    .. math:: \min_x \sum_r (x_r - t_r)^2
              + \lambda \sum_{\{r, s\}} (x_r - x_s - t_r + t_s)^2

    in each of red, green and blue, over pixels and pairs of neighbours, with :math:`x` fixed where
    a colour is given. So the result is the content :math:`t` plus an offset :math:`d` with
    :math:`(I + \lambda L) d = 0` between the given points, :math:`L` the Laplacian of the grid:
    edges of the content do not stop colours (:class:`Levin` does that). No offset is larger than
    the given ones. A picture without a hint stays as it is.

    Args:
        smoothness: :math:`\lambda`, at least 0: colours reach :math:`\sqrt\lambda` pixels. 0 leaves
            everything else as it is; from 1e10 on, and for infinity, offsets are interpolated
            between the given points and nothing draws them back to grey.
        keep_luminance: Whether to replace the luma of the result by that of the content.

    Reference:
        Pérez, Gangnet and Blake, "Poisson image editing" (2003), section 2.
        https://doi.org/10.1145/882262.882269

    Example:
        >>> content, mask = torch.full((1, 3, 8, 8), 0.5), torch.zeros(1, 1, 8, 8)
        >>> mask[..., 3, 3] = 1
        >>> hints = Hints(torch.full((1, 3, 8, 8), 0.75), mask)
        >>> result = Poisson(smoothness=4).colorize(content, hints=hints)[0, 0]
        >>> float(result[3, 3]), bool(result[3, 4] > result[3, 7])
        (0.75, True)
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "unused"
    hints: Use = "required"
    trained: ClassVar[bool] = False

    def __init__(self, smoothness: float = 1e10, keep_luminance: bool = False) -> None:
        super().__init__()
        number = isinstance(smoothness, Real) and not isinstance(smoothness, bool)
        if not number or not smoothness >= 0:  # Infinite may it be.
            got = shown_value(smoothness)
            raise ValueError(f"Poisson expects smoothness of at least 0, got {got}.")
        check_flag(self, keep_luminance=keep_luminance)
        self.smoothness, self.keep_luminance = smoothness, keep_luminance
        # What one model does is a fact of its own arguments.
        self.keeps_luminance = keep_luminance  # type: ignore[misc]
        self.config = {"smoothness": smoothness, "keep_luminance": keep_luminance}

    @disable_compile  # Compilers would trace the sparse algebra of NumPy and SciPy, and fail.
    def colorize(
        self,
        content: Tensor,
        reference: Tensor | None = None,
        *,
        reference_content: Tensor | None = None,
        hints: Hints | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        self.check_inputs(content, reference, hints, temperature, generator)
        given = cast(Hints, hints)
        require_numbers(self, content, given.mask)
        require_no_gradient(self, content=content, hints=given.colors)
        wide = content.double()
        marked = given.mask > 0
        offsets = (given.colors.double() - wide).where(marked, 0)
        spread = [
            torch.from_numpy(self._spread(*(x.cpu().numpy() for x in sample)))
            for sample in zip(offsets, marked[:, 0], strict=True)
        ]
        result = wide + torch.stack(spread).to(wide)
        # The sum above gives them back but for rounding.
        result = torch.where(marked, given.colors.double(), result)
        if self.keep_luminance:
            result = with_luma(result, rgb_to_yuv(wide)[:, :1])
        return result.to(content.dtype)

    def _spread(self, offsets: np.ndarray, marked: np.ndarray) -> np.ndarray:
        """Return the offsets (3, H, W) of a whole picture; zero if no colour is given."""
        from scipy.sparse import diags_array

        known = marked.ravel()
        free = ~known
        values = offsets.reshape(3, -1).T.copy()
        if not known.any() or not free.any() or self.smoothness == 0:
            return offsets
        columns = neighborhood(np.zeros(marked.shape), 4).columns
        adjacent = weight_matrix((columns >= 0).astype(float), columns)
        degree = np.asarray(adjacent.sum(1)).ravel()
        # Divided by a large smoothness, because the product would be ill-conditioned.
        own, pair = (
            (1 / self.smoothness, 1.0) if self.smoothness > 1 else (1.0, float(self.smoothness))
        )
        rows = (diags_array(own + pair * degree) - pair * adjacent).tocsr()[free]
        values[free] = solve(rows[:, free], -rows[:, known] @ values[known])
        return values.T.reshape(offsets.shape)
