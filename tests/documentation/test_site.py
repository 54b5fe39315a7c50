"""A built page needs no network: formulas are drawn in it, and a fetch from elsewhere is found."""

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("furo", reason="without its theme there is no site")
pytest.importorskip("math_core", reason="without math-core there are no formulas")
ROOT = Path(__file__).parents[2]
CONF = """import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_parser", "mathml", "offline", "strip"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
html_math_renderer, html_theme = "mathml", "furo"
"""
PAGE = """# Page

Inline $a < b$.

$$\\frac{1}{2}, \\qquad c$$

:::{strip}
![`--lines keep`](drawing.webp)
![a face](drawing.webp)
:::
"""


def build(place, page):
    """Build a site of one page as the documentation is built; return what Sphinx says, and it."""
    (place / "conf.py").write_text(CONF.format(extensions=str(ROOT / "docs/extensions")), "utf-8")
    (place / "index.md").write_text(page, "utf-8")
    shutil.copy(ROOT / "docs/pictures/gallery/lines-keep.webp", place / "drawing.webp")
    command = [sys.executable, "-m", "sphinx", "-q", str(place), str(place / "html")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode, run.stderr, (place / "html/index.html").read_text("utf-8")


def test_formulas_and_strips_are_in_the_page_and_nothing_comes_from_elsewhere(tmp_path):
    status, said, html = build(tmp_path, PAGE)
    assert (status, said) == (0, "")
    assert "<mi>a</mi><mo>&lt;</mo><mi>b</mi>" in html
    assert "<mfrac><mn>1</mn><mn>2</mn></mfrac>" in html
    assert html.count('<math display="block">') == 2  # Each can go on a line of its own.
    assert 'alt="--lines keep"' in html
    assert html.count("<figcaption>") == 2


def test_what_cannot_be_drawn_shown_or_fetched_is_named(tmp_path):
    page = "# Page\n\n$\\nonsense{2}$\n\n:::{strip}\nwords\n:::\n\n"
    status, said, _ = build(tmp_path, page + '<script src="https://cdn.example/a.js"></script>\n')
    assert "index.md:3: WARNING: a formula cannot be drawn" in said
    assert "strip expects ![caption](file) in each line, got 'words'" in said
    assert status != 0
    assert "index.html fetches https://cdn.example/a.js" in said


@pytest.mark.parametrize(
    "element",
    [
        '<script defer src="https://cdn.example/a"></script>',
        '<link rel="stylesheet" href="//cdn.example/a">',
        '<img src="http://cdn.example/a">',
        "<style>@font-face { src: url(https://cdn.example/a) }</style>",
        '@import "https://cdn.example/a";',
    ],
)
def test_an_element_that_fetches_from_elsewhere_is_found_and_a_link_is_not(monkeypatch, element):
    monkeypatch.syspath_prepend(ROOT / "docs/extensions")
    fetched = import_module("offline").fetched
    assert [url.rpartition("//")[2] for url in fetched(element)] == ["cdn.example/a"]
    assert fetched('<a href="https://example.org">out</a> <img src="_images/a.png">') == []
