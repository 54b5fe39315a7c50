"""Code on a page fits the column, as wide as it is on a desk; commands wrap by themselves."""

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
FENCE = re.compile(r"^```(\S+).*\n((?s:.*?))^```$", re.MULTILINE)
COLUMN = 88  # Of 89.9 that the theme shows in a window of 1280 pixels.
WRAPPED = {"bash", "{eval-rst}", "{toctree}"}  # By the style sheet, or no code.


def too_long(text):
    blocks = (code for kind, code in FENCE.findall(text) if kind not in WRAPPED)
    return [line for code in blocks for line in code.splitlines() if len(line) > COLUMN]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_of_code_is_cut_off_at_the_end_of_the_column(page):
    assert too_long(page.read_text("utf-8")) == []


def test_a_line_that_is_too_long_is_found_and_a_command_is_not():
    long = "x" * (COLUMN + 1)
    assert too_long(f"```python\n{long}\n{long[1:]}\n```\n") == [long]
    assert too_long(f"```{{code-cell}}\n:tags: [hide-input]\n{long}\n```\n") == [long]
    assert too_long(f"```bash\n{long}\n```\n") == []
