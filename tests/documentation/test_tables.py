"""Tables of README and documentation render whole: a header, its line, and rows of its cells."""

import re
from itertools import groupby

import pytest

from tests.test_documentation import PAGES

RULE = re.compile(r"\|(?: *:?-{3,}:? *\|)+")
CELL = re.compile(r"(?<!\\)\|")


def tables(text):
    """Yield the lines of each run of lines that begin with a bar, outside of code."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for of_table, lines in groupby(text.splitlines(), lambda line: line.startswith("|")):
        if of_table:
            yield list(lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_rows_of_a_table_have_the_cells_of_its_header(page):
    for header, *rows in tables(page.read_text("utf-8")):
        assert [number for number, row in enumerate(rows) if RULE.fullmatch(row)] == [0], header
        wrong = [row for row in rows if len(CELL.findall(row)) != len(CELL.findall(header))]
        assert not wrong, header
