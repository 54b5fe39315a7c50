r"""Instance-aware colorization: a grey photograph as a whole, and its objects by themselves."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_count, check_list
from flowcolor.models.base import Colorizer, Content, Precision, Use
from flowcolor.models.box_fusion import Fusion
from flowcolor.models.boxes import check_boxes_of_all
from flowcolor.models.chroma_paint import REACH, light_and_points, paint_chroma
from flowcolor.models.find_boxes import Find, boxes_of
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import require_numbers
from flowcolor.models.instance_net import InstanceNet, cut_out
from flowcolor.values import widen


class InstanceColorization(Colorizer):
    r"""Colour each object of a grey photograph by itself, and the whole with that knowledge.

    .. math:: ab = 110 \tanh N\big(\tfrac{L - 50}{100},\; \tfrac{m\,ab_h}{110},\; m - \tfrac12,\;
              \text{boxes}\big)

    with the network :math:`N`, see :class:`~flowcolor.models.instance_net.InstanceNet`, and the
    rest as in :class:`~flowcolor.models.Guided`, which it is where there are no boxes. The result
    has the content's luma. Trained by :class:`~flowcolor.training.objectives.InstanceChroma` in
    three stages: the network of the whole; that of objects, which begins as a copy; their fusion,
    with the end of the first.

    Args:
        width: Channels of the first stage of both networks; 64 as published.
        fusion: ``"masked"`` or ``"letter"``, as published, see
            :class:`~flowcolor.models.box_fusion.BoxFusion`.
        find: Where boxes come from if hints bring none, see
            :func:`~flowcolor.models.find_boxes.boxes_of`. They are looked at in stage 3 only.
        stage: 1, 2 or 3.

    Attributes:
        net: The network :math:`N`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of 8.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Su et al., "Instance-aware image colorization" (2020), section 3.
        https://arxiv.org/abs/2005.10825

    Example:
        >>> model = InstanceColorization(width=4).eval()
        >>> gray, boxes = torch.zeros(1, 3, 16, 16), torch.tensor([[0, 0, 8, 8]])
        >>> hints = Hints(gray, gray[:, :1], [boxes])
        >>> model.colorize(gray, hints=hints).shape
        torch.Size([1, 3, 16, 16])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"gray"})
    precision: ClassVar[Precision] = "full"
    reference: Use = "unused"
    hints: Use = "optional"
    boxes: Use = "optional"
    keeps_luminance: ClassVar[bool] = True
    multiple = 8

    def __init__(
        self, width: int = 64, fusion: Fusion = "masked", find: Find = "none", stage: int = 3
    ) -> None:
        super().__init__()
        check_count(self, width=width, stage=stage)
        check_choice(self, fusion=(fusion, Fusion), find=(find, Find))
        if width > 512 or stage not in (1, 2, 3):  # Two billion parameters each.
            raise ValueError(
                "InstanceColorization expects width to be at most 512 and stage to be 1, 2 or 3, "
                f"got {width} and {stage}."
            )
        self.config: dict[str, Any] = {
            "width": width,
            "fusion": fusion,
            "find": find,
            "stage": stage,
        }
        self.stage, self.find = stage, find
        self.net = InstanceNet(width, fusion, stage)

    @property
    def learning(self) -> nn.Module:
        """The part that training at its ``stage`` moves."""
        whole = self.net.whole
        parts: dict[int, nn.Module] = {
            1: whole,
            3: nn.ModuleList([self.net.fusion, whole.after[-1], whole.chroma]),
        }
        if self.net.objects is not None:
            parts[2] = self.net.objects
        return parts[self.stage]

    def upgraded(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the weights of an earlier stage as this one's own: objects begin as the whole."""
        made = dict(state)
        start, copy = "net.whole.", "net.objects."
        if self.net.objects is not None and not any(name.startswith(copy) for name in state):
            made |= {
                copy + name.removeprefix(start): value.clone()
                for name, value in state.items()
                if name.startswith(start)
            }
        if not any(name.startswith("net.fusion.") for name in state):
            made |= {f"net.fusion.{k}": v for k, v in self.net.fusion.state_dict().items()}
        return made

    def chroma(
        self, content: Tensor, hints: Hints | None = None, boxes: Sequence[Tensor] | None = None
    ) -> Tensor:
        """Return a and b, :math:`(B, 2, H, W)`.

        Args:
            content: Grey photographs.
            hints: Colours at points, and boxes.
            boxes: Instead of those of hints or those that would be found.

        Raises:
            ValueError: The boxes are none, or lie outside of their pictures.
        """
        self.check_inputs(content, hints=hints)
        if boxes is None and hints is not None:
            boxes = hints.boxes
        if boxes is None:
            find = self.find if self.stage == 3 else "none"
            if find == "detector":
                require_numbers(self, content)
            boxes = boxes_of(content, find)
            _require_numbers(self, boxes)
        else:
            self._check_boxes(content, boxes)
        return REACH * widen(self.net(light_and_points(content, hints), boxes)).tanh()

    def object_chroma(
        self, content: Tensor, boxes: Sequence[Tensor], hints: Hints | None = None
    ) -> Tensor:
        """Return a and b of each object by itself, :math:`(N, 2, H, W)`, box after box.

        Args:
            content: Grey photographs.
            boxes: Those of each, of which every part is resized to the size of the photograph.
            hints: Colours at points, which are cut out with their objects.

        Raises:
            ValueError: The model is of stage 1, which knows no objects, or the boxes are none, or
                lie outside of their pictures.
        """
        if self.net.objects is None:
            raise ValueError("InstanceColorization of stage 1 knows no objects.")
        self.check_inputs(content, hints=hints)
        self._check_boxes(content, boxes)
        seen = cut_out(light_and_points(content, hints), boxes)
        return REACH * widen(self.net.objects(seen)).tanh()

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
        """Return ``content`` in the colours that it and its objects may have had."""
        self.check_inputs(content, reference, hints, temperature, generator)
        return paint_chroma(content, self.chroma(content, hints))

    def _check_boxes(self, content: Tensor, boxes: Sequence[Tensor]) -> None:
        check_list(self, boxes=boxes)
        _require_numbers(self, boxes)
        check_boxes_of_all(self, boxes, content)


def _require_numbers(model: Colorizer, boxes: Sequence[object]) -> None:
    """Refuse boxes without values: objects are cut out at whole pixels."""
    require_numbers(model, *(box for box in boxes if isinstance(box, Tensor)))
