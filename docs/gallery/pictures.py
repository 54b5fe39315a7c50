"""All pictures of the gallery that need no browser."""

from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor

from docs.gallery import (
    boxed,
    gray,
    judging,
    learning,
    lending,
    painting,
    refined,
    scaled,
    several,
    trained,
)

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
    lending.from_folder,
    lending.settings,
    lending.varied,
    lending.from_hints,
    several.options_of_styles,
    several.sheets,
    learning.filters,
    learning.strokes,
    learning.self_reference,
    learning.prepared,
    learning.prepared_otherwise,
    scaled.slopes,
    judging.quickstart,
    judging.validated,
    judging.scored,
    judging.asked,
    judging.graded,
)

# What a training made: processors round otherwise, and after some steps it is seen.
TRAINED = (trained.fitted,)

# Only where the weights that they need are there.
WITH_WEIGHTS = {refined.then: refined.WEIGHTS, boxed.boxes: boxed.WEIGHTS}


def everything() -> Iterator[tuple[str, Tensor]]:
    """Return names and images, :math:`(3, H, W)` in [0, 1], one after the other."""
    weighty = [make for make, weights in WITH_WEIGHTS.items() if weights.is_file()]
    with torch.inference_mode():
        yield from chain.from_iterable(make() for make in (*MAKERS, *TRAINED, *weighty))
