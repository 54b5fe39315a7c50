"""Neighbours in a chain that are undone together."""

from collections.abc import Callable, Sequence

from torch import Tensor

from flowcolor.layers.base import FoldedInverse, InvertibleLayer, Result, Step


class Neighbours:
    """Ask neighbours for a joint inverse, and keep their offers as long as they are neighbours.

    Attributes:
        offers: What :meth:`~flowcolor.layers.InvertibleLayer.fold_inverse` returned, by the layer
            that is undone first and the one that is undone next.
    """

    def __init__(self) -> None:
        self.offers: dict[tuple[InvertibleLayer, InvertibleLayer], FoldedInverse] = {}

    def runs(self, steps: Sequence[Step]) -> list[Callable[[Tensor], Result]]:
        """Return what undoes the layers of ``steps``, which are in the order of undoing."""
        runs: list[Callable[[Tensor], Result]] = []
        known, self.offers = self.offers, {}  # Layers that were exchanged are forgotten.
        last: InvertibleLayer | None = None  # The layer that was undone last, unless it is joined.
        for step in steps:
            offer = None
            if last is not None:
                offer = known.get((last, step.layer)) or last.fold_inverse(step.layer)
            if last is None or offer is None:
                runs.append(step.run)
                last = step.layer
            else:
                runs[-1] = offer.inverse
                self.offers[last, step.layer] = offer
                last = None
        return runs
