"""The distance to the truth in pixels, in what VGG19 sees, and in how that varies together."""

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import check_list, plain_numbers
from flowcolor.errors import InputError
from flowcolor.losses.perceptual import check_images, check_weights
from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.values import widen, without_autocast


class FeatureLoss(nn.Module):
    r"""Weighted sum of absolute differences of pixels, of features and of their Gram matrices.

    .. math::
        L = w_1 \overline{|\hat I - I|}
            + w_p \sum_i \overline{|\phi_i(\hat I) - \phi_i(I)|}
            + w_s \sum_i \overline{|G_i(\hat I) - G_i(I)|}, \qquad
        G_i(I) = \frac{F F^T}{C N}

    with activations :math:`\phi_i` of VGG19, which as a matrix :math:`F` have C channels at N
    places; each image has a Gram matrix of its own. A term with weight 0 is neither computed nor
    returned, and without the last two VGG19 is not looked for.

    The weights have to be there, as a file that is named or in the cache of torch hub; nothing is
    downloaded, and random weights are used only if they are asked for.

    Args:
        l1: Weight :math:`w_1`; the paper's 30 is for values in [-1, 1].
        perceptual: Weight :math:`w_p`.
        style: Weight :math:`w_s`.
        layers: Activations of VGG19, by name.
        vgg19: File with VGG19's weights, whole or ``features`` only, ``.pth`` or ``.safetensors``.
            ``None`` means the torch hub cache.
        random_weights: Use a random VGG19. The loss is then comparable with no other.

    Raises:
        InputError: If a weight is negative or not finite or none is positive, or there are no
            layers; and, at the first call or :meth:`prepare`, if the weights are missing or
            unusable.

    Shape:
        - ``result``, ``truth``: :math:`(B, 3, H, W)` in [0, 1], sides of at least 16.
        - output: scalars by name: ``loss`` is the weighted sum, ``l1``, ``perceptual`` and
          ``style`` are the terms before weighting.

    Reference:
        Lee et al., "Reference-Based Sketch Image Colorization using Augmented-Self Reference and
        Dense Semantic Correspondence" (2020), section 3.4, with layers as public codes have them.
        https://arxiv.org/abs/2005.05207

    Example:
        >>> loss = FeatureLoss(perceptual=0, style=0)  # Without VGG19.
        >>> sorted(loss(torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)))
        ['l1', 'loss']
    """

    @plain_numbers
    def __init__(
        self,
        l1: float = 60.0,
        perceptual: float = 0.01,
        style: float = 50.0,
        *,
        layers: Sequence[str] = ("relu1_2", "relu2_2"),
        vgg19: str | Path | None = None,
        random_weights: bool = False,
    ) -> None:
        super().__init__()
        self.weights = {"l1": l1, "perceptual": perceptual, "style": style}
        check_weights(self.weights)
        check_list(self, layers=layers)
        if not layers:
            raise InputError("layers expects names of VGG19's activations, got none.")
        self.activations = VGGActivations(layers, "vgg19", vgg19, random_weights=random_weights)

    def prepare(self) -> None:
        """Read VGG19's weights if this loss needs them, so that missing ones fail early."""
        if self.weights["perceptual"] or self.weights["style"]:
            self.activations.prepare(download=False)

    @property
    def least(self) -> int:
        """Side of the smallest images that it takes, in pixels."""
        return 16

    def forward(
        self,
        result: Float[Tensor, "batch 3 height width"],
        truth: Float[Tensor, "batch 3 height width"],
    ) -> dict[str, Tensor]:
        check_images(self, result, truth, self.least)
        terms = {"l1": _distance(result, truth)}
        if self.weights["perceptual"] or self.weights["style"]:
            self.prepare()
            pairs = list(zip(self.activations(result), self.activations(truth), strict=True))
            terms["perceptual"] = torch.stack([_distance(a, b) for a, b in pairs]).sum()
            terms["style"] = torch.stack([_distance(_gram(a), _gram(b)) for a, b in pairs]).sum()
        terms = {name: term for name, term in terms.items() if self.weights[name]}
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        return {"loss": total, **terms}

    def extra_repr(self) -> str:
        weights = ", ".join(f"{name}={weight}" for name, weight in self.weights.items())
        return f"{weights}, {self.activations!r}"


def _distance(ours: Tensor, aim: Tensor) -> Tensor:
    return (widen(ours) - widen(aim)).abs().mean()


def _gram(features: Tensor) -> Tensor:
    flat = widen(features).flatten(2)
    with without_autocast(flat):  # Sums of so many products need more than half precision.
        return flat @ flat.mT / (flat.shape[1] * flat.shape[2])
