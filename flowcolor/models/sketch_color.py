r"""The sketch-and-colour flow: two conditional flows that paint a drawing with a photograph."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_count, check_flag, check_parameters
from flowcolor.layers import ActNorm, Chain, Inverted, InvertibleLayer, OrthogonalDownsample
from flowcolor.layers.base import Step
from flowcolor.layers.chain import Memory
from flowcolor.layers.conv1x1 import Parametrization
from flowcolor.layers.functional.scale import Scale
from flowcolor.layers.reversible.checkpointed import may_save_memory, run_checkpointed
from flowcolor.layers.reversible.torch_private import can_look
from flowcolor.models.base import Content, InvertibleColorizer, Precision, Use
from flowcolor.models.blocks import Aggregation, conditional_coupling_block, coupling_block
from flowcolor.models.bounds import check_sizes
from flowcolor.models.hint_maps import CHANNELS, hint_maps
from flowcolor.models.hints import Hints
from flowcolor.models.residual_net import Norm

_HINTS = ".aggregate.hints."


class SketchColorFlow(InvertibleColorizer):
    r"""Colour a drawing :math:`I_s` with the colours of a photograph :math:`I_{ref}`.

    .. math::
        z_c, F = \mathrm{INN}_c(I_{ref}), \qquad z_s = \mathrm{INN}_s(I_s; F), \qquad
        I_{rec} = \mathrm{INN}_c^{-1}(z_s; F)

    Both flows have the same shape: ``downsamplings`` times an
    :class:`~flowcolor.layers.OrthogonalDownsample` and ``nccbs`` coupling blocks, then ``ccbs``
    conditional coupling blocks. The condition of the i-th block, in every pass, is :math:`F_i`,
    the input of the i-th conditional block of :math:`\mathrm{INN}_c`. Every step can be undone, so
    no line of the drawing is lost on the way to the latent.

    Args:
        downsamplings: How often resolution is halved and channels are multiplied by four.
        nccbs: Coupling blocks after each downsampling.
        ccbs: Conditional coupling blocks after the last downsampling.
        aggregation: How conditions join: ``"fam"``, ``"concat"``, ``"adain"``, ``"none"`` or
            ``"attention"``, see :class:`~flowcolor.layers.AttentionAggregation`.
        attention_scale: Temperature of the attention, ``None`` for one over the square root of the
            number of terms, 1 for the thesis's letter; of ``"fam"`` only.
        width: Channels of the sub-networks in conditional blocks; ``None``: those of their input.
        hint_points: Whether the model takes hints, colours at points of the drawing. They join the
            conditions of both flows, see :func:`~flowcolor.models.hint_maps.hint_maps`.
        scale: How couplings form their scale, see :class:`~flowcolor.layers.AffineCoupling`;
            ``"sigmoid"`` is the thesis's letter and loses the inverse in float32 when trained.
        parametrization: Of the 1x1 convolutions, see :class:`~flowcolor.layers.InvertibleConv1x1`.
        norm: Of the sub-networks, see :class:`~flowcolor.models.ResidualNet`.
        norm_eps: Of the sub-networks, see :class:`~flowcolor.models.ResidualNet`.
        memory: What training keeps, see :class:`~flowcolor.layers.Chain`; results and gradients
            are the same. May be set on a built model.

    Attributes:
        config: The arguments above by name, but for ``memory``; ``SketchColorFlow(**config)``
            builds the same model.
        multiple: Number that must divide the sides of every image, ``2 ** downsamplings``.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; a drawing has three equal channels and white
          paper, 1. Sides are multiples of ``multiple``, at least two of them.
        - conditions: ``ccbs`` tensors
          :math:`(B, 3 \cdot 4^k, H/2^k, W/2^k)` for :math:`k` downsamplings.

    Raises:
        ValueError: If an image has another shape, an integer type or values that are not finite
            (checked outside training), or if drawing and photograph differ in shape.

    Reference:
        :ref:`The thesis <the-thesis>`, sections 3.1 and 3.5.

    Example:
        >>> model = SketchColorFlow(downsamplings=2, ccbs=2).eval()
        >>> sketch, reference = torch.rand(2, 1, 3, 16, 16)
        >>> model.colorize(sketch, reference).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing"})
    precision: ClassVar[Precision] = "any"
    reference: Use = "required"
    least = 2
    hints: Use = "optional"

    def __init__(
        self,
        downsamplings: int = 3,
        nccbs: int = 1,
        ccbs: int = 8,
        *,
        aggregation: Aggregation = "fam",
        attention_scale: float | None = None,
        width: int | None = None,
        hint_points: bool = False,
        scale: Scale = "bounded",
        parametrization: Parametrization = "full",
        norm: Norm = "instance",
        norm_eps: float = 0.1,
        memory: Memory = "none",
    ) -> None:
        super().__init__()
        check_sizes(downsamplings, nccbs, ccbs)
        check_flag(self, hint_points=hint_points)
        check_choice(self, memory=(memory, Memory))  # Here: modules pass by properties.
        if width is not None:
            check_count(self, width=width)
            # Two flows, two sub-networks in a block, three convolutions of 3x3.
            check_parameters(self, 2 * 2 * 27 * ccbs * width**2, width=width)
        block: dict[str, Any] = {
            "scale": scale,
            "parametrization": parametrization,
            "norm": norm,
            "norm_eps": norm_eps,
        }
        conditional: dict[str, Any] = {
            "aggregation": aggregation,
            "attention_scale": attention_scale,
            "width": width,
        }
        sizes = {"downsamplings": downsamplings, "nccbs": nccbs, "ccbs": ccbs}
        self.config: dict[str, Any] = sizes | conditional | {"hint_points": hint_points} | block
        self.hints = "optional" if hint_points else "unused"
        self.multiple = 2**downsamplings
        conditional |= {"hint_channels": CHANNELS if hint_points else 0}
        self.sketch_flow = _flow(sizes, block, conditional)
        self.color_flow = _flow(sizes, block, conditional)
        self.memory = memory

    @property
    def memory(self) -> Memory:
        """What training keeps: ``"none"``, ``"checkpoint"`` or ``"reversible"``."""
        return self.color_flow.memory

    @memory.setter
    def memory(self, memory: Memory) -> None:
        for flow in (self.sketch_flow, self.color_flow):
            flow.memory = memory
            head, *blocks = flow.layers
            head.memory = memory  # type: ignore[assignment]
            for block in blocks:
                # The colour encoder runs these one by one. What each of them keeps, its output, is
                # the condition of the next, which is kept anyway.
                block.memory = "reversible" if memory == "reversible" else "none"  # type: ignore[assignment]

    def encode_color(self, reference: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Encode a photograph, each conditional block conditioned on its own input.

        Returns:
            The latent :math:`z_c` and the conditions :math:`F_1, ...`, such that
            ``decode(z_c, conditions)`` is the photograph again.
        """
        return self._encode_color(reference, whole=True)

    def encode_sketch(self, sketch: Tensor, conditions: Sequence[Tensor]) -> Tensor:
        """Encode a drawing under the conditions that :meth:`encode_color` returned."""
        self._check_image("sketch", sketch)
        z: Tensor = self.sketch_flow(sketch, conditions)[0]
        return z

    def decode(self, z: Tensor, conditions: Sequence[Tensor]) -> Tensor:
        """Run the colour flow backwards, from a latent to an image."""
        return self.color_flow.inverse(z, conditions)[0]

    def encode(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return :meth:`encode_color`: photographs are what the round trip is measured on."""
        return self.encode_color(image)

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
        """Paint the drawing ``content`` with the colours of ``reference``.

        Returns:
            An image of the drawing's shape. Its values are not clamped to [0, 1], so that training
            sees how far out they are.

        Raises:
            ValueError: As those of :meth:`Colorizer.colorize`, or the reference has another shape.
        """
        self.check_inputs(content, reference, hints, temperature, generator)
        reference = cast(Tensor, reference)
        if content.shape != reference.shape:
            raise ValueError(
                "SketchColorFlow expects a sketch and a reference of the same shape, "
                f"got {tuple(content.shape)} and {tuple(reference.shape)}."
            )
        _, conditions = self._encode_color(reference, whole=False)
        if hints is not None:
            conditions = self.hinted(conditions, hints)
        if self.memory == "reversible":
            # As one chain: the latent between the two flows is rebuilt, too, and need not be kept.
            both = Chain([self.sketch_flow, Inverted(self.color_flow)], self.memory)
            result: Tensor = both(content, [*conditions, *conditions])[0]
            return result
        return self.decode(self.encode_sketch(content, conditions), conditions)

    def upgraded(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights of a model without hints as those of one with, whose part is zero."""
        if not self.config["hint_points"] or any(_HINTS in name for name in state):
            return dict(state)
        inside = {
            name.replace(".aggregate.", ".aggregate.aggregate."): state[name] for name in state
        }
        hints = {name: value for name, value in self.state_dict().items() if _HINTS in name}
        return inside | hints

    def hinted(self, conditions: Sequence[Tensor], hints: Hints) -> list[Tensor]:
        """Return the conditions of :meth:`encode_color` with the hints in them, for both flows.

        Raises:
            ValueError: The model knows no hints, or these are none of the same pictures.
        """
        if self.hints == "unused" or not isinstance(hints, Hints):
            expected = "no hints" if self.hints == "unused" else "hints to be of type Hints"
            raise ValueError(f"SketchColorFlow expects {expected}, got {type(hints).__name__}.")
        count, _, *sides = conditions[0].shape
        shape = count, 3, *(self.multiple * side for side in sides)
        if hints.colors.shape != shape:
            raise ValueError(
                f"SketchColorFlow expects hints of the shape of the content, {shape}, "
                f"got {tuple(hints.colors.shape)}."
            )
        maps = hint_maps(hints, self.multiple)
        return [torch.cat([condition, maps.to(condition)], 1) for condition in conditions]

    def _encode_color(self, reference: Tensor, *, whole: bool) -> tuple[Tensor, list[Tensor]]:
        self._check_image("reference", reference)
        head, *blocks = self.color_flow.layers
        x, conditions = head(reference)[0], []
        for block in blocks:
            conditions.append(x)
            # The last block's output is the latent, which nobody reads if only conditions are
            # needed; but its ActNorm still has to see the first training batch.
            if whole or block is not blocks[-1] or (self.training and _awaits_data(block)):
                x = self._run_block(cast(InvertibleLayer, block), x)
        return x, conditions

    def _run_block(self, block: InvertibleLayer, x: Tensor) -> Tensor:
        step = Step(block, x, inverse=False)
        frugal = self.memory == "checkpoint" and may_save_memory()
        return (run_checkpointed(step, x) if frugal else step.run(x))[0]

    def _check_image(self, name: str, image: Tensor) -> None:
        super()._check_image(name, image)
        if not self.training and can_look(image) and not image.isfinite().all():
            raise ValueError(f"SketchColorFlow expects finite values in {name}, got NaN or inf.")


def _flow(sizes: dict[str, int], block: dict[str, Any], conditional: dict[str, Any]) -> Chain:
    head: list[InvertibleLayer] = []
    channels = 3
    for _ in range(sizes["downsamplings"]):
        head.append(OrthogonalDownsample(channels))
        channels *= 4
        head += [coupling_block(channels, **block) for _ in range(sizes["nccbs"])]
    ccbs = range(sizes["ccbs"])
    blocks = [conditional_coupling_block(channels, **conditional, **block) for _ in ccbs]
    return Chain([Chain(head), *blocks])


def _awaits_data(layer: nn.Module) -> bool:
    return any(isinstance(part, ActNorm) and part.awaits_data for part in layer.modules())
