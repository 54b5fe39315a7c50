"""The answer that costs nothing: the content itself."""

from typing import ClassVar

import torch
from torch import Tensor

from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.hints import Hints


class Unchanged(Colorizer):
    r"""Return the content as it is: the row of a table below which no method may fall.

    .. math:: I_{rec} = I_s

    Example:
        >>> content = torch.rand(1, 3, 8, 8)
        >>> torch.equal(Unchanged().colorize(content), content)
        True
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "unused"
    keeps_luminance: ClassVar[bool] = True
    trained: ClassVar[bool] = False

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
        return content.clone()
