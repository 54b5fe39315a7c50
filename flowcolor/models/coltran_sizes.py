"""Sizes of a ColTran that cannot be, or that no machine could build."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from flowcolor.arguments import check_count, check_flag, is_list
from flowcolor.bounds import shown_value

_MOST_PIXELS = _MOST_CHANNELS = 1024  # Of a side, and of the width of a layer.
_MOST_LAYERS = 32


def check_coltran_sizes(owner: nn.Module, config: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for arguments of :class:`~flowcolor.models.ColTran` that do not fit."""
    layers = config["layers"]
    flags = {name: config[name] for name in ("with_reference", "keep_luma")}
    check_flag(owner, **flags)
    counts = {name: value for name, value in config.items() if name not in flags}
    if not is_list(layers) or len(layers) != 3:
        raise ValueError(
            "ColTran expects layers of encoder, outer and inner decoder, got "
            f"{shown_value(layers)}."
        )
    counts |= {f"layers[{place}]": count for place, count in enumerate(counts.pop("layers"))}
    check_count(owner, **counts)
    if counts["stage"] > 3:
        raise ValueError(f"ColTran expects stage to be 1, 2 or 3, got {counts['stage']}.")
    for name, count in counts.items():
        heads, is_width = counts["heads"], name.endswith("width")
        if is_width and count % heads:
            raise ValueError(f"ColTran expects {name} that {heads} heads divide, got {count}.")
        most = _MOST_CHANNELS if is_width else _MOST_LAYERS if "layers" in name else _MOST_PIXELS
        if count > most:
            raise ValueError(f"ColTran expects {name} to be up to {most}, got {count}.")
