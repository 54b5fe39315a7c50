"""Style relevance and content relevance: cosines of VGG19's activations."""

from abc import ABC
from pathlib import Path
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from flowcolor.bounds import is_one_of, shown_value
from flowcolor.errors import InputError
from flowcolor.metrics.base import ActivationMetric, comparable
from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.values import without_autocast

Preset = Literal["thesis", "cocosnet"]

LOW = ("relu1_2", "relu2_2")
HIGH = ("relu3_2", "relu4_2", "relu5_2")
#: The layers that style relevance and content relevance look at, by preset.
PRESETS = {
    "thesis": {"sr": HIGH, "cr": LOW},
    "cocosnet": {"sr": LOW, "cr": HIGH},
}


@torch.no_grad()
def relevance(
    result: Float[Tensor, "batch 3 height width"],
    other: Float[Tensor, "batch 3 height width"],
    activations: VGGActivations,
) -> Float[Tensor, " batch"]:
    r"""Cosine of the flattened activations of each pair of images, averaged over layers.

    .. math:: \frac{1}{|S|} \sum_{i \in S}
              \frac{\phi_i(x) \cdot \phi_i(y)}{\|\phi_i(x)\| \, \|\phi_i(y)\|}

    Activations after a ReLU are not negative, so the values are in :math:`[0, 1]`; two photographs
    of faces that have nothing to do with each other are far above 0. Both images have to lie in
    register for a high value, for each position is compared with the same position. No gradient is
    recorded.

    Args:
        result: Images in :math:`[0, 1]`, of at least 16 pixels a side.
        other: Images of the same shape.
        activations: The network and its layers :math:`S`, see :func:`relevance_activations`.

    Raises:
        ValueError: If the shapes differ or a side is too small.
        InputError: If the network's weights are missing or unusable.

    Reference:
        Eq. 4.4 to 4.6 of the thesis, which writes a sum over layers but reports values below 1;
        Zhang et al., "Cross-domain correspondence learning for exemplar-based image translation"
        (2020), section 4. https://arxiv.org/abs/2004.05571
    """
    if not isinstance(activations, VGGActivations):
        shown = type(activations).__name__
        raise InputError(f"relevance expects activations of type VGGActivations, got {shown}.")
    result, other = comparable("relevance", result, other, smallest=16)
    with without_autocast(result):
        pairs = zip(activations(result), activations(other), strict=True)
        cosines = [cosine_similarity(a.flatten(1), b.flatten(1)) for a, b in pairs]
    return torch.stack(cosines).mean(0)


def relevance_activations(
    score: Literal["sr", "cr"],
    preset: Preset = "thesis",
    path: str | Path | None = None,
    *,
    random_weights: bool = False,
) -> VGGActivations:
    """Return VGG19 with the layers that a score looks at; it is read at the first call.

    Args:
        score: Style relevance or content relevance.
        preset: ``"thesis"``: SR looks at relu3_2, relu4_2 and relu5_2, CR at relu1_2 and relu2_2.
            ``"cocosnet"``: the other way round, as in the paper that the thesis cites.
        path: VGG19's weights, see :class:`~flowcolor.pretrained.vgg.VGGActivations`.
        random_weights: Use random weights. The score is then comparable with no other.

    Raises:
        InputError: If there is no such score or preset.
    """
    if not is_one_of(score, ("sr", "cr")):
        raise InputError(f"`score` must be one of sr, cr, got {shown_value(score)}.")
    if not is_one_of(preset, PRESETS):
        got = shown_value(preset)
        raise InputError(f"`preset` must be one of {', '.join(PRESETS)}, got {got}.")
    return VGGActivations(PRESETS[preset][score], "vgg19", path, random_weights=random_weights)


class _Relevance(ActivationMetric, ABC):
    """What style relevance and content relevance have in common: everything but the layers."""

    name: ClassVar[Literal["sr", "cr"]]
    higher_is_better = True

    def __init__(
        self,
        preset: Preset = "thesis",
        path: str | Path | None = None,
        *,
        random_weights: bool = False,
        activations: VGGActivations | None = None,
    ) -> None:
        if activations is not None and not isinstance(activations, VGGActivations):
            shown = type(activations).__name__
            raise InputError(f"`activations` must be of type VGGActivations, got {shown}.")
        built = relevance_activations(self.name, preset, path, random_weights=random_weights)
        super().__init__(built if activations is None else activations)
        self.preset = preset if activations is None else "own"

    @property
    def note(self) -> str:
        """The preset, its layers and the network, and whether its weights are random."""
        return f"preset {self.preset}: {super().note}"

    def per_image(self, result: Tensor, other: Tensor) -> Tensor:
        return relevance(result, other, self.activations)


class StyleRelevance(_Relevance):
    """SR: :func:`relevance` of results and their *references*, averaged over images.

    The thesis and CoCosNet look at different layers; never print the number without ``note``,
    which names preset and layers.

    Args:
        preset: Which layers, see :func:`relevance_activations`.
        path: VGG19's weights: a file of the whole network or of ``features`` only. ``None`` means
            the torch hub cache, else a download of 548 MB.
        random_weights: Use random weights. The number is then comparable with no other.
        activations: A network and layers of your own instead.

    Shape:
        - ``result``, ``other``: :math:`(B, 3, H, W)`, sides of at least 16.
        - output: ``{"sr": scalar}``, higher is better.

    Example:
        >>> StyleRelevance("cocosnet").note
        'preset cocosnet: relu1_2, relu2_2 of vgg19'
    """

    name = "sr"


class ContentRelevance(_Relevance):
    """CR: :func:`relevance` of results and the drawings' *own photographs*, averaged over images.

    Arguments and traps are those of :class:`StyleRelevance`.

    Shape:
        - ``result``, ``other``: :math:`(B, 3, H, W)`, sides of at least 16.
        - output: ``{"cr": scalar}``, higher is better.

    Example:
        >>> for part in ContentRelevance(random_weights=True).note.split("; "):
        ...     print(part)
        preset thesis: relu1_2, relu2_2 of vgg19
        random weights: comparable with no other number
    """

    name = "cr"
