"""The orders that the page computes, run by Node where it is there."""

import json
import shutil
import subprocess
from collections import Counter
from itertools import pairwise

import pytest

from flowcolor.evaluation.study.html import page_file

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine runs the page's code")


def run(expression):
    code = f"{page_file('order.js')}\nconsole.log(JSON.stringify({expression}));"
    done = subprocess.run([NODE, "-"], input=code, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8])
def test_rows_are_balanced_in_places_and_in_neighbours(count):
    rows = run(f"balancedRows({count})")
    assert all(sorted(row) == list(range(count)) for row in rows)
    places = Counter((place, thing) for row in rows for place, thing in enumerate(row))
    assert set(places.values()) == {len(rows) // count}
    neighbours = Counter(pair for row in rows for pair in pairwise(row))
    assert len(neighbours) == count * (count - 1)
    assert len(set(neighbours.values())) <= 1


STUDY = """{kind: "grade", pages: Array.from({length: 12}, (_, i) => (
  {id: `p${i}`, offset: i, pictures: {A: 1, B: 2, C: 3}, ...(i === 11 ? {apart: "p4"} : {})}))}"""


def test_over_consecutive_participants_each_letter_of_a_page_stands_everywhere_equally_often():
    plans = run(f"[6, 7, 8, 9, 10, 11].map((number) => planOf({STUDY}, number))")
    for name in (f"p{i}" for i in range(12)):
        shown = [page["shown"] for plan in plans for page in plan if page["id"] == name]
        places = Counter((place, at) for letters in shown for place, at in enumerate(letters))
        assert set(places.values()) == {2}
        assert len(places) == 9


def test_pages_come_in_every_order_and_a_repeated_page_comes_far_from_its_first():
    plans = run(f"Array.from({{length: 300}}, (_, i) => planOf({STUDY}, i + 1))")
    orders = [[page["id"] for page in plan] for plan in plans]
    assert all(len(set(order)) == 12 for order in orders)
    assert min(abs(order.index("p4") - order.index("p11")) for order in orders) >= 5
    assert len({tuple(order) for order in orders}) == 300
    first = Counter(order[0] for order in orders)  # 25 of each expected; the deviation is 5.
    assert len(first) == 12
    assert max(first.values()) < 50


def test_the_same_number_sees_the_same_study_again():
    one, again = run(f"[planOf({STUDY}, 2147483647), planOf({STUDY}, 2147483647)]")
    assert one == again


def test_fakes_take_turns_and_the_real_picture_changes_sides():
    study = """{kind: "fool", pages: [{id: "p1", offset: 2, trials: [["A", "X"], ["B", "X"]]}]}"""
    plans = run(f"Array.from({{length: 400}}, (_, i) => planOf({study}, i + 1)[0].shown)")
    assert Counter("A" in shown for shown in plans) == {True: 200, False: 200}
    left = sum(shown[0] == "X" for shown in plans)
    assert abs(left - 200) < 50  # Five deviations.
