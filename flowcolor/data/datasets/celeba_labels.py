"""The 19 classes of CelebAMask-HQ, merged from one file for each part of a face."""

from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from flowcolor.errors import InputError
from flowcolor.io.images import read_nonzero

PARTS = (
    *("skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear", "mouth"),
    *("u_lip", "l_lip", "hair", "hat", "ear_r", "neck_l", "neck", "cloth"),
)


def merge_parts(files: Mapping[str, str | Path]) -> UInt8[Tensor, "height width"]:
    """Merge the part files of one face into a label map.

    0 is background, and the part ``PARTS[k]`` is k + 1. Where parts overlap, the later one of
    ``PARTS`` wins, as in the data set's own script. The map has the size of the largest file;
    others are enlarged to it, each pixel to its nearest.

    Args:
        files: Part names and their files, whose pixels count where they are not zero. A part that
            the face lacks has no file.

    Raises:
        InputError: There is no file, a name is no part, or a file cannot be read.
    """
    if not isinstance(files, Mapping):
        raise InputError(f"merge_parts expects files by name, got {type(files).__name__}.")
    unknown = sorted(map(str, files.keys() - set(PARTS)))
    if unknown or not files:
        raise InputError(
            f"Expected files of the parts {', '.join(PARTS)}, got {', '.join(unknown) or 'none'}."
        )
    masks = [(PARTS.index(part) + 1, read_nonzero(files[part])) for part in PARTS if part in files]
    height, width = max((mask.shape for _, mask in masks), key=lambda shape: shape[0] * shape[1])
    labels = torch.zeros(height, width, dtype=torch.uint8, device="cpu")
    for label, mask in masks:
        if mask.shape != labels.shape:
            mask = resize_nearest(mask, (height, width))
        labels[mask] = label
    return labels


def resize_nearest(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Give each pixel of another size the value at its place, without mixing any."""
    rows, columns = (
        (2 * torch.arange(new, device=mask.device) + 1) * old // (2 * new)
        for new, old in zip(size, mask.shape, strict=True)
    )
    return mask[rows[:, None], columns]
