"""Make the pictures of the page: ``python docs/app.py examples`` or ``python docs/app.py``.

The first writes the examples that the page offers, the second the screenshots of its
documentation, which need Playwright and a Chromium.
"""

from pathlib import Path

from PIL import Image

from flowcolor.data import open_portraits
from flowcolor.io.images import to_uint8

ROOT = Path(__file__).parents[1]
PICTURES, EXAMPLES = ROOT / "docs/pictures", ROOT / "flowcolor/app/examples"


def make_examples() -> None:
    """Write the two portraits and their drawings, small."""
    for index, name in enumerate(("astronaut", "grace_hopper")):
        for kind, side, key in (("photo", 256, "photo"), ("drawing", 512, "content")):
            image = open_portraits("embedded", side)[index][key]
            pixels = to_uint8(image).permute(1, 2, 0).numpy()
            if kind == "photo":
                Image.fromarray(pixels).save(EXAMPLES / f"{name}_photo.jpg", quality=85)
            else:  # Sixteen greys are enough for lines.
                gray = Image.fromarray(pixels[..., 0]).quantize(16)
                gray.save(EXAMPLES / f"{name}_drawing.png", optimize=True)


if __name__ == "__main__":
    make_examples()
