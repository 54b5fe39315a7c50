r"""DeepFaceEditing: a face drawn and coloured part by part, and fused."""

from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from flowcolor.arguments import MOST_PARAMETERS, check_count
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.deep_face_editing_nets import (
    PartGenerator,
    geometry_encoder,
    global_generator,
    style_encoder,
)
from flowcolor.models.face_parts import PARTS, check_features, part_of, paste
from flowcolor.models.hints import Hints


class DeepFaceEditing(Colorizer):
    r"""Take the geometry of each part of a face from a drawing, its appearance from a reference.

    .. math::
        f_i = G_i\big(E_i(I_s^i),\, S_i(I_{ref}^i)\big), \qquad
        I_{rec} = \tfrac12 \big(1 + F(\mathrm{paste}(f_1, \dots, f_5))\big)

    for the whole face, both eyes, the nose and the mouth, each cut out of drawing and reference at
    one fixed place. So **both faces have to lie as those of CelebA-HQ**, and an image that is not
    square is taken for one that was stretched. Encoders :math:`E` keep the geometry; encoders
    :math:`S` see nothing but means over a part, which become weights and biases of the generators
    :math:`G`; :math:`F` fuses. Not built is the projection of rough drawings onto a manifold of
    17,703 stored ones.

    Args:
        width: Channels of features at full size.
        downsamplings: How often each part is halved.

    Attributes:
        parts: The three networks of each part.
        fusion: The generator :math:`F`.

    Shape:
        - images: :math:`(B, 3, H, W)`, RGB in [0, 1]; sides are multiples of ``multiple``,
          :math:`16 \cdot 2^n` for :math:`n` downsamplings, so that all parts can be halved. A
          reference may be of another size.

    Raises:
        ValueError: If an argument or an image is none of those above.

    Reference:
        Chen et al., "DeepFaceEditing: deep face generation and editing with disentangled geometry
        and appearance control" (2021). https://arxiv.org/abs/2105.08935

    Example:
        >>> model = DeepFaceEditing(width=4, downsamplings=1).eval()
        >>> model.colorize(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)).shape
        torch.Size([1, 3, 32, 32])
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing"})
    reference: Use = "required"
    aligned: ClassVar[bool] = True

    def __init__(self, width: int = 64, downsamplings: int = 4) -> None:
        super().__init__()
        check_count(self, width=width, downsamplings=downsamplings)
        if downsamplings > 8 or 600 * (width * 2**downsamplings) ** 2 > MOST_PARAMETERS:
            raise ValueError(
                "DeepFaceEditing expects up to 8 downsamplings and a width that gives up to "
                f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, got {downsamplings} and {width}."
            )
        self.config: dict[str, Any] = {"width": width, "downsamplings": downsamplings}
        self.multiple = 16 * 2**downsamplings
        self.parts = nn.ModuleDict({name: _part(width, downsamplings) for name in PARTS})
        self.fusion = global_generator(width, downsamplings)

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
        """Return the face of ``content`` with the appearance of ``reference``, in [0, 1]."""
        self.check_inputs(content, reference, hints, temperature, generator)
        return self.fuse(self.features(content, cast(Tensor, reference)))

    def features(self, content: Tensor, reference: Tensor) -> dict[str, Tensor]:
        """Return the features of each part, at the part's size, by name."""
        self.check_inputs(content, reference)
        found = {}
        for name, part in self.parts.items():
            nets = cast(nn.ModuleDict, part)
            drawing, photo = (2 * part_of(name, x) - 1 for x in (content, reference))
            style = nets["style"](photo)
            found[name] = nets["generator"](nets["geometry"](drawing), style)
        return found

    def fuse(self, features: dict[str, Tensor]) -> Tensor:
        """Return the picture of the features of all parts."""
        image: Tensor = self.fusion(paste(features))
        return (image + 1) / 2

    def pictures(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return a picture of each part for itself: training asks for them."""
        check_features("pictures", features)
        nets = {name: cast(nn.ModuleDict, part)["generator"] for name, part in self.parts.items()}
        heads = {name: cast(PartGenerator, net).head for name, net in nets.items()}
        return {name: (heads[name](feature) + 1) / 2 for name, feature in features.items()}


def _part(width: int, downsamplings: int) -> nn.ModuleDict:
    generator = PartGenerator(width, downsamplings)
    return nn.ModuleDict(
        {
            "geometry": geometry_encoder(width, downsamplings),
            "style": style_encoder(max(width // 4, 1), downsamplings + 1, generator.channels),
            "generator": generator,
        }
    )
