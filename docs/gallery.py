"""Make the pictures of the gallery: ``python docs/gallery.py``."""

from pathlib import Path

import torch
from torch import Tensor

import flowcolor
from flowcolor.data import open_portraits
from flowcolor.io.images import write_image

SIDE = 360
PICTURES = Path(__file__).parent / "pictures"


def papers(drawing: Tensor) -> dict[str, Tensor]:
    """Return one drawing on several kinds of paper."""
    rows = torch.arange(SIDE)[:, None] - 0.02 * torch.arange(SIDE)
    shadow = torch.linspace(0.5, 0.95, SIDE)[:, None]
    yellow = torch.tensor([0.95, 0.88, 0.66])[:, None, None]
    grain = 0.12 * torch.rand(1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    corner = torch.ones(3, SIDE, SIDE)
    half = torch.nn.functional.interpolate(drawing[None], scale_factor=0.5, mode="area")[0]
    corner[:, 16 : 16 + SIDE // 2, 24 : 24 + SIDE // 2] = half
    return {
        "shadow": drawing * shadow,
        "yellow, faint": yellow * (1 - 0.4 * (1 - drawing)),
        "ruled": drawing * torch.where(rows % 24 < 2, 0.75, 1.0),
        "grain": (drawing - grain).clamp(0, 1),
        "white on black": 1 - drawing,
        "corner": corner,
    }


def main() -> None:
    """Write the pictures."""
    portraits = open_portraits("embedded", SIDE)
    astronaut, hopper = (portraits[index] for index in range(2))
    painter = flowcolor.load("faces")
    drawing = astronaut["content"]
    pages = papers(drawing)
    above = torch.cat(list(pages.values()), 2)
    below = torch.cat([painter(page, hopper["photo"]).image for page in pages.values()], 2)
    write_image(torch.cat([above, below], 1), PICTURES / "gallery_paper.png")
    ways = ("keep", "blend", "model")
    lines = [painter(drawing, hopper["photo"], lines=way).image for way in ways]
    write_image(torch.cat([drawing, hopper["photo"], *lines], 2), PICTURES / "gallery_lines.png")
    tint = flowcolor.load("tint")
    results = [p(drawing, hopper["photo"]).image for p in (painter, tint)]
    write_image(
        torch.cat([drawing, hopper["photo"], *results], 2), PICTURES / "gallery_methods.png"
    )


if __name__ == "__main__":
    main()
