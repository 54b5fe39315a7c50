"""Colours at given points, read from a picture that somebody has painted."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.color import to_gray
from flowcolor.errors import InputError
from flowcolor.io.images import read_layer
from flowcolor.io.lossy import may_have_changed
from flowcolor.io.opened import opened
from flowcolor.models.hints import Hints

# Less is the rim of a soft brush, where the eight bits of many programs have lost the colour.
_OPAQUE = 0.1
_DIFFERENT = 0.01  # Summed over red, green and blue.
COLORLESS = 0.02  # Channels that differ by less are a grey.
_MOST = 0.5  # A copy that differs at more pixels is another picture, or was saved as a JPEG.


def read_hints(path: str | Path, content: Float[Tensor, "3 height width"]) -> Hints:
    """Read the colours that were painted on a picture.

    - A picture with transparency gives a colour wherever it is not transparent.
    - Any other is taken for a copy of the content: it gives a colour wherever it differs. The rim
      of a mark, which an editor mixes with the grey below, is left out unless nothing else would
      be left of the mark.

    Args:
        path: The picture, of the size of the content.
        content: The drawing or grey photograph; of a photograph in colour, the marked copy may be
            grey or in colour.

    Raises:
        InputError: The file cannot be read, is of another size, gives no colour, none but greys,
            or one for every pixel, or is a copy that was saved with loss.
    """
    layer = read_layer(path)
    wanted, got = (f"{x.shape[-1]}x{x.shape[-2]}" for x in (content, layer))
    if wanted != got:
        raise InputError(f"{path} expects the size of its picture, {wanted}, got {got}.")
    colors, opacity = layer[:3], layer[3]
    if float(opacity.amin()) < 1:
        mask = opacity > _OPAQUE
        if bool(mask.all()):
            raise InputError(f"{path} expects transparency where no colour is given, got none.")
    else:
        mask = _marks(path, colors, content)
    if not bool(mask.any()):
        raise InputError(
            f"{path} expects marks in colour, got none: it is empty or equals the picture."
        )
    spread = colors.amax(0) - colors.amin(0)
    if float(spread[mask].amax()) < COLORLESS:
        raise InputError(f"{path} expects marks in colour, got {int(mask.sum())} pixels of grey.")
    return Hints(colors[None], mask[None, None].to(colors))


def _marks(path: str | Path, colors: Tensor, content: Tensor) -> Tensor:
    """Return where a copy differs from the content, or from its grey, without the rims of marks."""
    both = ((colors - other).abs().sum(0) > _DIFFERENT for other in (content, to_gray(content)))
    mask = min(both, key=lambda found: int(found.sum()))
    share = float(mask.float().mean())
    if share > _MOST:
        raise InputError(
            f"{path} expects a copy of the picture with some marks, losslessly saved, got one that "
            f"differs from it at {share:.0%} of its pixels."
        )
    with opened(path) as picture:  # On white paper, noise lies around the strokes alone.
        if share > 0 and may_have_changed(picture, Path(path)):
            raise InputError(
                f"{path} expects a copy of the picture that was losslessly saved, got a "
                f"{picture.format}, whose noise would be taken for marks: save it as .png."
            )
    return without_rims(mask)


def without_rims(mask: Tensor) -> Tensor:
    """Take the outermost pixels of every connected mark away, unless that would be all of it.

    Example:
        >>> mask = torch.zeros(5, 9, dtype=torch.bool)
        >>> mask[1:4, 1:4] = mask[2, 6] = True
        >>> without_rims(mask).nonzero().tolist()
        [[2, 2], [2, 6]]
    """
    from scipy.ndimage import label  # Here: an import of the models stays light.

    outside = functional.pad((~mask).float()[None, None], (1, 1, 1, 1))
    inner = mask & (functional.max_pool2d(outside, 3, 1)[0, 0] == 0)
    marks = torch.from_numpy(label(mask.numpy(), structure=torch.ones(3, 3).numpy())[0])
    kept = torch.zeros(int(marks.max()) + 1, dtype=torch.bool)
    kept[marks[inner]] = True
    return inner | (mask & ~kept[marks])
