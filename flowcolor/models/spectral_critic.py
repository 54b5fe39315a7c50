"""A critic whose convolutions have a largest singular value of 1."""

from itertools import pairwise

from torch import Tensor, nn

from flowcolor.arguments import check_count, check_parameters, plain_numbers
from flowcolor.layers.functional.planes import check_images
from flowcolor.models.spectral import spectral_norm


class SpectralCritic(nn.Module):
    r"""Answer for each patch of a coloured drawing whether it looks real.

    ``layers`` convolutions of 3x3 and stride 2 with spectral and batch normalisation and LeakyReLU
    0.2, each as twice as wide as the one before, and a last one, with one channel and without a
    limit. Of the drawing, whose channels are equal, it takes one.

    Args:
        width: Channels of the first convolution.
        layers: Convolutions of stride 2.

    Shape:
        - input: :math:`(B, 6, H, W)`, a drawing and beside it an image, with sides of at least
          :math:`2^{n+1}` for :math:`n` layers.
        - output: :math:`(B, 1, H', W')` with a side of :math:`2^{-n}`, rounded up.

    Raises:
        ValueError: A size is below 1, there are more than 8 layers, or the image is too small.

    Reference:
        Lee et al., "Reference-Based Sketch Image Colorization using Augmented-Self Reference and
        Dense Semantic Correspondence" (2020), whose critic this is as public codes have it.
        https://arxiv.org/abs/2005.05207; the normalisation: Miyato et al. (2018),
        https://arxiv.org/abs/1802.05957

    Example:
        >>> import torch
        >>> SpectralCritic()(torch.rand(2, 6, 64, 64)).shape
        torch.Size([2, 1, 4, 4])
    """

    @plain_numbers
    def __init__(self, width: int = 16, layers: int = 4) -> None:
        super().__init__()
        check_count(self, width=width, layers=layers)
        if layers > 8:
            raise ValueError(f"SpectralCritic expects up to 8 layers, got {layers}.")
        stages: list[nn.Module] = []
        widths = [4, *(width * 2**layer for layer in range(layers))]
        parameters = 9 * sum(before * after for before, after in pairwise(widths))
        check_parameters(self, parameters, width=width, layers=layers)
        for before, after in pairwise(widths):
            conv = nn.Conv2d(before, after, 3, 2, padding=1, bias=False)
            stages += [spectral_norm(conv), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*stages, nn.Conv2d(widths[-1], 1, 3, padding=1))
        self.least = 2 ** (layers + 1)  # Below, one image has no variance to normalise by.

    def forward(self, pair: Tensor) -> Tensor:
        """Return an answer for each patch."""
        check_images(self, pair, 6, self.least)
        answers: Tensor = self.body(pair[:, 2:])
        return answers
