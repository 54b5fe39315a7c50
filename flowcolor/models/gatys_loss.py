"""What a network sees of a picture: its features, and how they vary together."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.values import without_autocast

# Convolutions of each block; a pooling stands between two blocks.
BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}


def relu_name(network: str, convolution: int) -> str:
    """Return the name of the activation after a convolution, which are counted from 1.

    Example:
        >>> relu_name("vgg19", 5), relu_name("vgg16", 13)
        ('relu3_1', 'relu5_3')
    """
    left = convolution
    for block, count in enumerate(BLOCKS[network], 1):
        if left <= count:
            return f"relu{block}_{left}"
        left -= count
    raise ValueError(f"{network} has {sum(BLOCKS[network])} convolutions, got {convolution}.")


def convolutions(
    network: nn.Sequential, x: Tensor, wanted: Sequence[int], average: bool
) -> dict[int, Tensor]:
    """Return outputs of convolutions, before their activations, by number.

    Args:
        network: The convolutional part of VGG.
        x: Images as the network expects them.
        wanted: Numbers, from 1.
        average: Whether to pool by the mean instead of the largest.
    """
    found: dict[int, Tensor] = {}
    number = 0
    for module in network:
        if isinstance(module, nn.Conv2d):
            x = module(x)
            number += 1
            if number in wanted:
                found[number] = x
            if number == max(wanted):
                break
        elif isinstance(module, nn.ReLU):
            x = functional.relu(x)  # The network's own would overwrite what was just kept.
        else:
            x = functional.avg_pool2d(x, 2) if average else functional.max_pool2d(x, 2)
    return found


def gram(features: Tensor) -> Tensor:
    r"""Return :math:`G = F F^T / (C N)` of features with C channels at N positions.

    Shape:
        - ``features``: :math:`(1, C, H, W)`.
        - output: :math:`(C, C)`.
    """
    rows = features[0].flatten(1)
    with without_autocast(rows):
        return rows @ rows.T / rows.numel()


class GatysLoss:
    r"""The distance of a picture from a content and from a style.

    .. math:: L = \overline{(\alpha F^c(x) - \alpha F^c(t))^2}
              + \sum_l \overline{(\beta_l G^l(x) - \beta_l G^l(s))^2}

    with bars for means. Its weights stand inside the squares if ``inside``, as in the formula, and
    before them otherwise.

    Args:
        activations: The network; its layers are not used, only up to which it reaches.
        content: :math:`t`, (1, 3, H, W).
        style: :math:`s`, (1, 3, H', W').
        content_layer: Its number and weight :math:`\alpha`.
        style_layers: Their numbers and weights :math:`\beta_l`.
        average: Whether to pool by the mean.
        normalize: Whether images get the statistics of ImageNet first, as the weights expect.
        inside: Where weights stand.
    """

    def __init__(
        self,
        activations: VGGActivations,
        content: Tensor,
        style: Tensor,
        content_layer: tuple[int, float],
        style_layers: dict[int, float],
        *,
        average: bool = False,
        normalize: bool = True,
        inside: bool = True,
    ) -> None:
        self.activations, self.average, self.normalize = activations, average, normalize
        self.content_layer, self.style_layers, self.inside = content_layer, style_layers, inside
        self.content = self._features(content, [content_layer[0]])[content_layer[0]].detach()
        seen = self._features(style, list(style_layers))
        self.grams = {layer: gram(seen[layer]).detach() for layer in style_layers}

    def __call__(self, image: Tensor) -> Tensor:
        """Return the loss of (1, 3, H, W) as a scalar."""
        layer, weight = self.content_layer
        found = self._features(image, [layer, *self.style_layers])
        loss = self._term(found[layer], self.content, weight)
        for number, share in self.style_layers.items():
            loss = loss + self._term(gram(found[number]), self.grams[number], share)
        return loss

    def _term(self, found: Tensor, wanted: Tensor, weight: float) -> Tensor:
        return functional.mse_loss(found, wanted) * (weight**2 if self.inside else weight)

    def _features(self, image: Tensor, wanted: Sequence[int]) -> dict[int, Tensor]:
        network = self.activations.network_like(image)
        x = self.activations.normalize(image) if self.normalize else image
        return convolutions(network, x, wanted, self.average)
