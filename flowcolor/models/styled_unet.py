"""A U-Net of a grey image whose features take their statistics from a latent."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from flowcolor.models.learned_adain import LearnedAdaIN
from flowcolor.models.sample_noise import sample_streams
from flowcolor.models.unet import drop


class StyledUNet(nn.Module):
    r"""Halve an image four times and double it again, normalised by a latent :math:`l` on the way.

    .. math:: e_i = A_i\big(\delta(C_i(\mathrm{pool}\, e_{i-1})), l\big), \qquad
              d_i = C'_i\big(F_i [A'_i(T_i d_{i+1}, l),\, e_i]\big)

    with blocks :math:`C` of two 3x3 convolutions, each followed by ReLU and batch normalisation,
    two such blocks in each of the two innermost levels, whose halves share one :math:`A`; dropout
    :math:`\delta`; :class:`~flowcolor.models.learned_adain.LearnedAdaIN` :math:`A`; transposed 4x4
    convolutions :math:`T`; 1x1 convolutions :math:`F`; and three 3x3 convolutions :math:`C'`, of
    which the first halves the channels.

    Args:
        outputs: Channels of the output.
        width: Channels of the first level; they double up to eight times as many.
        latent: Length of :math:`l`; 0 leaves all :math:`A` out.
        letter: The document's program, which lets the first :math:`A` normalise the image itself:
            the first block is not used, and nothing trains it.

    Shape:
        - ``x``: :math:`(B, 1, H, W)`, sides are multiples of 16.
        - ``code``: :math:`(B, D)`.
        - output: :math:`(B, C, H, W)`, without a limit.

    Example:
        >>> StyledUNet(3, width=2, latent=4)(torch.rand(2, 1, 16, 32), torch.rand(2, 4)).shape
        torch.Size([2, 3, 16, 32])
    """

    def __init__(
        self, outputs: int, width: int = 16, latent: int = 32, *, letter: bool = False
    ) -> None:
        super().__init__()
        w, self.letter = width, letter
        down = [[1, w], [w, 2 * w], [2 * w, 4 * w], [4 * w, 8 * w, 8 * w], [8 * w, 8 * w, 8 * w]]
        self.down = nn.ModuleList(
            nn.ModuleList(_convolutions(a, b, b) for a, b in pairwise(level)) for level in down
        )
        ups = [8 * w, 4 * w, 2 * w, w]
        narrow = [4 * w, 2 * w, w, w]
        self.up = nn.ModuleList(nn.ConvTranspose2d(c, c, 4, 2, padding=1) for c in ups)
        self.fuse = nn.ModuleList(nn.Conv2d(2 * c, c, 1) for c in ups)
        self.after = nn.ModuleList(
            _convolutions(c, n, n, n) for c, n in zip(ups, narrow, strict=True)
        )
        self.last = nn.Conv2d(w, outputs, 1)
        sizes = [level[-1] for level in down] + ups
        self.adain = nn.ModuleList(
            LearnedAdaIN(c, latent, letter=letter) for c in (sizes if latent else [])
        )
        if letter and latent:  # Several processes would wait for the gradients of what is not used.
            self.down[0].requires_grad_(False)

    def forward(
        self,
        x: Float[Tensor, "batch 1 height width"],
        code: Float[Tensor, "batch latent"] | None = None,
        rate: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "batch channels height width"]:
        """Return the output.

        Args:
            x: The grey image.
            code: The latent, unless there is none.
            rate: Share of the features that dropout takes away.
            generator: Decides which.
        """
        streams = None if generator is None else sample_streams(len(x), generator)
        seen: list[Tensor] = []
        for i, level in enumerate(self.down):
            x = max_pool2d(x, 2) if i else x
            for block in level:  # type: ignore[attr-defined]
                if i == 0 and self.letter and code is not None:
                    x = self._normalized(x, code, i)
                    continue
                x = block(x)
                x = drop(x, rate, streams) if rate else x
                x = self._normalized(x, code, i)
            seen.append(x)
        x = seen.pop()
        for i, up in enumerate(self.up):
            x = self._normalized(up(x), code, len(self.down) + i)
            x = self.after[i](self.fuse[i](torch.cat([x, seen.pop()], 1)))
        result: Tensor = self.last(x)
        return result

    def _normalized(self, x: Tensor, code: Tensor | None, index: int) -> Tensor:
        normal: Tensor = x if code is None else self.adain[index](x, code)
        return normal


def _convolutions(*widths: int) -> nn.Sequential:
    """Return 3x3 convolutions from each width to the next, each with ReLU and batch norm."""
    made = nn.Sequential()
    for before, after in pairwise(widths):
        made.extend([nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(after)])
    return made
