"""The contract of what training minimises."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from flowcolor.data.batch import Batch
from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError
from flowcolor.evaluation.drawing_scores import lines_of
from flowcolor.models import Colorizer, Hints


class Objective(nn.Module, ABC):
    """Judge how well a colorizer did on a batch.

    An objective may own parameters, which the optimizer gets beside the colorizer's; only the
    colorizer's are exported. It is chosen beside the colorizer, and any task can train any pair of
    which :meth:`check` has nothing to say.

    Attributes:
        paints: Whether the drawings of the batch are coloured.
        uses_all: Whether every loss depends on all weights that are trained. Several processes wait
            for the gradients of all, so they have to know.
    """

    paints: ClassVar[bool] = True
    uses_all: ClassVar[bool] = True

    def check(self, colorizer: Colorizer) -> None:
        """Refuse a colorizer that this objective cannot train, before anything is read.

        Raises:
            InputError: One sentence with what is expected and what arrived.
        """
        if not any(parameter.requires_grad for parameter in colorizer.parameters()):
            raise InputError(
                f"{type(self).__name__} expects a colorizer with weights to train, got "
                f"{type(colorizer).__name__}, which has none."
            )

    def prepare(self) -> None:
        """Read pretrained weights that are needed, so that missing ones fail early."""

    @property
    def least(self) -> int:
        """Side of the smallest images that it can judge, in pixels; 0 if any will do."""
        return 0

    @abstractmethod
    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return ``loss``, the scalar to minimise, its parts by name, and perhaps ``result``.

        The result is what has been coloured, for a critic to judge: the batch, and then perhaps its
        first drawings once more, with other references. Objectives that paint have one.

        Args:
            colorizer: What is trained; it is called as a module, so that hooks see it.
            batch: ``content``, ``reference`` and ``truth`` (B, 3, H, W), and ``name``.
        """

    def scores(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return what of a validation batch is to be logged beside the scores of all methods.

        Args:
            colorizer: In eval mode, without gradients.
            batch: As in :meth:`losses`.
        """
        return {}


def colorize_batch(
    colorizer: Colorizer, batch: Batch, generator: torch.Generator | None = None
) -> Tensor:
    """Colour a batch, with its references and hints if the colorizer uses any; not clamped."""
    options: dict[str, Any] = {} if generator is None else {"generator": generator}
    hints = hints_of(batch, colorizer)
    if hints is not None:
        options["hints"] = hints
    unused = colorizer.reference == "unused" or "reference" not in batch
    if not unused and "reference_content" in batch:
        options["reference_content"] = batch["reference_content"]
    elif colorizer.compares and not unused:
        drawn = lines_of(batch["reference"], GradientLines())
        options["reference_content"] = drawn.expand(-1, 3, -1, -1)
    reference = None if unused else batch["reference"]
    result: Tensor = colorizer(batch["content"], reference, **options)
    return result


def hints_of(batch: Batch, colorizer: Colorizer) -> Hints | None:
    """Return the hints of a batch, if it has any and the colorizer uses them."""
    if colorizer.hints == "unused" or "hint_mask" not in batch:
        return None
    return Hints(batch["hint_colors"], batch["hint_mask"])
