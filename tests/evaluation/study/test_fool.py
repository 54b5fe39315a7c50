import json

import numpy as np
import pytest

from flowcolor.cli.main import main
from flowcolor.evaluation.study.key import write_key
from tests.evaluation.study.people import make_key, write

FOOLS = {"good": 0.5, "middling": 0.3, "weak": 0.1, "poor": 0.0}


def judge(key, number, seconds=5.0, careless=False):
    """Return the answers of somebody whom each method fools as often as FOOLS says."""
    random = np.random.default_rng(number)
    pages = []
    for index, page in enumerate(key.pages):
        fakes = sorted(page.all_letters - {page.truth})
        fake = fakes[(number + index) % len(fakes)]
        chance = FOOLS[page.letters[fake]] if fake in page.letters else float(careless)
        chosen = fake if random.random() < chance else page.truth
        entry = {"page": page.id, "seconds": seconds, "shown": [fake, page.truth]}
        pages.append(entry | {"chosen": chosen})
    return {"study": key.study, "kind": "fool", "participant": number, "pages": pages}


@pytest.fixture
def report(tmp_path):
    def run(key, *contents):
        write_key(key, tmp_path / "key.json")
        paths = [str(path) for path in write(tmp_path, *contents)]
        given = ["--key", str(tmp_path / "key.json"), "--output", str(tmp_path / "out")]
        assert main(["study", "report", *paths, *given, "--resamples", "2000"]) == 0
        return json.loads((tmp_path / "out/report.json").read_text("utf-8"))

    return run


def test_fool_rates_are_found_and_their_intervals_hold_them(report, tmp_path):
    key = make_key(pairs=12, kind="fool")
    found = report(key, *(judge(key, number) for number in range(1, 81)))
    methods = found["questions"]["fool"]["methods"]
    assert found["participants"] == 80
    for method, rate in FOOLS.items():
        assert methods[method]["count"] == 240  # 80 people, 12 pairs, 4 methods in turn.
        assert methods[method]["mean"] == methods[method]["taken_for_real"] / 240
        assert methods[method]["low"] <= rate <= methods[method]["high"]
    assert methods["good"]["low"] > methods["weak"]["high"]
    assert "friedman" not in found["questions"]["fool"]
    text = (tmp_path / "out/report.md").read_text("utf-8")
    assert "50 %: nobody can tell the results from photographs." in text
    assert (tmp_path / "out/grades.png").stat().st_size > 1000


def test_who_takes_patches_for_a_photograph_or_clicks_through_is_not_counted(report):
    key = make_key(pairs=4, kind="fool")
    unknown = judge(key, 3)
    unknown["pages"][0]["chosen"] = "Z"
    same = judge(key, 4)
    same["pages"][1]["shown"] = ["A", "B"]
    hidden = judge(key, 5)
    hidden["pages"][0] |= {"shown": ["A", "X"], "chosen": "B"}
    found = report(
        key, judge(key, 1, careless=True), judge(key, 2, seconds=0.5), unknown, same, hidden
    )
    assert found["excluded"] == {
        "answers-0.json": "failed the control: took patches of colour for the photograph",
        "answers-1.json": "too fast: 0.5 s a page, at least 3 s",
        "answers-2.json": "has an unknown letter 'Z' on page p01",
        "answers-3.json": "does not show the real picture and one other on page p02",
        "answers-4.json": "chose 'B', which page p01 did not show",
    }
