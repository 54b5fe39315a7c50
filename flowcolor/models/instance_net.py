"""Networks of instance-aware colorization: of the whole, of its objects, and of both together."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from flowcolor.models.box_fusion import BoxFusion, Fusion, whole_pixels
from flowcolor.models.guided_net import GuidedNet


class InstanceNet(nn.Module):
    r"""Colour a picture by one network and its objects by another, and fuse what they see.

    An object is cut out, resized to the size of the picture and shown to ``objects``. Its features
    of all 13 places of a :class:`~flowcolor.models.guided_net.GuidedNet` are laid over those of
    ``whole``, place by place, by a :class:`~flowcolor.models.box_fusion.BoxFusion`, and ``whole``
    goes on with the mixture.

    Args:
        width: Channels of the first stage of both networks.
        fusion: See :class:`~flowcolor.models.box_fusion.BoxFusion`.
        stage: 1 for ``whole`` alone, 2 for both networks, 3 for all.

    Shape:
        - input: :math:`(B, 4, H, W)`, sides are multiples of 8.
        - output: :math:`(B, 2, H, W)`, without a limit.
    """

    def __init__(self, width: int, fusion: Fusion, stage: int) -> None:
        super().__init__()
        self.whole = GuidedNet(width)
        self.objects = GuidedNet(width) if stage > 1 else None
        channels = self.whole.channels if stage > 2 else []
        self.fusion = nn.ModuleList(BoxFusion(count, fusion) for count in channels)

    def forward(self, seen: Tensor, boxes: Sequence[Tensor]) -> Tensor:
        """Return the chroma.

        Args:
            seen: Lightness, chroma at points, and where these are.
            boxes: For each picture its boxes :math:`(N, 4)` in pixels; none of any, or a stage
                below 3, leave the network of the whole alone.
        """
        counts = [len(box) for box in boxes]
        if self.objects is None or not self.fusion or not sum(counts):
            chroma: Tensor = self.whole(seen)
            return chroma
        found: list[Tensor] = []

        def remember(features: Tensor) -> Tensor:
            found.append(features)
            return features

        self.objects(cut_out(seen, boxes), remember)
        places: Iterator[tuple[nn.Module, Tensor]] = zip(self.fusion, found, strict=True)
        picture = (seen.shape[2], seen.shape[3])

        def fused(features: Tensor) -> Tensor:
            fuse, objects = next(places)
            size = (features.shape[2], features.shape[3])
            pieces = [
                fuse(one, own, [whole_pixels(box, picture, size) for box in own_boxes])
                for one, own, own_boxes in zip(
                    features.split(1), objects.split(counts), boxes, strict=True
                )
            ]
            return torch.cat(pieces)

        mixed: Tensor = self.whole(seen, fused)
        return mixed


def cut_out(images: Tensor, boxes: Sequence[Tensor]) -> Tensor:
    """Return every box of every picture, one after another, resized to the size of the picture."""
    size = (images.shape[2], images.shape[3])
    pieces = [images[:0]]  # There may be no box.
    for image, own in zip(images.split(1), boxes, strict=True):
        for box in own:
            left, top, right, bottom = whole_pixels(box, size, size)
            piece = image[..., top:bottom, left:right]
            pieces.append(interpolate(piece, size, mode="bilinear"))
    return torch.cat(pieces)
