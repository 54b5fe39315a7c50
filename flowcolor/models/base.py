"""The contract that every colorizer obeys, whatever it is made of."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from numbers import Real
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import check_generator
from flowcolor.bounds import is_endless, is_finite, is_number, shown_number
from flowcolor.errors import InputError
from flowcolor.layers.reversible.torch_private import can_look, has_numbers, in_transform
from flowcolor.models.hints import Hints
from flowcolor.values import casts, is_float, require_tensors

Content = Literal["drawing", "gray"]
Use = Literal["required", "optional", "unused"]
Precision = Literal["any", "same", "full"]
Image = Float[Tensor, "batch 3 height width"]


_CHECKED: dict[str, Any] = {"hints": None, "temperature": 1.0, "generator": None}
Kind = TypeVar("Kind", bound="Colorizer")  # Not `Self`: checks at run time cannot read it.


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
    7. Called with an empty batch it returns one.

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
        empty = isinstance(content, Tensor) and content.shape[:1] == (0,)
        if empty:  # Many an operator inside needs at least one image.
            given = {name: options.get(name, default) for name, default in _CHECKED.items()}
            self.check_inputs(content, reference, **given)
            return content.clone()
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
            InputError: A file cannot be written, or an argument is none of those above.
        """
        if not isinstance(folder, str | PathLike):
            shown = type(folder).__name__
            raise InputError(f"save_pretrained expects folder to be a path, got {shown}.")
        if not is_number(size) or size < 0 or size != int(size):
            raise InputError(f"save_pretrained expects a size in pixels or 0, got {size!r}.")
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
            revision: Branch, tag or commit on the hub.
            endpoint: Address of another hub, see :func:`flowcolor.load <flowcolor.inference.load>`.

        Raises:
            InputError: There is no such model, or it is of another class.
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
        name = type(self).__name__
        given = {"reference": reference, "hints": hints}
        for argument, value in given.items():
            use: Use = getattr(self, argument)
            if use == "required" and value is None:
                raise ValueError(f"{name} expects {argument}, got None.")
            if use == "unused" and value is not None:
                raise ValueError(f"{name} cannot use {argument}, got {type(value).__name__}.")
        self._check_image("content", content)
        if reference is not None:
            self._check_image("reference", reference)
            if reference.shape[0] != content.shape[0]:
                raise ValueError(
                    f"{name} expects a reference for each content, got {reference.shape[0]} "
                    f"and {content.shape[0]}."
                )
        if hints is not None and not isinstance(hints, Hints):
            shown = type(hints).__name__
            raise ValueError(f"{name} expects hints to be of type Hints, got {shown}.")
        points = () if hints is None else (hints.colors,)
        require_tensors(name, content, *(() if reference is None else (reference,)), *points)
        check_generator(self, generator)
        if hints is not None and hints.colors.shape != content.shape:
            raise ValueError(
                f"{name} expects hints of the shape of the content, {tuple(content.shape)}, "
                f"got {tuple(hints.colors.shape)}."
            )
        given_boxes = None if hints is None else hints.boxes
        if self.boxes == "required" and given_boxes is None:
            raise ValueError(f"{name} expects hints with boxes, got none.")
        if self.boxes == "unused" and given_boxes is not None:
            raise ValueError(f"{name} cannot use the boxes of hints, got some.")
        number = isinstance(temperature, Real | Tensor) and not isinstance(temperature, bool)
        one = not isinstance(temperature, Tensor) or temperature.numel() == 1  # Not one for each.
        if not number or not one:
            word = isinstance(temperature, str | bool) or temperature is None
            shown = repr(temperature) if word else type(temperature).__name__
            raise ValueError(f"{name} expects temperature to be a number, got {shown}.")
        shown = _shown(temperature)
        if temperature != 1 and not self.stochastic:
            raise ValueError(
                f"{name} draws no random numbers and expects temperature 1, got {shown}."
            )
        if not is_finite(temperature) or is_endless(temperature) or temperature < 0:
            raise ValueError(f"{name} expects a finite temperature of at least 0, got {shown}.")
        self._check_precision(content=content, reference=reference)

    def _check_numbers(self, *inputs: Tensor) -> None:
        """Refuse what has a shape alone; for methods that look at values as they go."""
        if not all(map(has_numbers, inputs)):
            name = type(self).__name__
            raise ValueError(f"{name} expects tensors with values, got some on the meta device.")

    def _check_finite(self, **images: Tensor | None) -> None:
        """Refuse NaN and infinity; for methods that read every value anyway, as on the CPU."""
        for argument, image in images.items():
            if image is not None and can_look(image) and not image.isfinite().all():
                name = type(self).__name__
                raise ValueError(f"{name} expects finite values in {argument}, got NaN or inf.")

    def _check_no_gradient(self, **inputs: Tensor | None) -> None:
        """Refuse derivatives, which would miss terms; for methods that compute outside of them."""
        asking = torch.is_grad_enabled()
        found = [key for key, x in inputs.items() if x is not None and asking and x.requires_grad]
        if found or in_transform():
            shown = "one for " + " and ".join(found) if found else "a transform or forward mode"
            raise ValueError(
                f"{type(self).__name__} expects to be asked for no gradient, for it has none, got "
                f"{shown}."
            )

    def _check_precision(self, **images: Tensor | None) -> None:
        """Refuse images and weights of types that would meet in the middle of a network."""
        if self.precision == "any" or torch.compiler.is_compiling():
            return
        weight = next((p for p in self.parameters() if p.is_floating_point()), None)
        if weight is None or casts(weight.device.type):
            return
        name, kind = type(self).__name__, weight.dtype
        if self.precision == "full" and kind not in (torch.float32, torch.float64):
            raise ValueError(
                f"{name} expects weights in float32 or float64, got {kind}: use torch.autocast for "
                "half precision."
            )
        for argument, image in images.items():
            if image is not None and image.dtype != kind:
                raise ValueError(
                    f"{name} expects {argument} in the type of its weights, {kind}, got "
                    f"{image.dtype}."
                )

    def _check_image(self, argument: str, image: Tensor) -> None:
        name = type(self).__name__
        if not isinstance(image, Tensor):
            message = f"{name} expects {argument} to be a tensor, got {type(image).__name__}."
            raise ValueError(message)  # noqa: TRY004  (one kind of error for all inputs)
        require_tensors(f"{name}, as {argument},", image)  # Neither sparse nor nested.
        shape = tuple(image.shape)
        if image.ndim != 4 or shape[1] != 3 or not is_float(image):
            raise ValueError(
                f"{name} expects {argument} to be a float image of shape (batch, 3, height, "
                f"width), got {image.dtype} of shape {shape}."
            )
        if argument == "reference" and self.free_reference:
            if 0 in shape[2:]:
                raise ValueError(f"{name} expects {argument} to have pixels, got {shape[2:]}.")
            return
        least = self.least * self.multiple
        if any(side % self.multiple or side < least for side in shape[2:]):
            also = f" and at least {least}" if self.least > 1 else ""
            raise ValueError(
                f"{name} expects the height and width of {argument} to be multiples of "
                f"{self.multiple}{also}, got {shape[2]} x {shape[3]}."
            )


def _shown(number: float | Tensor) -> str:
    try:
        short = f"{number:g}"
        return shown_number(number) if is_endless(number) else short
    except OverflowError:  # Of a whole number that no float could hold.
        return "hundreds of digits"


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
