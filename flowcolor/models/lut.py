"""The distribution of the reference's colours, by one look-up table for each channel."""

from typing import ClassVar, Literal, cast

import torch
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import check_choice, check_flag, check_number
from flowcolor.bounds import is_endless, is_finite
from flowcolor.color import into_gamut, rgb_to_yuv, to_gray, yuv_to_rgb
from flowcolor.errors import InputError
from flowcolor.layers.reversible.torch_private import in_transform
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.hints import Hints
from flowcolor.models.inputs import require_finite, require_numbers
from flowcolor.models.level_tables import interpolated, look_up, stretched

Space = Literal["rgb", "yuv", "rgb_then_yuv"]
Gamut = Literal["chroma", "clip", "letter"]


class LUT(Colorizer):
    r"""Give each channel of the content the distribution that it has in the reference.

    .. math:: \mathrm{LUT}[i] = \min \{j : G(j) \ge H(i)\}

    with :math:`H` the cumulative distribution of the content's 256 levels and :math:`G` that of the
    reference. What was darker stays darker, and places do not count: from a grey content and
    ``"rgb"`` there is one colour for each level of grey. All pixels count alike: of pictures that
    are cut out on white, the white decides.

    Args:
        space: The channels. ``"rgb_then_yuv"`` matches RGB first, and the result then in YUV,
            whose colours are brighter. ``"yuv"`` alone needs content in colour: the chroma of a
            grey one has no distribution.
        gamut: What happens to colours of YUV that no screen can show: ``"chroma"`` moves them
            towards grey at their own luma, ``"clip"`` clamps them. ``"letter"`` stretches each
            channel by its extreme values as the document's program does, to 256 instead of 255,
            and blue only where green is too large.
        edges: Count only pixels whose edge strength, the absolute Laplacian of eight neighbours
            over its largest, is below this. ``None`` counts all.
        interpolate: Whether to read between the levels (scikit-image's ``match_histograms``).
        letter: Whether to exchange :math:`H` and :math:`G`, as in the program of the document; the
            result then moves away from the reference.

    Raises:
        InputError: Of ``colorize``: the content is grey for ``"yuv"``, or no pixels are left to
            count.

    Reference:
        Gonzalez and Woods, "Digital image processing", section 3.3 (histogram specification).

    Example:
        >>> photo = torch.rand(1, 3, 8, 8).mul(255).round() / 255
        >>> torch.equal(LUT().colorize(photo, photo), photo)
        True
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "required"
    trained: ClassVar[bool] = False

    def __init__(
        self,
        space: Space = "rgb",
        gamut: Gamut = "chroma",
        edges: float | None = None,
        interpolate: bool = False,
        letter: bool = False,
    ) -> None:
        super().__init__()
        check_choice(self, space=(space, Space), gamut=(gamut, Gamut))
        check_flag(self, interpolate=interpolate, letter=letter)
        if edges is not None:
            # Of any size: it is used as a float.
            whole = is_endless(edges) and is_finite(edges)
            check_number(self, edges=float(edges) if whole else edges, smallest=0.0)
        self.space, self.gamut, self.edges = space, gamut, edges
        self.match = interpolated if interpolate else look_up
        self.letter = letter
        self.config = {
            "space": space,
            "gamut": gamut,
            "edges": edges,
            "interpolate": interpolate,
            "letter": letter,
        }

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
        require_numbers(self, content, cast(Tensor, reference))
        if self.match is interpolated and in_transform():
            raise ValueError(
                "LUT with interpolate expects to be called outside of transforms and forward mode, "
                "which NumPy does not know, got one."
            )
        require_finite(self, content=content, reference=reference)  # Of NaN there is no level.
        pairs = zip(content.split(1), cast(Tensor, reference).split(1), strict=True)
        return torch.cat([self._matched(*pair) for pair in pairs]).to(content)

    def _matched(self, content: Tensor, reference: Tensor) -> Tensor:
        counted = self._counted(content), self._counted(reference)
        if self.space != "yuv":
            content = self._by_channel(255 * content, 255 * reference, *counted) / 255
        if self.space == "rgb":
            return content
        yuv, other = (255 * rgb_to_yuv(image) + _offset(image) for image in (content, reference))
        spread = yuv.amax((2, 3)) - yuv.amin((2, 3))
        if self.space == "yuv" and float(spread[:, 1:].amax()) < 1:
            raise InputError(
                "LUT expects content in colour for space='yuv', got grey, whose chroma no table "
                "can tell apart: choose space='rgb_then_yuv'."
            )
        matched = self._by_channel(yuv, other, *counted)
        return self._fitted(yuv_to_rgb((matched - _offset(matched)) / 255))

    def _by_channel(
        self, content: Tensor, reference: Tensor, counted: Tensor, others: Tensor
    ) -> Tensor:
        """Return the content matched with the reference, both (1, 3, H, W) from 0 to 255."""
        channels = []
        for own, other in zip(content[0], reference[0], strict=True):
            # Without history: the derivative of rounding is zero, and numpy takes no other.
            levels, lent = (x.detach().round().clamp(0, 255) for x in (own, other))
            sides = (levels[counted], lent[others])
            channels.append(self.match(levels, *(sides[::-1] if self.letter else sides)))
        return torch.stack(channels)[None].to(content)

    def _counted(self, image: Tensor) -> Tensor:
        """Return which pixels (H, W) count for the distributions."""
        if self.edges is None:
            return torch.ones_like(image[0, 0], dtype=torch.bool)
        around = functional.pad(to_gray(image), (1, 1, 1, 1), mode="replicate")
        strength = (9 * to_gray(image) - 9 * functional.avg_pool2d(around, 3, 1)).abs()[0, 0]
        counted = strength < float(self.edges) * strength.amax().clamp(min=1e-12)
        if not bool(counted.any()):
            raise InputError(
                f"LUT expects edges to leave pixels to count, got {self.edges:g}, above which all "
                "are."
            )
        return counted

    def _fitted(self, image: Tensor) -> Tensor:
        if self.gamut == "chroma":
            return into_gamut(image)
        return image.clamp(0, 1) if self.gamut == "clip" else stretched(255 * image) / 255


def _offset(image: Tensor) -> Tensor:
    """Return what makes chroma positive, as a JPEG has it."""
    return image.new_tensor([0.0, 128.0, 128.0]).view(1, 3, 1, 1)
