"""All pictures of the gallery that need no browser."""

from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor

from docs.gallery import gray, judging, learning, painting

MAKERS = (
    painting.inputs,
    painting.references,
    painting.dots,
    painting.lines,
    painting.alignment,
    painting.sizes,
    painting.methods,
    painting.drawing_first,
    painting.paper,
    gray.by_dots,
    gray.by_reference,
    gray.marked,
    gray.gallery_of_styles,
    gray.plotted,
    learning.filters,
    learning.strokes,
    learning.self_reference,
    learning.prepared,
    judging.quickstart,
    judging.validated,
    judging.scored,
    judging.graded,
)


def everything() -> Iterator[tuple[str, Tensor]]:
    """Return names and images, :math:`(3, H, W)` in [0, 1], one after the other."""
    with torch.inference_mode():
        yield from chain.from_iterable(make() for make in MAKERS)
