"""One method's result, refined by another."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from flowcolor.models.base import Colorizer, Precision, Use
from flowcolor.models.gatys import Gatys
from flowcolor.models.hints import Hints


class Then(Colorizer):
    r"""Let a method colour, and optimise its result until VGG sees the reference's style in it.

    .. math:: I = \mathrm{refine}\big(\mathrm{colorize}(c, r),\; c,\; r\big)

    A network or a table finds colours of places in no time, the optimisation brings them nearer to
    the reference than the first method's own aim does.

    Args:
        first: What colours.
        second: What refines; see :meth:`Gatys.refine <flowcolor.models.gatys.Gatys.refine>`.

    Reference:
        Zheng, "A deep-learning based semi-interactive method for re-colorization" (2023),
        section 5.1: methods combined.

    Example:
        >>> from flowcolor.models import Tint
        >>> gatys = Gatys(1, style_layers=[1, 2], steps=2, random_weights=True)
        >>> gray, photo = torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1), torch.rand(1, 3, 16, 16)
        >>> Then(Tint(), gatys)(gray, photo).shape
        torch.Size([1, 3, 16, 16])
    """

    content = Gatys.content
    precision: ClassVar[Precision] = "any"
    reference: Use = "required"

    def __init__(self, first: Colorizer, second: Gatys) -> None:
        super().__init__()
        self.first, self.second = first, second
        # The second sees content and reference alone: hints, boxes and the rest go to the first.
        self.content = first.content & second.content  # type: ignore[misc]
        self.hints, self.boxes = first.hints, first.boxes
        self.compares = first.compares  # type: ignore[misc]
        self.stochastic = first.stochastic  # type: ignore[misc]
        self.keeps_luminance = second.keep_luminance  # type: ignore[misc]
        self.multiple, self.least = first.multiple, first.least

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
        """Return what the second method makes of the first one's result."""
        self.check_inputs(content, reference, hints, temperature, generator)
        options: dict[str, Any] = {
            "reference_content": reference_content,
            "hints": hints,
            "temperature": temperature,
            "generator": generator,
        }
        lent = None if self.first.reference == "unused" else reference
        begun = self.first.colorize(content, lent, **options).clamp(0, 1)
        assert reference is not None  # noqa: S101 - it is required, and check_inputs has seen to it
        return self.second.refine(begun, content, reference)
