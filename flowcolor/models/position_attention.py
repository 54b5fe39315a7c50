r"""Attention over places: each place of a drawing fetches from all places of a photograph."""

from typing import NamedTuple

from einops import rearrange
from torch import Tensor, nn

from flowcolor.layers.functional.attend import attend


class Attended(NamedTuple):
    """What attention fetched, and by which queries and keys it looked."""

    features: Tensor
    query: Tensor
    key: Tensor


class PositionAttention(nn.Module):
    r"""Add to each place of a drawing what it finds in a photograph.

    .. math::
        q = W_q v_s, \quad k = W_k v_r, \quad v = W_v v_r, \qquad
        c = v_s + \mathrm{softmax}\big(q k^T / \sqrt{C}\big)\, v

    A token is a place with all of its channels, and the softmax is over the places of the
    photograph, of scaled products. There are public codes that cut an image into tokens without
    bringing its channels last, which mixes places, or that scale after the softmax, which leaves of
    the attention next to nothing.

    Args:
        channels: Channels :math:`C` of both.

    Shape:
        - ``drawing``: :math:`(B, C, H, W)`; ``reference``: :math:`(B, C, H', W')`.
        - result: ``features`` and ``query`` of the drawing's shape, ``key`` of the reference's.

    Reference:
        Lee et al., "Reference-Based Sketch Image Colorization using Augmented-Self Reference and
        Dense Semantic Correspondence" (2020), section 3.3. https://arxiv.org/abs/2005.05207

    Example:
        >>> import torch
        >>> drawing, reference = torch.rand(1, 8, 4, 4), torch.rand(1, 8, 2, 6)
        >>> PositionAttention(8)(drawing, reference).features.shape
        torch.Size([1, 8, 4, 4])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)

    def forward(self, drawing: Tensor, reference: Tensor) -> Attended:
        """Return the features, the queries and the keys."""
        places, others = (rearrange(x, "b c h w -> b (h w) c") for x in (drawing, reference))
        q, k, v = self.query(places), self.key(others), self.value(others)
        found = places + attend(q, k, v)
        return Attended(_image(found, drawing), _image(q, drawing), _image(k, reference))


def _image(tokens: Tensor, like: Tensor) -> Tensor:
    return rearrange(tokens, "b (h w) c -> b c h w", h=like.shape[2])
