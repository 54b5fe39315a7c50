"""What a density of images looks like: samples of it, and what lies between two of its images."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from flowcolor.models.base import Colorizer, Image, InvertibleColorizer
from flowcolor.models.density import ConditionalDensity, Density

TEMPERATURES = (0.5, 0.7, 1.0)
_STEPS = 5
_SEED = 0  # The same noise every time, so that what changes from picture to picture is the model.


def glimpses(model: Colorizer, content: Image, photo: Image) -> Mapping[str, Sequence[Image]]:
    r"""Return columns of images by which a density is looked at; none for other colorizers.

    ``samples``
        Images that nobody has seen, of a :class:`~flowcolor.models.density.Density`: a row for each
        noise, a column for each temperature, 0.5, 0.7 and 1.
    ``drawn``
        Contents and three photographs of each that chance has drawn, where chance has a part.
    ``between``
        Each photograph, the next one, and what lies between:
        :math:`f^{-1}((1 - t)\,f(I_1) + t\,f(I_2))` for :math:`t = 0, 1/4, \dots, 1`, under what the
        layers saw of the first.

    Args:
        model: In eval mode, without gradients.
        content: Drawings or grey photographs, :math:`(B, 3, H, W)` in [0, 1].
        photo: Their photographs.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), figures 4, 5 and 8. https://arxiv.org/abs/1807.03039
    """
    columns: dict[str, Sequence[Image]] = {}
    if not isinstance(model, ConditionalDensity):
        return columns
    if isinstance(model, Density):
        sides = (photo.shape[-2], photo.shape[-1])
        columns["samples"] = [
            model.sample(len(photo), temperature, sides, _chance(photo, _SEED))
            for temperature in TEMPERATURES
        ]
    if model.stochastic and model.reference != "required":
        draws = [model.colorize(content, generator=_chance(photo, seed)) for seed in range(3)]
        columns["drawn"] = [content, *draws]
    if isinstance(model, InvertibleColorizer) and len(photo) > 1:
        z, conditions = model.encode(photo)
        shares = torch.linspace(0, 1, _STEPS).tolist()
        columns["between"] = [
            model.decode(torch.lerp(z, z.roll(-1, 0), share), conditions) for share in shares
        ]
    return columns


def _chance(like: Tensor, seed: int) -> torch.Generator:
    return torch.Generator(like.device).manual_seed(seed)
