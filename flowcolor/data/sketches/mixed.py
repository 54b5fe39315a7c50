"""Several filters in one data set, so that a model does not learn a single hand."""

import hashlib
from collections.abc import Callable, Sequence
from numbers import Integral
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from flowcolor.arguments import is_function, is_list, plain_numbers
from flowcolor.bounds import is_number, shown_value
from flowcolor.data.sketches.base import SketchFilter, require_photo
from flowcolor.errors import InputError
from flowcolor.values import require_tensors

_GRID = 64


class MixedFilter(SketchFilter):
    """Draw each photograph with one of several filters, chosen by a seed and its pixels.

    The choice is the same in every epoch, so that drawings can be cached and prepared once, and it
    depends on neither the order, the number nor the names of the photographs: it is a hash of the
    seed and the bytes of 64x64 pixels, evenly spread. Copies of a photograph are drawn alike, and
    so is one that has been turned into a lossless format.

    Args:
        filters: The filters, or any callables with their signature, to choose from.
        weights: How often each is chosen, relative to the others. ``None``: all alike.
        seed: Another seed chooses anew for each photograph.

    Raises:
        InputError: There is no filter, or not one weight above zero for each.

    Example:
        >>> from flowcolor.data import GradientLines, SobelLines
        >>> draw = MixedFilter([GradientLines(), SobelLines()], weights=[3, 1])
        >>> draw(torch.rand(3, 64, 48), (32, 24)).shape
        torch.Size([1, 32, 24])
    """

    @plain_numbers
    def __init__(
        self,
        filters: Sequence[
            SketchFilter | Callable[[Tensor, tuple[int, int], Tensor | None], Tensor]
        ],
        weights: Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        for name, given in (("filters", filters), ("weights", [] if weights is None else weights)):
            if not is_list(given):
                shown = type(given).__name__
                raise InputError(f"MixedFilter expects {name} to be a list, got {shown}.")
        for draw in filters:
            if not is_function(draw):
                raise InputError(
                    f"MixedFilter expects filters to be functions, got {shown_value(draw)}."
                )
        whole = isinstance(seed, Integral) and not isinstance(seed, bool)
        if not whole:
            raise InputError(
                f"MixedFilter expects seed to be a whole number, got {shown_value(seed)}."
            )
        self.filters = list(filters)
        self.weights = [1.0] * len(self.filters) if weights is None else list(weights)
        if not self.filters:
            raise InputError("MixedFilter expects at least one filter, got none.")
        if len(self.weights) != len(self.filters) or not all(
            is_number(weight) and weight > 0 for weight in self.weights
        ):
            raise InputError(
                f"MixedFilter expects a weight above 0 for each of {len(self.filters)} filters, "
                f"got {shown_value(self.weights)}."
            )
        self.seed = seed

    @plain_numbers
    def __call__(self, photo: Tensor, size: tuple[int, int], mask: Tensor | None = None) -> Tensor:
        require_tensors("MixedFilter", photo)
        require_photo(self, photo)
        # A copy, since a filter of somebody else may write to what it is given.
        return self.filters[self.choose(photo)](photo.clone(), size, mask)

    def files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for index, part in enumerate(self.filters):
            if isinstance(part, SketchFilter):
                found |= {f"{index} {what}": path for what, path in part.files().items()}
        return found

    def draw(self, gray: np.ndarray) -> np.ndarray:
        photo = torch.from_numpy(gray).float().expand(3, -1, -1)
        return np.asarray(self(photo, (gray.shape[0], gray.shape[1]))[0].double())

    def choose(self, photo: Tensor) -> int:
        """Return which of the filters draws a photograph (3, H, W)."""
        grid = torch.arange(_GRID, device=photo.device)
        rows, columns = (grid * side // _GRID for side in photo.shape[1:])
        pixels = photo[:, rows[:, None], columns].mul(255).round().to(torch.uint8)
        text = f"{self.seed} ".encode() + pixels.cpu().numpy().tobytes()
        drawn = int.from_bytes(hashlib.sha256(text).digest()[:6], "big") / 2**48
        left = drawn * sum(self.weights)
        for index, weight in enumerate(self.weights):
            left -= weight
            if left < 0:
                return index
        return len(self.weights) - 1
