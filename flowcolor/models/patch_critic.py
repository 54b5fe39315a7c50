"""A critic that judges patches rather than whole images."""

from itertools import pairwise
from numbers import Integral
from typing import Literal

from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_parameters, check_positive, plain_numbers
from flowcolor.bounds import shown_value
from flowcolor.layers.functional.planes import check_images
from flowcolor.models.initial_weights import gaussian_weights

Norm = Literal["instance", "none"]


class PatchCritic(nn.Module):
    r"""Answer for each patch of an image whether it looks real.

    4x4 convolutions: ``layers`` of stride 2 and two of stride 1, with LeakyReLU 0.2 between them,
    which double their channels up to eight times ``width``. The last has one channel: an answer for
    each patch, without a limit. An answer sees a patch of :attr:`receptive_field` pixels a side:
    16, 34, 70, 142 for 1, 2, 3, 4 layers of stride 2.

    Args:
        channels: Of its input; the default is a drawing beside an image.
        width: Channels of the first convolution.
        layers: Convolutions of stride 2.
        norm: ``"instance"`` normalises each channel of each image, but not of the first and the
            last convolution; mean and variance then carry a little from outside of the patch.
            ``"none"`` normalises nothing.
        std: Standard deviation of the weights at first, with biases of 0, as in the paper, whose
            it is 0.02. ``None``: those of torch.

    Shape:
        - input: :math:`(B, C, H, W)`, sides of at least 3 pixels for each answer that is wanted
          after ``layers`` halvings; 64 gives 6, 256 gives 30.
        - output: :math:`(B, 1, H', W')`.

    Raises:
        ValueError: A size is below 1, the norm is unknown, or the image is too small for an answer.

    Reference:
        Isola et al., "Image-to-image translation with conditional adversarial networks" (2017),
        section 3.2.2 and appendix 6.1.2. https://arxiv.org/abs/1611.07004

    Example:
        >>> import torch
        >>> PatchCritic()(torch.rand(2, 6, 64, 64)).shape
        torch.Size([2, 1, 6, 6])
    """

    @plain_numbers
    def __init__(
        self,
        channels: int = 6,
        width: int = 64,
        layers: int = 3,
        norm: Norm = "instance",
        std: float | None = None,
    ) -> None:
        super().__init__()
        sizes = (channels, width, layers)
        whole = all(isinstance(n, Integral) and not isinstance(n, bool) for n in sizes)
        if not whole or min(sizes) < 1 or layers > 6:
            raise ValueError(
                "PatchCritic expects channels and width of at least 1 and 1 to 6 layers, "
                f"got {shown_value(channels)}, {shown_value(width)} and {shown_value(layers)}."
            )
        check_choice(self, norm=(norm, Norm))
        if std is not None:
            check_positive(self, std=std)
        self.channels = channels
        strides = [2] * layers + [1, 1]
        widths = [channels, *(width * min(2**i, 8) for i in range(layers + 1)), 1]
        parameters = 16 * sum(before * after for before, after in pairwise(widths))
        check_parameters(self, parameters, channels=channels, width=width)
        stages: list[nn.Module] = []
        for i, stride in enumerate(strides):
            stages.append(nn.Conv2d(widths[i], widths[i + 1], 4, stride, padding=1))
            if i == len(strides) - 1:
                break
            if norm == "instance" and i > 0:
                stages.append(nn.InstanceNorm2d(widths[i + 1]))
            stages.append(nn.LeakyReLU(0.2))
        self.body = nn.Sequential(*stages)
        if std is not None:
            gaussian_weights(self, std)
        self.receptive_field = 1
        for stride in reversed(strides):
            self.receptive_field = (self.receptive_field - 1) * stride + 4
        self.least = 3 * 2**layers  # Below, the stride-1 convolutions have nothing to look at.

    def forward(self, image: Tensor) -> Tensor:
        """Return an answer for each patch."""
        check_images(self, image, self.channels, self.least)
        answers: Tensor = self.body(image)
        return answers

    def extra_repr(self) -> str:
        return f"receptive_field={self.receptive_field}"
