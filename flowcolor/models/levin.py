"""Colours spread from given points over everything that looks alike."""

from typing import TYPE_CHECKING, ClassVar, Literal, cast

import numpy as np
import torch
from torch import Tensor

from flowcolor.arguments import check_choice
from flowcolor.color import rgb_to_yuv, to_gray, yuv_to_rgb
from flowcolor.layers.reversible.torch_private import disable_compile
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import require_finite, require_no_gradient, require_numbers
from flowcolor.models.likeness import Likeness, likeness
from flowcolor.models.pixel_graph import Neighbors, neighborhood, solve, weight_matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array

System = Literal["square", "normal"]


class Levin(Colorizer):
    r"""Let every pixel have the mean chroma of those neighbours that are as bright as it is.

    .. math:: J(u) = \sum_r \Bigl(u_r - \sum_{s \in N(r)} w_{rs} u_s\Bigr)^2, \qquad
              \sum_s w_{rs} = 1

    for :math:`u = U` and :math:`u = V`, with :math:`u` fixed where a colour is given and :math:`w`
    large between pixels of like luma (:func:`~flowcolor.models.likeness.likeness`). The luma stays
    that of the content, so that of a hint only its chroma counts. A picture without a hint stays
    grey. One sparse factorisation solves for both: half a second at 256x256.

    Args:
        system: Which residuals are summed. ``"square"``: those of free pixels, which can all be
            zero, :math:`(I - W) u = 0`; every colour is then a mean of the given ones, and never
            more vivid. ``"normal"``: those of given pixels, too, which makes the normal equations
            :math:`(I - W)^T (I - W) u = 0` at the free ones; its colours overshoot.
        weights: What likeness means: ``"levin"``, of the authors' program; ``"variance"``, of their
            paper; ``"letter"``, of the document that squares the variance once more.
        neighbors: 8, or 4 as in the document.

    Reference:
        Levin, Lischinski and Weiss, "Colorization using optimization" (2004), equations 1 and 2.
        https://doi.org/10.1145/1015706.1015780

    Example:
        >>> content, mask = torch.full((1, 3, 8, 8), 0.5), torch.zeros(1, 1, 8, 8)
        >>> mask[..., 3, 3] = 1
        >>> colors = torch.tensor([0.7, 0.4, 0.5]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
        >>> result = Levin().colorize(content, hints=Hints(colors, mask))
        >>> bool((result.std(dim=(2, 3)) < 1e-6).all())  # One hint colours everything alike.
        True
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "unused"
    hints: Use = "required"
    keeps_luminance: ClassVar[bool] = True
    trained: ClassVar[bool] = False

    def __init__(
        self, system: System = "square", weights: Likeness = "levin", neighbors: Neighbors = 8
    ) -> None:
        super().__init__()
        check_choice(
            self,
            system=(system, System),
            weights=(weights, Likeness),
            neighbors=(neighbors, Neighbors),
        )
        self.system, self.weights, self.neighbors = system, weights, neighbors
        self.config = {"system": system, "weights": weights, "neighbors": neighbors}

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
        require_finite(self, content=content)
        require_no_gradient(self, content=content, hints=given.colors)
        luma = to_gray(content.double())
        marked = given.mask > 0
        chroma = rgb_to_yuv(given.colors.where(marked, 0).double())[:, 1:]
        spread = [
            torch.from_numpy(self._spread(*(x.cpu().numpy() for x in sample)))
            for sample in zip(luma[:, 0], chroma, marked[:, 0], strict=True)
        ]
        yuv = torch.cat([luma, torch.stack(spread).to(luma)], 1)
        return yuv_to_rgb(yuv).to(content.dtype)

    def _spread(self, luma: np.ndarray, chroma: np.ndarray, marked: np.ndarray) -> np.ndarray:
        """Return the chroma (2, H, W) of a whole picture; grey if no colour is given."""
        around = neighborhood(luma, self.neighbors)
        weights = likeness(luma, around.values, self.weights)
        residuals = _identity_minus(weight_matrix(weights, around.columns))
        values = chroma.reshape(2, -1).T.copy()  # A column for U, one for V.
        known = marked.ravel()
        free = ~known
        if known.any() and free.any():
            rows = residuals[free] if self.system == "square" else residuals
            matrix, right = rows[:, free], -rows[:, known] @ values[known]
            if self.system == "normal":
                matrix, right = matrix.T @ matrix, matrix.T @ right
            values[free] = solve(matrix, right)
        return values.T.reshape(chroma.shape)


def _identity_minus(matrix: "csr_array") -> "csr_array":
    from scipy.sparse import eye_array

    return (eye_array(matrix.shape[0], format="csr") - matrix).tocsr()
