"""The contract that every colorizer obeys, whatever it is made of."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.compiler import is_compiling

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, shown_value
from flowcolor.errors import InputError
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import check_image, check_inputs, check_result, check_traits
from flowcolor.values import is_strided

Content = Literal["drawing", "gray"]
Use = Literal["required", "optional", "unused"]
Precision = Literal["any", "same", "full"]
Image = Float[Tensor, "batch 3 height width"]

_CHECKED: dict[str, Any] = {"hints": None, "temperature": 1.0, "generator": None}
Kind = TypeVar("Kind", bound="Colorizer")  # Not `Self`: checks at run time cannot read it.


def _guarded(colorize: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Let a method give an empty batch back, once it is checked, and never see one.

    And look at what it makes of others, which may be somebody's own: a loss, or a file, would be of
    something else.
    """

    @wraps(colorize)
    def colorized(self: "Colorizer", *images: Any, **options: Any) -> Tensor:
        if not is_compiling():  # Some are a model's own.
            check_traits(self)
        names = ("content", "reference")
        given: dict[str, Any] = dict(zip(names, images, strict=False)) | options
        content = given.get("content")
        # Of nested tensors no shape can be asked.
        if isinstance(content, Tensor) and is_strided(content) and content.shape[:1] == (0,):
            signature(colorize).bind(self, *images, **options)  # Refuses what a call would.
            checked = {name: given.get(name, default) for name, default in _CHECKED.items()}
            self.check_inputs(content, given.get("reference"), **checked)
            return content.clone()
        result = colorize(self, *images, **options)
        if not is_compiling():  # Where sides are variables, of which few are known to be equal.
            check_result(self, content, result)
        return result

    return colorized


class Colorizer(nn.Module, ABC):
    """Give colours to a drawing or to a grey photograph.

    Concrete colorizers keep these promises; one test runs over all of them.

    1. The result has the shape of ``content``, and its type where that is the type of the weights,
       float32 or float64, and there is no autocast. Its values are not clamped to [0, 1], so that
       training sees how far out they are.
    2. Samples do not influence each other: a picture does not depend on its batch.
    3. The caller's tensors are never changed.
    4. The same ``generator``, seeded alike, gives the same picture.
    5. Another reference gives other colours, exactly if ``reference`` is not ``"unused"``.
    6. What a caller gives against the traits below is refused in one sentence, a ``ValueError``.
    7. Of an empty batch it makes one, whatever is inside: most operators need at least one image.

    Attributes:
        content: What it colours: ``"drawing"``, lines on white paper, ``"gray"``, a photograph's
            luma, or both.
        reference: Whether it needs a photograph that lends the colours. Of the class: at most; one
            model may have no use for it.
        hints: Whether it needs colours at given points. Of the class: at most; one model may use
            none.
        boxes: Whether it looks at the boxes of hints.
        compares: Whether it looks at a reference beside the reference's own drawing. Whoever calls
            it and has none draws it; else the reference's luma takes its place.
        aligned: Whether faces have to lie as those of CelebA-HQ.
        exact: Whether it can be run backwards, see :class:`InvertibleColorizer`.
        stochastic: Whether it draws random numbers; only then may ``temperature`` differ from 1.
        keeps_luminance: Whether the result has the luma of the content.
        trained: Whether it has weights that a training finds, so that it needs a checkpoint.
        pretrained: Names of the published weights that it needs beside these. Of the class: at
            most; one model may need none.
        multiple: Number that must divide the sides of every content.
        least: How many times ``multiple`` the sides are at least.
        free_reference: Whether the sides of a reference are free of these two.
        precision: Which float types it takes where there is no autocast. ``"any"``: all that is no
            sub-network runs in float32 or wider, whatever images and weights are. ``"same"``:
            images of the type of the weights; ``"full"``: the same, and not in half precision.
        stage: Which of several trainings, one after another, it is at. Above 1, it starts from
            the weights of the stage before, of which :meth:`upgraded` makes its own.
        config: Arguments of the constructor by name, plain values: ``type(c)(**c.config)`` builds
            the same colorizer, whose weights a file then fills.
    """

    content: ClassVar[frozenset[Content]]
    reference: Use
    hints: Use = "unused"
    boxes: Use = "unused"
    compares: ClassVar[bool] = False
    aligned: ClassVar[bool] = False
    exact: ClassVar[bool] = False
    stochastic: ClassVar[bool] = False
    keeps_luminance: ClassVar[bool] = False
    trained: ClassVar[bool] = True
    pretrained: Sequence[str] = ()
    multiple: int = 1
    least: int = 1
    free_reference: ClassVar[bool] = False
    precision: ClassVar[Precision] = "same"
    stage: int = 1
    config: Mapping[str, Any] = MappingProxyType({})

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):  # Every constructor computes with what it is given.
            cls.__init__ = plain_numbers(cls.__init__)  # type: ignore[method-assign]
        if "colorize" in vars(cls):
            cls.colorize = _guarded(cls.colorize)  # type: ignore[method-assign]

    @abstractmethod
    def colorize(
        self,
        content: Image,
        reference: Float[Tensor, "batch 3 _ _"] | None = None,
        *,
        reference_content: Float[Tensor, "batch 3 _ _"] | None = None,
        hints: Hints | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Image:
        """Return ``content`` in colour.

        Args:
            content: :math:`(B, 3, H, W)` in [0, 1], three equal channels.
            reference: A colour photograph for each content, :math:`(B, 3, H', W')`.
            reference_content: The reference's own drawing or luma, for methods that compare it
                with the content.
            hints: Colours at points of the content.
            temperature: How much chance counts where a method is ``stochastic``, from 0; 1 is its
                own.
            generator: Source of random numbers.

        Raises:
            ValueError: An input has a wrong shape, is missing, or cannot be used.
        """

    def forward(
        self, content: Image, reference: Float[Tensor, "batch 3 _ _"] | None = None, **options: Any
    ) -> Image:
        """Return :meth:`colorize`, so that hooks and data-parallel wrappers see the call."""
        return self.colorize(content, reference, **options)

    @property
    def learning(self) -> nn.Module:
        """The part that training at its ``stage`` moves, all of it by default."""
        return self

    def upgraded(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the weights of a simpler model of this class as this one's own."""
        return dict(state)

    def save_pretrained(self, folder: str | Path, size: int = 0) -> None:
        """Write the model as a folder in the format of the hub, for :meth:`from_pretrained`.

        Args:
            folder: Gets ``config.json`` and ``model.safetensors``.
            size: Side of its training images in pixels, 0 if there were none.

        Raises:
            InputError: A file cannot be written or is of something else, an argument is none of
                those above, or the model could not be read again, as with a weight that is not
                finite.
        """
        if not isinstance(folder, str | PathLike):
            shown = type(folder).__name__
            raise InputError(f"save_pretrained expects folder to be a path, got {shown}.")
        if not is_number(size) or size < 0 or size != int(size):
            raise InputError(
                f"save_pretrained expects a size in pixels or 0, got {shown_value(size)}."
            )
        # Here: no model needs to know of hubs before it is asked.
        from flowcolor.deploy.pretrained import save_pretrained

        save_pretrained(self, Path(folder), size)

    @classmethod
    def from_pretrained(
        cls: type[Kind],
        source: str | Path,
        *,
        revision: str | None = None,
        endpoint: str | None = None,
    ) -> Kind:
        """Build a model from a folder or a hub, in eval mode on the CPU; nothing is unpickled.

        Args:
            source: A folder that :meth:`save_pretrained` wrote, or ``"user/name"`` on a hub.
            revision: Branch, tag or commit on the hub; a folder has none.
            endpoint: Address of another hub, see :func:`flowcolor.load <flowcolor.inference.load>`.

        Raises:
            InputError: There is no such model, it is of another class, or what is of a hub is given
                beside a folder.
        """
        from flowcolor.deploy.pretrained import from_pretrained

        return from_pretrained(cls, source, revision, endpoint)

    def check_inputs(
        self,
        content: Tensor,
        reference: Tensor | None = None,
        hints: Hints | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> None:
        """Refuse what contradicts the traits: every :meth:`colorize` begins with this.

        Raises:
            ValueError: One sentence that names the argument, what is expected and what arrived.
        """
        check_inputs(self, content, reference, hints, temperature, generator)

    def _check_image(self, argument: str, image: Tensor) -> None:
        """Refuse what is no image of the sides that the model takes."""
        check_image(self, argument, image)


class InvertibleColorizer(Colorizer):
    r"""A colorizer whose way from an image to a latent can be run backwards.

    .. math:: \mathrm{decode}(\mathrm{encode}(I)) = I
    """

    exact: ClassVar[bool] = True

    @abstractmethod
    def encode(self, image: Image) -> tuple[Tensor, Any]:
        """Return the latent of an image, and what :meth:`decode` needs beside it."""

    @abstractmethod
    def decode(self, z: Tensor, conditions: Any) -> Image:
        """Return the image of a latent, under what :meth:`encode` returned beside it."""
