"""What the options of a data module must be, and must not be together."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lightning.pytorch.utilities import rank_zero_info
from torch import Tensor

from flowcolor.arguments import check_flag, is_function
from flowcolor.bounds import is_number, shown_value, whole_within
from flowcolor.data.datasets.left_aside import left_aside
from flowcolor.data.datasets.open_portraits import EMBEDDED
from flowcolor.data.datasets.portraits import LARGEST_SIDE, require_manner
from flowcolor.data.datasets.subsets import Subset
from flowcolor.data.folders import Folders, PairFolders
from flowcolor.errors import InputError

if TYPE_CHECKING:
    from flowcolor.data.module import ColorizationDataModule

_LONGEST_EPOCH = 10**8  # Photographs: the list of their order takes 4 GB.


def check_options(data: "ColorizationDataModule") -> None:
    """Refuse options that cannot be, before any file is looked at.

    Raises:
        InputError: One is outside of its range, no function where one is expected, or contradicts
            another.
    """
    whole_within("data.size", data.size, 1, LARGEST_SIDE)
    whole_within("data.batch_size", data.batch_size, 1, 2**31 - 1)
    whole_within("data.repeat", data.repeat, 1, _LONGEST_EPOCH)
    whole_within("data.num_workers", data.num_workers, 0, 1024)
    whole_within("data.seed", data.seed, 0, 2**32 - 1)
    if not (is_number(data.share) and 0 < data.share <= 1):
        got = shown_value(data.share)
        raise InputError(f"data.share expects a part above 0 and at most 1, got {got}.")
    require_manner("data.", data.content, data.background)
    for name in ("augment", "hints", "sketch_filter"):
        change = getattr(data, name)
        if change is not None and not is_function(change):
            raise InputError(f"data.{name} expects a function, got {shown_value(change)}.")
    if not isinstance(data.predict, PairFolders):
        raise InputError(f"data.predict expects PairFolders, got {type(data.predict).__name__}.")
    check_flag(data, strict=data.strict, cache=data.cache)
    # For a parser, the class of tensors is a function that returns one, and `{}` means it.
    if isinstance(data.sketch_filter, partial) and Tensor in data.sketch_filter.args:
        raise InputError(
            "data.sketch_filter expects a class of flowcolor.data or a function that draws, "
            "got torch.Tensor."
        )
    if data.test is not None and data.held_out is not None:
        raise InputError(
            "Give either data.test or data.held_out, not both; --data.held_out null takes back "
            "what a configuration or a checkpoint says."
        )


def refuse_idle_drawings(data: "ColorizationDataModule") -> None:
    """Refuse what only drawings need, rather than let it have no effect on grey photographs.

    Raises:
        InputError: It is given with ``data.content: gray``.
    """
    if data.content == "drawing":
        return
    no_effect = {
        "sketch_filter": data.sketch_filter,
        "augment.init_args.strokes": getattr(data.augment, "strokes", None),
    }
    for name, where in (("train", data.train), ("test", data.test)):
        if where is not None:
            no_effect[f"{name}.sketches"] = where.sketches
            no_effect[f"{name}.masks"] = where.masks if data.background == "keep" else None
    for name, value in no_effect.items():
        if value is not None:
            raise InputError(
                f"data.{name} expects data.content to be drawing, got gray, where it has no "
                f"effect: --data.{name} null takes back what a configuration or a checkpoint says."
            )


def tell_left_aside(where: Folders) -> None:
    """Say if photographs lie in a data set, whose drawings and masks are not used for it."""
    if where.photos == EMBEDDED or (where.sketches, where.masks) != (None, None):
        return
    for sentence in left_aside(where.photos):
        rank_zero_info(f"notice: {sentence}")


def require_end(repeat: int, photographs: int) -> None:
    """Refuse an epoch that would not end in anybody's time.

    Args:
        repeat: How often an epoch shows each photograph.
        photographs: How many of them train.

    Raises:
        InputError: Together they are too many.
    """
    shown = repeat * photographs
    if shown > _LONGEST_EPOCH:
        raise InputError(
            f"data.repeat expects an epoch of up to {_LONGEST_EPOCH:,} photographs, got {repeat}, "
            f"by which it shows {shown:,}."
        )


def require_pairs(parts: Sequence[Subset]) -> None:
    """Refuse too few photographs for an evaluation, which may be hours away.

    Args:
        parts: What will be evaluated.

    Raises:
        InputError: One has none, or only one, which nobody else could be the reference of.
    """
    for photos in parts:
        if len(photos) < 2:
            raise InputError(
                "Evaluation expects at least 2 held-out photographs, as references of each other, "
                f"got {len(photos)} ({', '.join(photos.names)}): hold out more with data.held_out, "
                "or give data.test."
            )
