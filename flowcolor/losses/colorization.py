"""The distance between a colorized drawing and its true photograph."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import check_flag, plain_numbers
from flowcolor.bounds import is_number, shown_value
from flowcolor.color import rgb_to_yuv
from flowcolor.errors import InputError
from flowcolor.losses.perceptual import PerceptualLoss, check_images, check_weights
from flowcolor.values import widen, without_autocast


class ColorizationLoss(nn.Module):
    r"""Weighted sum of how far a result is from the truth in pixels, in VGG16 and in structure.

    .. math:: L = w_1 \, \overline{|\hat I - I|} + w_p L_{percp}(\hat I, I)
                  + w_s (1 - \mathrm{SSIM}(\hat I, I))

    A term with weight 0 is neither computed nor returned, and without the perceptual term VGG16 is
    never looked for. SSIM is torchmetrics', which averages up to the reflected border. All terms
    are evaluated in float32 or wider; only VGG16 follows autocast.

    With ``chroma``, the absolute difference is taken in YUV, where it can pay for colour:
    :math:`\overline{|\Delta Y|} + c\,\overline{|\Delta U| + |\Delta V|}` instead of
    :math:`\overline{|\hat I - I|}`. In RGB a wrong hue costs little beside a wrong brightness, and
    results come out greyer than the truth.

    Args:
        l1: Weight :math:`w_1` of the mean absolute difference.
        perceptual: Weight :math:`w_p` of :class:`PerceptualLoss`.
        ssim: Weight :math:`w_s` of the structural term, which needs no pretrained network.
        chroma: How much more a difference in U and V counts than one in Y, :math:`c`. ``None``:
            the difference is taken in RGB.
        vgg16: File with VGG16's weights, whole or ``features`` only, ``.pth`` or ``.safetensors``.
            ``None`` means the torch hub cache, else a download of 528 MB.
        random_weights: Use a random VGG16. The loss is then comparable with no other.
        chunk: How many images go through VGG16 at once, see :class:`PerceptualLoss`.

    Raises:
        InputError: If a weight is negative or none is positive.

    Shape:
        - ``result``, ``truth``: :math:`(B, 3, H, W)`, truth in :math:`[0, 1]`; sides of at least
          16 with the perceptual term and 6 with SSIM.
        - output: scalars by name: ``loss`` is the weighted sum, ``l1``, ``perceptual`` and
          ``ssim`` are the terms before weighting (``ssim`` is :math:`1 - \mathrm{SSIM}`).

    Reference:
        Eq. 3.22 and 3.23 and section 3.5 of the thesis: 10 to 1 and no structural term. Its
        perceptual sum is read as a sum of means, so that no weight depends on the image size.

    Example:
        >>> loss = ColorizationLoss(perceptual=0)
        >>> sorted(loss(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)))
        ['l1', 'loss']
    """

    @plain_numbers
    def __init__(
        self,
        l1: float = 10.0,
        perceptual: float = 1.0,
        ssim: float = 0.0,
        *,
        chroma: float | None = None,
        vgg16: str | Path | None = None,
        random_weights: bool = False,
        chunk: int | None = 4,
    ) -> None:
        super().__init__()
        if chroma is not None and not (is_number(chroma) and chroma >= 0):
            raise InputError(
                f"chroma expects a finite number of at least 0, got {shown_value(chroma)}."
            )
        self.chroma = chroma
        weights = {"l1": l1, "perceptual": perceptual, "ssim": ssim}
        check_weights(weights)
        check_flag(self, random_weights=random_weights)
        self.weights = weights
        self.random_weights = random_weights and perceptual > 0
        self.perceptual = PerceptualLoss(vgg16, random_weights=random_weights, chunk=chunk)

    def prepare(self) -> None:
        """Read VGG16's weights if this loss needs them, so that missing ones fail early."""
        if self.weights["perceptual"] > 0:
            self.perceptual.prepare()

    @property
    def least(self) -> int:
        """Side of the smallest images that it takes, in pixels."""
        return 16 if self.weights["perceptual"] else 6 if self.weights["ssim"] else 1

    def forward(
        self,
        result: Float[Tensor, "batch 3 height width"],
        truth: Float[Tensor, "batch 3 height width"],
    ) -> dict[str, Tensor]:
        check_images(self, result, truth, self.least)
        compute: dict[str, Callable[[Tensor, Tensor], Tensor]]
        compute = {"l1": self._l1, "perceptual": self.perceptual, "ssim": _one_minus_ssim}
        terms = {name: compute[name](result, truth) for name, w in self.weights.items() if w > 0}
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        return {"loss": total, **terms}

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={weight}" for name, weight in self.weights.items())

    def _l1(self, result: Tensor, truth: Tensor) -> Tensor:
        difference = widen(result) - widen(truth)
        if self.chroma is None:
            return difference.abs().mean()
        luma, u, v = rgb_to_yuv(difference).abs().mean((0, 2, 3)).unbind()
        weighted: Tensor = luma + self.chroma * (u + v)
        return weighted


def _one_minus_ssim(result: Tensor, truth: Tensor) -> Tensor:
    # Local import: costs seconds, and the term is off by default.
    from torchmetrics.functional.image import structural_similarity_index_measure

    # Its variances are differences of nearly equal numbers; bfloat16 would leave nothing of them.
    with without_autocast(result):
        ssim = structural_similarity_index_measure(widen(result), widen(truth), data_range=1.0)
    return 1 - cast(Tensor, ssim)  # It is a tuple only if more is asked for.
