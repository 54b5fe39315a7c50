"""Make the pictures of the page: ``python docs/app.py examples`` or ``python docs/app.py``.

The first writes the examples that the page offers, the second the screenshots of its
documentation, which need Playwright and a Chromium.
"""

import math
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from flowcolor.data import open_portraits
from flowcolor.io.images import to_uint8
from flowcolor.io.resizing import resize

ROOT = Path(__file__).parents[1]
PICTURES, EXAMPLES = ROOT / "docs/pictures", ROOT / "flowcolor/app/examples"
WIDTHS = {"desktop": (1180, 760), "phone": (375, 760)}
DOTS = {"#2060ff": (0.4, 0.43), "#d01030": (0.5, 0.625), "#20a040": (0.2, 0.92)}


def make_examples() -> None:
    """Write the two portraits and their drawings, small."""
    for index, name in enumerate(("astronaut", "grace_hopper")):
        for kind, side, key in (("photo", 256, "photo"), ("drawing", 512, "content")):
            image = open_portraits("embedded", side)[index][key]
            if (name, kind) == ("astronaut", "photo"):  # As in the quickstart: her face alone.
                closer = open_portraits("embedded", 512)[index][key][:, :370, 70:440]
                image = resize(closer, (side, side))
            pixels = to_uint8(image).permute(1, 2, 0).numpy()
            if kind == "photo":
                Image.fromarray(pixels).save(EXAMPLES / f"{name}_photo.jpg", quality=85)
            else:  # Sixteen greys are enough for lines.
                gray = Image.fromarray(pixels[..., 0]).quantize(16)
                gray.save(EXAMPLES / f"{name}_drawing.png", optimize=True)


@contextmanager
def served() -> Iterator[str]:
    """Serve the page and give its address."""
    command = [sys.executable, "-m", "flowcolor", "app"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            for line in process.stdout or ():
                if found := re.search(r"draw at (http://\S+)", line):
                    yield found[1]
                    break
        finally:
            process.terminate()


def arc(
    x: float, y: float, wide: float, tall: float, start: float = 0, end: float = 360
) -> list[tuple[float, float]]:
    """Return points of a part of an ellipse; angles are degrees, clockwise from the right."""
    angles = [math.radians(start + (end - start) * step / 30) for step in range(31)]
    return [(x + wide * math.cos(angle), y + tall * math.sin(angle)) for angle in angles]


def face() -> list[list[tuple[float, float]]]:
    """Return the strokes of a face, parts of the paper's sides."""
    return [
        arc(0.5, 0.46, 0.2, 0.28, -20, 200),
        arc(0.5, 0.4, 0.24, 0.28, 160, 380),
        arc(0.5, 0.36, 0.2, 0.12, 180, 360),
        arc(0.41, 0.43, 0.05, 0.025),
        arc(0.59, 0.43, 0.05, 0.025),
        arc(0.41, 0.43, 0.012, 0.02),
        arc(0.59, 0.43, 0.012, 0.02),
        arc(0.41, 0.385, 0.06, 0.03, 190, 340),
        arc(0.59, 0.385, 0.06, 0.03, 200, 350),
        [(0.5, 0.45), (0.48, 0.54), (0.51, 0.55)],
        arc(0.5, 0.6, 0.08, 0.04, 10, 170),
        arc(0.5, 0.62, 0.08, 0.015, 180, 360),
        [(0.42, 0.71), (0.41, 0.8), (0.2, 0.86), (0.1, 0.98)],
        [(0.58, 0.71), (0.59, 0.8), (0.8, 0.86), (0.9, 0.98)],
        arc(0.5, 0.79, 0.09, 0.06, 0, 180),
    ]


def draw(page: Any) -> None:
    """Draw the face with the mouse, set colour dots, and wait until it is painted."""
    box = page.locator("#drawing canvas").bounding_box()
    for stroke in face():
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
    for color, (x, y) in DOTS.items():
        page.locator("#drawing .fc-color").fill(color)
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.locator("#result .fc-picture").wait_for()
    page.wait_for_load_state("networkidle")


def make_screenshots() -> None:
    """Write one picture of the page for each width."""
    from playwright.sync_api import sync_playwright

    browser_file = shutil.which("chromium") or shutil.which("chromium-browser")
    with served() as link, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=browser_file, args=flags)
        for name, (width, height) in WIDTHS.items():
            page = browser.new_page(
                viewport={"width": width, "height": height}, has_touch=name == "phone"
            )
            page.set_default_timeout(120_000)
            page.goto(link)
            page.locator("#drawing.fc-ready, #drawing .fc-ready").wait_for()
            draw(page)
            page.wait_for_timeout(15_000)  # The last strokes, on a busy machine.
            page.evaluate("scrollTo(0, 0)")
            path = PICTURES / f"app_{name}.png"
            page.screenshot(path=path, full_page=True)
            # Of 256 colours it looks the same, and takes a third.
            Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)
        browser.close()


if __name__ == "__main__":
    make_examples() if sys.argv[1:] == ["examples"] else make_screenshots()
