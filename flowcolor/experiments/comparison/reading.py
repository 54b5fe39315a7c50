"""Answers that are no methods: with them one can read the numbers of those that are."""

from collections.abc import Callable

from torch import Tensor, cat

from flowcolor.color import lab_to_rgb, rgb_to_lab
from flowcolor.data.batch import Batch
from flowcolor.evaluation.scores import tinted
from flowcolor.experiments.comparison.blocks import Block


def oracle(content: Tensor, truth: Tensor) -> Tensor:
    r"""Return the content's lightness with the true chroma, the best of what keeps a lightness.

    .. math:: (L^*(\text{content}),\; a^*(\text{truth}),\; b^*(\text{truth}))

    Its distance from the truth is what a grey photograph does not tell of lightness, and what no
    screen can show.

    Args:
        content: A grey photograph, :math:`(B, 3, H, W)` in [0, 1].
        truth: The photograph in colour.

    Example:
        >>> import torch
        >>> gray = torch.full((1, 3, 2, 2), 0.5)
        >>> torch.allclose(oracle(gray, gray), gray, atol=1e-5)
        True
    """
    lightness, chroma = rgb_to_lab(content)[:, :1], rgb_to_lab(truth)[:, 1:]
    return lab_to_rgb(cat([lightness, chroma], 1)).clamp(0, 1)


def reading_rows(block: Block, content: str) -> dict[str, Callable[[Batch], Tensor]]:
    """Return by name the answers that stand above the methods of a block."""
    rows: dict[str, Callable[[Batch], Tensor]] = {"content": lambda batch: batch["content"]}
    if block == "exemplar":
        rows["tint"] = lambda batch: tinted(batch["content"], batch["reference"])
    if content == "gray":
        rows["oracle"] = lambda batch: oracle(batch["content"], batch["truth"])
    return rows


TITLES = {
    "content": "(content itself)",
    "tint": "(content, tinted)",
    "oracle": "(oracle of true chroma)",
}
