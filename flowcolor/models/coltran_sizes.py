"""Sizes of a ColTran that cannot be, or that no machine could build."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from flowcolor.arguments import check_count, check_flag


def check_coltran_sizes(owner: nn.Module, config: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for arguments of :class:`~flowcolor.models.ColTran` that do not fit."""
    layers = config["layers"]
    flags = {name: config[name] for name in ("with_reference", "keep_luma")}
    check_flag(owner, **flags)
    counts = {name: value for name, value in config.items() if name not in flags}
    if not isinstance(layers, Sequence) or len(layers) != 3:
        raise ValueError(
            f"ColTran expects layers of encoder, outer and inner decoder, got {layers}."
        )
    counts |= {f"layers[{place}]": count for place, count in enumerate(counts.pop("layers"))}
    check_count(owner, **counts)
    if config["stage"] > 3:
        raise ValueError(f"ColTran expects stage to be 1, 2 or 3, got {config['stage']}.")
    widths, heads = (config["width"], config["spatial_width"]), config["heads"]
    if any(width % heads for width in widths):
        raise ValueError(f"ColTran expects widths that {heads} heads divide, got {widths}.")
    depth = max(*layers, config["color_layers"], config["spatial_layers"])
    if max(widths) > 1024 or depth > 32 or max(config["size"], config["core_size"]) > 1024:
        raise ValueError(
            "ColTran expects widths up to 1024, up to 32 layers and sides up to 1024, got "
            f"{max(widths)}, {depth} and {max(config['size'], config['core_size'])}."
        )
