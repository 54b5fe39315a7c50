"""A built page needs no network: formulas are drawn in it, and a fetch from elsewhere is found."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("furo", reason="without its theme there is no site")
pytest.importorskip("math_core", reason="without math-core there are no formulas")
ROOT = Path(__file__).parents[2]
CONF = """import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_parser", "mathml", "strip"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
html_math_renderer, html_theme = "mathml", "furo"
"""
PAGE = """# Page

Inline $a < b$.

$$\\frac{1}{2}$$

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
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return said, (place / "html/index.html").read_text("utf-8")


def fetched(site):
    command = [sys.executable, str(ROOT / ".ci/check_site.py"), str(site)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_formulas_and_strips_are_in_the_page_and_nothing_comes_from_elsewhere(tmp_path):
    said, html = build(tmp_path, PAGE)
    assert said == ""
    assert "<mi>a</mi><mo>&lt;</mo><mi>b</mi>" in html
    assert "<mfrac><mn>1</mn><mn>2</mn></mfrac>" in html
    assert 'alt="--lines keep"' in html
    assert html.count("<figcaption>") == 2
    assert fetched(tmp_path / "html").returncode == 0


def test_a_formula_that_cannot_be_drawn_and_a_strip_of_words_are_named(tmp_path):
    said, _ = build(tmp_path, "# Page\n\n$\\nonsense{2}$\n\n:::{strip}\nwords\n:::\n")
    assert "index.md:3: WARNING: a formula cannot be drawn" in said
    assert "strip expects ![caption](file) in each line, got 'words'" in said


@pytest.mark.parametrize(
    "element",
    [
        '<script defer src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/a.css">',
        '<img src="http://pictures.example/a.png">',
        "<style>@font-face { src: url(https://fonts.example/a.woff2) }</style>",
    ],
)
def test_a_page_that_fetches_from_elsewhere_is_named(tmp_path, element):
    (tmp_path / "page.html").write_text(f'<a href="https://example.org">{element}</a>', "utf-8")
    found = fetched(tmp_path)
    assert found.returncode == 1
    assert ".example/a" in found.stderr
    assert "example.org" not in found.stderr
