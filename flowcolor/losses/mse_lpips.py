"""Squared differences, and the distance that was calibrated on human judgements."""

from pathlib import Path
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import check_flag, plain_numbers
from flowcolor.bounds import is_one_of, shown_value
from flowcolor.color import lab_of
from flowcolor.errors import InputError
from flowcolor.losses.perceptual import check_images, check_weights
from flowcolor.metrics.lpips import Network, lpips_activations, lpips_distance
from flowcolor.values import widen

Space = Literal["rgb", "lab"]
_SMALLEST = {"alexnet": 31, "vgg16": 16}


class MSELPIPSLoss(nn.Module):
    r"""Weighted sum of the mean squared difference and of LPIPS.

    .. math:: L = w_m \, \overline{(\hat I - I)^2} + w_l\, \mathrm{LPIPS}(\hat I, I)

    A term with weight 0 is neither computed nor returned, and without LPIPS no network is looked
    for.

    Args:
        mse: Weight :math:`w_m`.
        lpips: Weight :math:`w_l`, see :func:`~flowcolor.metrics.lpips`.
        network: Of LPIPS.
        space: Where squared differences are taken: ``"rgb"``, or ``"lab"``, L*a*b* with all three
            channels brought into [0, 1].
        network_file: Its weights; ``None`` means the torch hub cache, else a download.
        random_weights: Use a random network. The loss is then comparable with no other.
        letter: The document's program: LPIPS gets the numbers that the squared differences are
            taken of as if they had the range from -1 to 1, L*a*b* as if it were RGB.

    Raises:
        InputError: A weight is negative or none is positive, or a word is unknown.

    Shape:
        - ``result``, ``truth``: :math:`(B, 3, H, W)`, truth in :math:`[0, 1]`; sides of at least
          31 with LPIPS by AlexNet and 16 by VGG16.
        - output: scalars by name: ``loss`` is the weighted sum, ``mse`` and ``lpips`` are the terms
          before weighting.

    Reference:
        Prioteasa, Malvestiti and Smoleń, "Artistic colourization with adaptive instance
        normalization" (2024), section 2.2.

    Example:
        >>> import torch
        >>> sorted(MSELPIPSLoss(lpips=0.0)(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)))
        ['loss', 'mse']
    """

    @plain_numbers
    def __init__(
        self,
        mse: float = 1.0,
        lpips: float = 1.0,
        network: Network = "alexnet",
        space: Space = "rgb",
        *,
        network_file: str | Path | None = None,
        random_weights: bool = False,
        letter: bool = False,
    ) -> None:
        super().__init__()
        weights = {"mse": mse, "lpips": lpips}
        check_weights(weights)
        if not is_one_of(space, get_args(Space)):
            got = shown_value(space)
            raise InputError(f"space expects one of {', '.join(get_args(Space))}, got {got}.")
        check_flag(self, letter=letter, random_weights=random_weights)
        self.weights, self.space, self.letter = weights, space, letter
        self.random_weights = random_weights and lpips > 0
        self.activations = lpips_activations(
            network, network_file, random_weights=random_weights, option="network_file"
        )

    def prepare(self) -> None:
        """Read the network's weights if this loss needs them, so that missing ones fail early."""
        if self.weights["lpips"] > 0:
            self.activations.prepare()

    @property
    def least(self) -> int:
        """Side of the smallest images that it takes, in pixels."""
        return _SMALLEST[self.activations.name] if self.weights["lpips"] else 1

    def forward(
        self,
        result: Float[Tensor, "batch 3 height width"],
        truth: Float[Tensor, "batch 3 height width"],
    ) -> dict[str, Tensor]:
        check_images(self, result, truth, self.least)
        pair = widen(result), widen(truth)
        numbers = [_unit_lab(x) for x in pair] if self.space == "lab" else pair
        terms: dict[str, Tensor] = {}
        if self.weights["mse"]:
            terms["mse"] = (numbers[0] - numbers[1]).square().mean()
        if self.weights["lpips"]:
            # What was made for [-1, 1] and gets [0, 1] sees grey veiled pictures, 0.5 to 1.
            seen = [(x + 1) / 2 for x in numbers] if self.letter else pair
            terms["lpips"] = lpips_distance(seen[0], seen[1], self.activations).mean()
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        return {"loss": total, **terms}

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={weight}" for name, weight in self.weights.items())


def _unit_lab(image: Tensor) -> Tensor:
    lab = lab_of(image)
    return torch.cat([lab[:, :1] / 100, (lab[:, 1:] + 128) / 255], 1)
