"""The distance of an image to one image's content and to another's style, in what VGG19 sees."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, shown_value
from flowcolor.errors import InputError
from flowcolor.losses.perceptual import check_images
from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.values import widen

_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
_EPS = 1e-5  # The root of a flat channel's variance, zero, has no gradient.


class ContentStyleLoss(nn.Module):
    r"""Ask for the deep features of one image and for the statistics of another.

    .. math::
        L = w_c\, \overline{(\phi_4(\hat I) - \phi_4(I_c))^2}
            + w_s \sum_{i=1}^4 \overline{(\mu_i(\hat I) - \mu_i(I_s))^2}
                             + \overline{(\sigma_i(\hat I) - \sigma_i(I_s))^2}

    with :math:`\phi_i` the activations relu1_1, relu2_1, relu3_1 and relu4_1 of VGG19, and
    :math:`\mu_i, \sigma_i` the mean and the deviation of each channel over the pixels of an image.

    VGG19 is torchvision's, of images normalised by ImageNet's mean and deviation. The paper's has
    other weights, scaled to a mean activation of 1, and so other sums: the same :math:`w_s` weighs
    differently there. ``ratio`` tells how the two terms stand to each other.

    The weights have to be there, as a file that is named or in the cache of torch hub; nothing is
    downloaded, and random weights are used only if they are asked for.

    Args:
        content: Weight :math:`w_c`.
        style: Weight :math:`w_s`.
        vgg19: File with VGG19's weights, whole or ``features`` only, ``.pth`` or ``.safetensors``.
            ``None`` means the torch hub cache.
        random_weights: Use a random VGG19. The loss is then comparable with no other.

    Raises:
        InputError: If a weight is negative or not finite; and, at the first call or
            :meth:`prepare`, if the weights are missing or unusable.

    Shape:
        - ``result``, ``content``, ``style``: :math:`(B, 3, H, W)` in [0, 1], sides of at least 16.
        - output: scalars by name: ``loss`` is the weighted sum, ``content`` and ``style`` are the
          terms before weighting, ``ratio`` is the weighted style by the weighted content.

    Reference:
        Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance
        normalization" (2017), equations 11 to 13, with ArtFlow's weights and the content's own
        features as target (An et al., 2021). https://arxiv.org/abs/1703.06868

    Example:
        >>> loss = ContentStyleLoss(random_weights=True)
        >>> sorted(loss(*torch.rand(3, 2, 3, 16, 16)))
        ['content', 'loss', 'ratio', 'style']
    """

    @plain_numbers
    def __init__(
        self,
        content: float = 0.1,
        style: float = 1.0,
        *,
        vgg19: str | Path | None = None,
        random_weights: bool = False,
    ) -> None:
        super().__init__()
        for name, weight in (("content", content), ("style", style)):
            if not (is_number(weight) and weight >= 0):
                shown = shown_value(weight)
                raise InputError(f"{name} expects a finite number of at least 0, got {shown}.")
        self.content, self.style = content, style
        self.activations = VGGActivations(_LAYERS, "vgg19", vgg19, random_weights=random_weights)

    def prepare(self) -> None:
        """Read VGG19's weights now, so that missing ones fail early."""
        self.activations.prepare(download=False)

    @property
    def least(self) -> int:
        """Side of the smallest images that it takes, in pixels."""
        return 16

    def forward(
        self,
        result: Float[Tensor, "batch 3 height width"],
        content: Float[Tensor, "batch 3 height width"],
        style: Float[Tensor, "batch 3 height width"],
    ) -> dict[str, Tensor]:
        for given in (content, style):
            check_images(self, result, given, self.least)
        self.prepare()
        ours = self.activations(result)
        aims = self.activations(torch.cat([content, style]))
        content_term = _squared(ours[-1], aims[-1].chunk(2)[0])
        terms = [
            _squared(statistic(own), statistic(aim.chunk(2)[1]))
            for own, aim in zip(ours, aims, strict=True)
            for statistic in (_mean, _deviation)
        ]
        style_term = torch.stack(terms).sum()
        weighted = self.content * content_term, self.style * style_term
        ratio = (weighted[1] / weighted[0].clamp(min=1e-12)).detach()  # It is zero for no weight.
        parts = {"content": content_term, "style": style_term, "ratio": ratio}
        return {"loss": weighted[0] + weighted[1], **parts}

    def extra_repr(self) -> str:
        return f"content={self.content}, style={self.style}, {self.activations!r}"


# Widened first: under autocast the network ends in half precision, whose sums have few digits.
def _squared(ours: Tensor, aim: Tensor) -> Tensor:
    return (widen(ours) - widen(aim)).square().mean()


def _mean(features: Tensor) -> Tensor:
    return widen(features).mean((2, 3))


def _deviation(features: Tensor) -> Tensor:
    return (widen(features).var((2, 3)) + _EPS).sqrt()
