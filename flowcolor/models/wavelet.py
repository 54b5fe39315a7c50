"""The reference's colours of large areas under the content's details, by Haar wavelets."""

from collections.abc import Sequence
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import check_choice, check_flag, check_list, check_number
from flowcolor.bounds import is_number
from flowcolor.color import rgb_to_yuv, to_gray, yuv_to_rgb
from flowcolor.layers.haar import HaarDownsample
from flowcolor.models.base import Colorizer, Content, Use
from flowcolor.models.hints import Hints
from flowcolor.models.lut import LUT
from flowcolor.values import widen

Space = Literal["rgb", "uv"]


class Wavelet(Colorizer):
    r"""Mix the wavelet coefficients of content :math:`T` and reference :math:`S`.

    .. math:: I = W^{-1}\bigl(\lambda_0 l(T) + (1 - \lambda_0) l(S),\;
              \lambda_j h_j(T) + (1 - \lambda_j) h_j(S)\bigr), \qquad j = 1, \dots, k

    with :math:`l` the approximation after :math:`k` levels of the Haar transform and :math:`h_j`
    the details, the coarsest first. Weights of 1 keep the content's and of 0 the reference's, which
    is stretched to the content's size: places count, and colours come in squares unless the weights
    rise slowly.

    Args:
        weights: :math:`\lambda_0, \dots, \lambda_k`, each in [0, 1]. A picture whose shorter side
            is below :math:`2^k` has no use for the last, the finest, which are then left out.
        space: ``"rgb"``, or ``"uv"`` to mix the chroma alone, under the content's luma.
        match_first: Whether to match the distributions first (:class:`LUT`).
        contrast: Factor by which the content's distance from its mean grows first, clamped to
            [0, 1]; strong edges hide those of the squares.

    Reference:
        The transform is :class:`~flowcolor.layers.HaarDownsample`, level upon level; borders are
        reflected until it can be applied.

    Example:
        >>> content, photo = torch.rand(1, 1, 8, 8).expand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)
        >>> result = Wavelet([0, 1]).colorize(content, photo)
        >>> means = [torch.nn.functional.avg_pool2d(x, 2) for x in (result, photo)]
        >>> torch.allclose(*means, atol=1e-6)
        True
    """

    content: ClassVar[frozenset[Content]] = frozenset({"drawing", "gray"})
    reference: Use = "required"
    trained: ClassVar[bool] = False

    def __init__(
        self,
        weights: Sequence[float] = (0.0, 1.0, 1.0, 1.0, 1.0, 1.0),
        space: Space = "rgb",
        match_first: bool = False,
        contrast: float = 1.0,
    ) -> None:
        super().__init__()
        check_choice(self, space=(space, Space))
        check_number(self, contrast=contrast, smallest=0.0)
        check_flag(self, match_first=match_first)
        check_list(self, weights=weights)
        if not weights or not all(is_number(weight) and 0 <= weight <= 1 for weight in weights):
            raise ValueError(
                f"Wavelet expects weights to be one or more numbers in [0, 1], got {weights}."
            )
        self.weights, self.space = tuple(weights), space
        self.match_first, self.contrast = match_first, contrast
        # What one model does is a fact of its own arguments.
        self.keeps_luminance = (  # type: ignore[misc]
            space == "uv" and contrast == 1 and not match_first
        )
        self.haar = HaarDownsample(3 if space == "rgb" else 2)
        self.config = {
            "weights": list(weights),
            "space": space,
            "match_first": match_first,
            "contrast": contrast,
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
        lent = cast(Tensor, reference)
        target = LUT().colorize(content, lent) if self.match_first else content
        if self.contrast != 1:
            mean = target.mean((2, 3), keepdim=True)
            target = (mean + self.contrast * (target - mean)).clamp(0, 1)
        size = (content.shape[-2], content.shape[-1])
        # Wide, because of half precision there is no such operator.
        lent = functional.interpolate(widen(lent), size, mode="bilinear", antialias=True)
        if self.space == "rgb":
            return self._mixed(target, lent).to(content.dtype)
        chroma = self._mixed(rgb_to_yuv(target)[:, 1:], rgb_to_yuv(lent)[:, 1:])
        return yuv_to_rgb(torch.cat([to_gray(target), chroma], 1)).to(content.dtype)

    def _mixed(self, target: Tensor, source: Tensor) -> Tensor:
        height, width = target.shape[-2:]
        levels = 0  # Counted, not the logarithm of a side, so that exported programs take others.
        while levels < len(self.weights) - 1 and height >> (levels + 1) and width >> (levels + 1):
            levels += 1
        margin = (0, -width % 2**levels, 0, -height % 2**levels)
        target, source = (functional.pad(x, margin, mode="reflect") for x in (target, source))
        return self._merge(target, source, self.weights[: levels + 1])[..., :height, :width]

    def _merge(self, target: Tensor, source: Tensor, weights: Sequence[float]) -> Tensor:
        """Mix details by the last weight, and what is coarser by the weights before it."""
        if len(weights) == 1:
            return weights[0] * target + (1 - weights[0]) * source
        (own, _), (lent, _) = self.haar(target), self.haar(source)
        mixed = weights[-1] * own + (1 - weights[-1]) * lent
        mixed[:, ::4] = self._merge(own[:, ::4], lent[:, ::4], weights[:-1])
        image: Tensor = self.haar.inverse(mixed)[0]
        return image
