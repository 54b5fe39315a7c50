"""The page of the documentation paints in a real browser what torch paints."""

import os
import re
import shutil
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.browser import launched, needs_browser
from tests.deploy.conftest import portraits

sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright drives a browser")
ROOT = Path(__file__).parents[2]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
PACKAGE = Path(os.environ.get("ONNXRUNTIME_WEB", ROOT / "node_modules/onnxruntime-web"))
FILES = [f"ort-wasm-simd-threaded.{suffix}" for suffix in ("mjs", "wasm")] + ["ort.wasm.min.js"]
pytestmark = [
    pytest.mark.compiled,
    needs_browser,
    pytest.mark.skipif(
        not all((PACKAGE / "dist" / name).is_file() for name in FILES),
        reason="no onnxruntime-web: npm pack it, unpack it, and name its folder in ONNXRUNTIME_WEB",
    ),
]
PAINT = """
async ([drawing, reference, width, height]) => {
  const image = bytes => new ImageData(new Uint8ClampedArray(bytes), width, height);
  const loaded = await session, start = performance.now();
  const painted = await paint(loaded, image(drawing), image(reference));
  return [performance.now() - start, Array.from(painted.data)];
}
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address(tmp_path, onnx):
    page = re.search(r"^```html\n(.*?)^```$", (ROOT / "docs/export.md").read_text(), re.M | re.S)
    (tmp_path / "index.html").write_text(f"<!doctype html><title>Paint</title>\n{page[1]}")
    shutil.copy(onnx, tmp_path / "faces.onnx")
    for name in FILES:
        shutil.copy(PACKAGE / "dist" / name, tmp_path)
    handler = partial(_Quiet, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def rgba(image):
    """Return the bytes of ``getImageData``, and the image that they are."""
    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    return np.concatenate([pixels, alpha], 2).flatten().tolist(), image.mul(255).round().div(255)


@torch.no_grad()
def test_a_browser_paints_what_torch_paints(model, onnx, address, capsys):
    drawing, photo = (images[0] for images in portraits(1, 64, 48))
    (drawn, drawing), (shown, photo) = rgba(drawing), rgba(photo)
    with launched() as browser:
        page = browser.new_page()
        wrong, asked = [], []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        start = time.monotonic()
        page.goto(address)
        _, _ = page.evaluate(PAINT, [drawn, shown, 48, 64])
        first = time.monotonic() - start
        milliseconds, painted = page.evaluate(PAINT, [drawn, shown, 48, 64])
    assert wrong == []
    assert {url.startswith((address, "blob:", "data:")) for url in asked} == {True}
    expected = model(drawing[None], photo[None])[0].clamp(0, 1).mul(255)
    found = torch.tensor(painted).view(64, 48, 4).permute(2, 0, 1)
    assert (found[3] == 255).all()
    assert float((found[:3] - expected).abs().max()) <= 0.51  # A byte is rounded.
    with capsys.disabled():
        print(  # noqa: T201
            f"\nin the browser: {onnx.stat().st_size / 2**20:.2f} MB, first picture after "
            f"{first:.1f} s, each further one {milliseconds:.0f} ms (64x48)"
        )
