"""The simplest use of a reference: its mean colour."""

from typing import ClassVar, cast

import torch
from torch import Tensor

from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.hints import Hints


class Tint(Colorizer):
    r"""Multiply the content by the mean colour of its reference.

    .. math:: I_{rec} = I_s \cdot \frac{1}{HW} \sum_{i} I_{ref, i}

    Lines stay where they are and the colours are right on average: what a method has to beat.

    Example:
        >>> paper, blue = torch.ones(1, 3, 8, 8), torch.zeros(1, 3, 4, 4)
        >>> blue[:, 2] = 1
        >>> Tint().colorize(paper, blue)[0, :, 0, 0]
        tensor([0., 0., 1.])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "required"
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
        return content * cast(Tensor, reference).mean(dim=(2, 3), keepdim=True)
