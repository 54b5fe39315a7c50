"""A page of the package in a real browser: a question of ``flowcolor study``, desk and phone."""

import hashlib
import json
import shutil
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from docs.gallery.judging import make_study, write_results
from docs.gallery.sheets import FOLDER

PAGE = Path(__file__).parents[2] / "flowcolor" / "evaluation" / "study" / "page"
RECORD = FOLDER / "screens.json"
WIDTHS = {"desktop": (1000, 720), "phone": (390, 720)}


def page_hash() -> str:
    """Return a hash of what the page is made of: by it, a test without a browser sees its age."""
    digest = hashlib.sha256()
    for path in sorted(PAGE.iterdir()):
        if path.suffix in {".css", ".html", ".js", ".json"}:
            digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def show() -> None:
    """Make a small study of invented people, open it, and write what is seen."""
    with tempfile.TemporaryDirectory() as place:
        study = make_study(write_results(Path(place)), Path(place) / "study")
        _write_screens(study / "participants" / "study.html")
    RECORD.write_text(json.dumps({"study": page_hash()}, indent=2) + "\n", "utf-8")


def _write_screens(page: Path) -> None:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for name, (width, height) in WIDTHS.items():
            tab = browser.new_page(viewport={"width": width, "height": height}, locale="en-GB")
            tab.goto(f"{page.as_uri()}#1")
            tab.locator("#agree").check()
            tab.locator("#start").click()
            tab.locator("img").first.wait_for()
            with Image.open(BytesIO(tab.screenshot())) as screen:
                screen.convert("RGB").save(FOLDER / f"study-{name}.webp", quality=85, method=6)
        browser.close()
