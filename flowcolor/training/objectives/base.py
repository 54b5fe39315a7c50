"""The contract of what training minimises."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from flowcolor.bounds import is_real
from flowcolor.data.batch import Batch, require_images
from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError
from flowcolor.evaluation.drawing_scores import lines_of
from flowcolor.models import Colorizer, Hints
from flowcolor.values import is_float, kind_of, require_colors

Numbers = Callable[..., dict[str, Tensor]]


def _checked(method: Numbers, check: Callable[["Objective", object], None]) -> Numbers:
    """Let a method's answer be looked at before a task computes with it.

    And say whether it failed for the colorizer: a loop of one's own need not have asked.
    """

    @wraps(method)
    def checked(self: "Objective", *given: Any, **named: Any) -> dict[str, Tensor]:
        try:
            found = method(self, *given, **named)
        except AttributeError:
            colorizer: Any = given[0] if given else named.get("colorizer")
            self.check(colorizer)
            raise
        check(self, found)
        return found

    return checked


class Objective(nn.Module, ABC):
    """Judge how well a colorizer did on a batch.

    An objective may own parameters, which the optimizer gets beside the colorizer's; only the
    colorizer's are exported. It is chosen beside the colorizer, and any task can train any pair of
    which :meth:`check` has nothing to say.

    Attributes:
        paints: Whether the drawings of the batch are coloured.
        uses_all: Whether every loss depends on all weights on which the first one does. Several
            processes wait for the gradients of all, so they have to know.
    """

    paints: ClassVar[bool] = True
    uses_all: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "losses" in vars(cls):
            cls.losses = _checked(cls.losses, _require_losses)  # type: ignore[method-assign]
        if "scores" in vars(cls):
            cls.scores = _checked(cls.scores, _require_scores)  # type: ignore[method-assign]

    def check(self, colorizer: Colorizer) -> None:
        """Refuse a colorizer that this objective cannot train, before anything is read.

        Raises:
            InputError: One sentence with what is expected and what arrived.
        """
        if not isinstance(colorizer, Colorizer):
            raise InputError(
                f"{type(self).__name__} expects a colorizer, got {type(colorizer).__name__}."
            )
        if not any(parameter.requires_grad for parameter in colorizer.parameters()):
            raise InputError(
                f"{type(self).__name__} expects a colorizer with weights to train, got "
                f"{type(colorizer).__name__}, which has none."
            )

    def prepare(self) -> None:
        """Read pretrained weights that are needed, so that missing ones fail early."""

    @property
    def least(self) -> int:
        """Side of the smallest images that its parts can judge, in pixels, as they say it."""
        return max((int(getattr(part, "least", 0)) for part in self.children()), default=0)

    @abstractmethod
    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return ``loss``, the scalar to minimise, its parts by name, and perhaps ``result``.

        The result is what has been coloured, for a critic to judge: the batch, and then perhaps its
        first drawings once more, with other references. Objectives that paint have one.

        Args:
            colorizer: What is trained; it is called as a module, so that hooks see it.
            batch: ``content``, ``reference`` and ``truth`` (B, 3, H, W), and ``name``.

        Raises:
            ValueError: The batch lacks what the objective needs, see :func:`require_samples`.
        """

    def scores(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return what of a validation batch is to be logged beside the scores of all methods.

        Args:
            colorizer: In eval mode, without gradients.
            batch: As in :meth:`losses`.
        """
        return {}


def _require_losses(objective: Objective, found: object) -> None:
    expected = f"{type(objective).__name__} expects its losses to be"
    if not isinstance(found, dict) or "loss" not in found:
        got = ", ".join(map(str, found)) if isinstance(found, dict) else type(found).__name__
        raise InputError(f"{expected} a dictionary with loss, got {got or 'an empty one'}.")
    for name, value in found.items():
        if not isinstance(value, Tensor):
            raise InputError(f"{expected} tensors, got {kind_of(value)} as {name}.")
    loss = found["loss"]
    if loss.ndim or not is_float(loss):
        got = f"{loss.dtype} of shape {tuple(loss.shape)}"
        raise InputError(f"{expected} led by one float number as loss, got {got}.")


def _require_scores(objective: Objective, found: object) -> None:
    expected = f"{type(objective).__name__} expects its scores to be"
    if not isinstance(found, dict):
        raise InputError(f"{expected} a dictionary, got {kind_of(found)}.")
    for name, value in found.items():
        if not (is_real(value) or (isinstance(value, Tensor) and value.numel() == 1)):
            got = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else kind_of(value)
            raise InputError(f"{expected} one number each, got {got} as {name}.")


def require_samples(
    objective: Objective, colorizer: Colorizer, batch: object, *images: str
) -> None:
    """Refuse a batch of which no loss, or one of other pictures, would come: all begin with this.

    Args:
        objective: Who refuses; its class begins the message.
        colorizer: What is trained. The reference counts, too, where it requires one, or looks at
            one that is there.
        batch: What should be a batch.
        images: Names of what is needed, all of one shape but for ``reference``.

    Raises:
        InputError: It is no batch, or lacks images.
        ValueError: They are no float images of three channels, or have values outside of [0, 1].
    """
    there = isinstance(batch, dict) and "reference" in batch
    uses = {"required", "optional"} if there else {"required"}
    looks = "reference" in images or colorizer.reference in uses
    free = ("reference",) if looks else ()
    alike = [name for name in images if name != "reference"]
    require_images(objective, batch, *alike, free=free)
    assert isinstance(batch, dict)  # noqa: S101  (just looked at)
    for name in (*alike, *free):
        require_colors(f"{type(objective).__name__}, as {name},", batch[name])


def own_chances(batch: Batch, device: torch.device | str = "cpu") -> Iterator[torch.Generator]:
    """Yield a generator for each picture of a batch, which draws alike whatever stands beside it.

    Its seed is the picture's ``index``, and its place in the batch without one.
    """
    numbers = batch["index"].tolist() if "index" in batch else range(len(batch["content"]))
    return (torch.Generator(device).manual_seed(number) for number in numbers)


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
    if "hint_colors" not in batch:
        raise InputError("hint_mask expects hint_colors beside it in a batch, got none.")
    return Hints(batch["hint_colors"], batch["hint_mask"])
