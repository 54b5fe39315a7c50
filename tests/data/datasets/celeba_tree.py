"""A CelebAMask-HQ in its real layout, of tiny drawn images that hard links share."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

COUNT = 2104  # So that the labels need two folders.
KINDS = 7  # Different photographs; number i shows kind i % 7.
SIDE = 24
LAYOUT = {
    "skin": (2, 22, 4, 20),
    "hair": (0, 8, 2, 22),
    "nose": (10, 14, 10, 14),
    "eye_g": (8, 10, 5, 19),
}


def parts_of(number: int) -> list[str]:
    """Every face has skin and hair, every third glasses, every second a nose."""
    wanted = {"skin": True, "hair": True, "nose": number % 2 == 0, "eye_g": number % 3 == 0}
    return [part for part, has in wanted.items() if has]


def box(part: str, side: int = SIDE // 2) -> np.ndarray:
    """Where a part is, in labels of half the photograph's side."""
    top, bottom, left, right = (edge * side // SIDE for edge in LAYOUT[part])
    mask = np.zeros((side, side), dtype=np.uint8)
    mask[top:bottom, left:right] = 255
    return mask


def make_tree(root: Path, count: int = COUNT) -> Path:
    """Write photographs 0 to count - 1, their parts, the mapping and CelebA's partition."""
    photos, labels, kinds = (
        root / "CelebA-HQ-img",
        root / "CelebAMask-HQ-mask-anno",
        root / "kinds",
    )
    for folder in (photos, kinds, *(labels / str(k) for k in range((count - 1) // 2000 + 1))):
        folder.mkdir(parents=True)
    for kind in range(KINDS):
        pixels = np.random.default_rng(kind).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        image.save(kinds / f"{kind}.jpg", quality=95)
    for part in LAYOUT:
        Image.fromarray(box(part)).save(kinds / f"{part}.png")
    for i in range(count):
        os.link(kinds / f"{i % KINDS}.jpg", photos / f"{i}.jpg")
        for part in parts_of(i):
            os.link(kinds / f"{part}.png", labels / str(i // 2000) / f"{i:05d}_{part}.png")
    # The real mapping goes to scattered numbers of CelebA; so does this one.
    original = [(7 * i + 3) % 202599 + 1 for i in range(count)]
    rows = [f"{i:8}{o - 1:12} {o:06d}.jpg" for i, o in enumerate(original)]
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text(
        "\n".join(["     idx    orig_idx   orig_file", *rows, ""])
    )
    lines = [f"{o:06d}.jpg {min(2, i % 10 // 4)}" for i, o in enumerate(original)]
    (root / "list_eval_partition.txt").write_text("\n".join(sorted(lines)) + "\n")
    return root
