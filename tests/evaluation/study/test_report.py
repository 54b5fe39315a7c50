import csv
import json
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from flowcolor.cli.main import main
from flowcolor.evaluation.study.key import write_key
from tests.evaluation.study.people import METHODS, answers, careful, make_key, write

LIKES = {"good": 4.0, "middling": 3.2, "weak": 2.6, "poor": 2.0}


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Run `flowcolor study report`; return its status and what it wrote as JSON."""

    def run(key, *contents, words=(), draw=False):
        if not draw:  # Charts take longer than everything else.
            monkeypatch.setattr("flowcolor.evaluation.study.report.write_chart", lambda *_: None)
        write_key(key, tmp_path / "key.json")
        paths = [str(path) for path in write(tmp_path, *contents)]
        given = ["--key", str(tmp_path / "key.json"), "--output", str(tmp_path / "out")]
        status = main(["study", "report", *paths, *given, "--resamples", "500", *words])
        path = tmp_path / "out/report.json"
        return status, json.loads(path.read_text("utf-8")) if path.exists() else None

    return run


def people(key, count=20, likes=LIKES):
    return [answers(key, number, careful(likes, number)) for number in range(1, count + 1)]


def test_planted_preferences_are_found(report, tmp_path):
    status, found = report(key := make_key(), *people(key), draw=True)
    assert (status, found["participants"], found["excluded"]) == (0, 20, {})
    for question in ("geometry", "color"):
        part = found["questions"][question]
        for method, numbers in part["methods"].items():
            assert numbers["mean"] == pytest.approx(LIKES[method], abs=0.35)
            assert numbers["low"] < numbers["mean"] < numbers["high"]
            assert numbers["count"] == sum(numbers["counts"]) == 60
            assert sum(numbers["shares"]) == pytest.approx(1)
        assert part["friedman"]["p"] < 1e-6
        assert part["friedman"]["people"] == 20
        tests = {(test["a"], test["b"]): test for test in part["wilcoxon"]}
        assert len(tests) == 6
        assert tests["good", "poor"]["holm"] < 1e-3
        assert tests["good", "poor"]["difference"] == pytest.approx(2.0, abs=0.3)
        assert part["krippendorff"] > 0.3
    with (tmp_path / "out/report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["question"], row["method"]) for row in rows][:2] == [
        ("geometry", "good"),
        ("geometry", "middling"),
    ]
    assert float(rows[0]["mean"]) == found["questions"]["geometry"]["methods"]["good"]["mean"]
    text = (tmp_path / "out/report.md").read_text("utf-8")
    assert "20 participants count" in text
    assert "| good | 60 |" in text


def test_none_is_found_in_random_answers(report):
    key, random = make_key(), np.random.default_rng(0)
    crowd = [
        answers(key, number, lambda who, page: random.integers(1, 6), leave_out=("p08",))
        for number in range(1, 31)
    ]
    _, found = report(key, *crowd)
    for part in found["questions"].values():
        assert part["friedman"]["p"] > 0.05
        assert min(test["holm"] for test in part["wilcoxon"]) > 0.05
        assert abs(part["krippendorff"]) < 0.05


def test_a_key_with_two_methods_exchanged_exchanges_their_numbers(report):
    key = make_key()
    other = {"good": "poor", "poor": "good", "middling": "middling", "weak": "weak"}
    turned = [
        replace(page, letters={at: other[who] for at, who in page.letters.items()})
        for page in key.pages
    ]
    crowd = people(key)
    _, right = report(key, *crowd)
    _, wrong = report(replace(key, pages=turned), *crowd)
    for question, part in right["questions"].items():
        for method, numbers in part["methods"].items():
            exchanged = wrong["questions"][question]["methods"][other[method]]
            for name in ("mean", "counts", "worst"):
                assert exchanged[name] == numbers[name]


def test_counts_are_those_of_the_single_grades(report):
    key = make_key(pairs=2, methods=["a", "b"])
    crowd = [
        answers(key, 1, lambda who, page: 5 if who == "a" else 2),
        answers(key, 2, lambda who, page: 4 if who == "a" else 2),
    ]
    _, found = report(key, *crowd)
    geometry = found["questions"]["geometry"]["methods"]
    assert geometry["a"]["counts"] == [0, 0, 0, 1, 1]
    assert geometry["b"]["counts"] == [0, 2, 0, 0, 0]
    assert geometry["a"]["mean"] == 4.5
    assert geometry["a"]["worst"] == [{"pair": "face0", "mean": 4.5}]


def test_the_drawing_that_all_dislike_is_the_worst(report):
    key = make_key(pairs=8)
    crowd = [
        answers(
            key, n, lambda who, page: 1 if (who, page.name) == ("weak", "face2") else LIKES[who]
        )
        for n in range(1, 5)
    ]
    worst = report(key, *crowd)[1]["questions"]["geometry"]["methods"]["weak"]["worst"]
    assert worst[0] == {"pair": "face2", "mean": 1.0}
    assert [one["mean"] for one in worst] == [1.0, 2.0, 2.0]


def test_who_does_not_count_is_named_with_the_reason(report, tmp_path):
    key = make_key()
    ok = answers(key, 1, careful(LIKES, 1))
    control = answers(key, 2, careful(LIKES, 2))
    control["pages"][6]["grades"] = {"A": 2, "B": 2}
    repeated = answers(key, 3, lambda who, page: 5 if page.role == "repeat" else 3)
    fast = answers(key, 4, careful(LIKES, 4), seconds=1.25)
    letter = answers(key, 5, careful(LIKES, 5))
    letter["pages"][0]["grades"]["Q"] = 3
    grade = answers(key, 6, careful(LIKES, 6))
    grade["pages"][1]["grades"]["A"] = 6
    page = answers(key, 7, careful(LIKES, 7))
    page["pages"][2]["page"] = "p99"
    other = answers(key, 8, careful(LIKES, 8), study="ffff")
    endless = [answers(key, 9, careful(LIKES, 9), seconds) for seconds in (math.inf, 10**400)]
    status, found = report(
        key,
        ok,
        control,
        repeated,
        fast,
        letter,
        grade,
        page,
        other,
        "no JSON",
        "[1]",
        {"pages": []},
        *endless,
    )
    assert (status, found["participants"]) == (0, 1)
    assert found["excluded"] == {
        "answers-1.json": "failed the control: gave patches of colour grade 2, the true "
        "photograph 2",
        "answers-2.json": "failed the repeated page: its grades differ by 2.0 in the mean",
        "answers-3.json": "too fast: 1.2 s a page, at least 3 s",
        "answers-4.json": "has an unknown letter 'Q' on page p01",
        "answers-5.json": "has grade 6 for A on page p02",
        "answers-6.json": "answers an unknown page 'p99'",
        "answers-7.json": "answers study ffff, not 0123456789abcdef of the key",
        "answers-8.json": "is no file of answers",
        "answers-9.json": "is no file of answers",
        "answers-10.json": "answers study None, not 0123456789abcdef of the key",
        "answers-11.json": "has inf seconds on page p01",
        "answers-12.json": f"has {10**400} seconds on page p01",
    }
    assert "too fast" in (tmp_path / "out/report.md").read_text("utf-8")


def test_of_one_number_the_fuller_file_counts_and_copies_do_no_harm(report):
    key = make_key()
    part = answers(key, 1, careful(LIKES, 1), leave_out=("p05",))
    whole, other = answers(key, 1, careful(LIKES, 2)), answers(key, 2, careful(LIKES, 3))
    _, found = report(key, part, whole, whole, other)
    assert (found["participants"], found["partial"], found["copies"]) == (2, 0, 1)
    assert found["excluded"] == {"answers-0.json": "duplicates the number of answers-1.json"}


def test_answers_that_stop_early_count_as_far_as_they_go(report):
    key = make_key()
    late = tuple(page.id for page in key.pages[1:])
    crowd = [*people(key, 3), answers(key, 9, careful(LIKES, 9), leave_out=late)]
    _, found = report(key, *crowd)
    assert (found["participants"], found["partial"]) == (4, 1)
    assert found["questions"]["geometry"]["methods"]["good"]["count"] == 3 * 3 + 1
    assert found["questions"]["geometry"]["friedman"]["people"] == 4
    assert found["questions"]["color"]["friedman"]["people"] == 3


def test_with_one_participant_or_none_it_is_said_what_cannot_be_computed(report, tmp_path):
    key = make_key()
    status, found = report(key, *people(key, 1), draw=True)
    assert status == 0
    assert found["questions"]["color"]["methods"]["good"]["low"] is None
    assert found["not_computed"] == {
        f"{question}, {what}": why
        for question in ("geometry", "color")
        for what, why in {
            "intervals": "expect at least 2 participants and 2 pairs, got 1 and 3",
            "Friedman's test": "expects at least 2 participants who judged every method, got 1",
            "Wilcoxon's tests": "expects at least 2 participants who judged every method, got 1",
            "Krippendorff's alpha": "expects pictures with two grades or more, and grades that "
            "differ",
        }.items()
    }
    status, found = report(key, answers(key, 1, careful(LIKES, 1), seconds=0.0), draw=True)
    assert (status, found["participants"]) == (0, 0)
    assert found["not_computed"] == {"everything": "no participant counts"}
    assert not (tmp_path / "out/grades.png").exists()


def test_a_report_without_participants_leaves_a_picture_that_is_of_no_report(report, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/grades.png").write_bytes(b"mine")
    key = make_key()
    status, _ = report(key, answers(key, 1, careful(LIKES, 1), seconds=0.0), draw=True)
    assert status == 0
    assert (tmp_path / "out/grades.png").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["report.json", "report.csv", "report.md"])
def test_a_report_does_not_take_the_place_of_a_file_of_something_else(
    report, name, tmp_path, capsys
):
    own = tmp_path / "out" / name
    own.parent.mkdir()
    own.write_text('{"mine": 1}')
    key = make_key()
    write_key(key, tmp_path / "key.json")
    (path,) = write(tmp_path, *people(key, 1))
    words = [str(path), "--key", str(tmp_path / "key.json"), "--output", str(own.parent)]
    assert main(["study", "report", *words]) == 2
    expected = f"--output expects a folder without a {name} of something else, got {own.parent}"
    assert expected in capsys.readouterr().err
    assert [*own.parent.iterdir()] == [own]
    assert own.read_text() == '{"mine": 1}'
    own.unlink()
    for _ in range(2):
        assert report(key, *people(key, 2))[0] == 0


@pytest.mark.parametrize("count", [1, 2])
def test_few_methods_have_no_friedman(report, count):
    key = make_key(methods=METHODS[:count])
    _, found = report(key, *people(key, 5))
    missing = found["not_computed"]
    assert missing["color, Friedman's test"] == f"expects at least 3 methods, got {count}"
    assert ("color, Wilcoxon's tests" in missing) == (count == 1)


def test_the_chart_has_bars_as_long_as_their_shares(report, tmp_path):
    key = make_key(pairs=2, methods=["a"])
    crowd = [answers(key, n, lambda who, page, n=n: 5 if n < 4 else 1) for n in range(1, 5)]
    report(key, *crowd, draw=True)
    with Image.open(tmp_path / "out/grades.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    best = (pixels == (0x21, 0x66, 0xAC)).all(2).sum(1).max()
    worst = (pixels == (0xB2, 0x18, 0x2B)).all(2).sum(1).max()
    assert best / worst == pytest.approx(3, abs=0.05)  # Three of four are very satisfied.


def test_another_key_and_files_that_are_not_there_are_one_sentence(report, tmp_path, capsys):
    key = make_key()
    crowd = people(key, 2)
    assert report(replace(key, study="eeee"), *crowd) == (2, None)
    error = capsys.readouterr().err
    assert (
        "The answers expect the key of their own study, got that of eeee; answers-0.json" in error
    )
    words = ["study", "report", str(tmp_path / "none.json"), "--key", str(tmp_path / "key.json")]
    assert main(words) == 2
    assert "none.json cannot be read: No such file or directory." in capsys.readouterr().err
    words[2] = str(tmp_path / "answers-0.json")
    assert main([*words[:4], words[2]]) == 2
    assert "expects the key.json of `flowcolor study make`, got" in capsys.readouterr().err
    assert main(["study", "report", words[2]]) == 2
    assert "required: --key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["pages", 0, "truth"], [1]),
        (["pages", 0, "bad"], 5),
        (["pages", 0, "trial"], -1),
        (["pages", 0, "trial"], [[]]),
        (["pages", 0, "role"], "x"),
        (["pages", 0, "name"], None),
        (["methods"], "good"),
        (["minimum_seconds"], 10**400),
    ],
)
def test_a_key_that_was_edited_wrongly_is_one_sentence(report, place, value, tmp_path, capsys):
    key = make_key()
    assert report(key, *people(key, 2))[0] == 0
    path = tmp_path / "key.json"
    content = json.loads(path.read_text("utf-8"))
    inner = content
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    path.write_text(json.dumps(content), "utf-8")
    for words in (
        ["report", tmp_path / "answers-0.json"],
        ["import", tmp_path / "none.csv", "--output", tmp_path / "new"],
    ):
        capsys.readouterr()
        assert main(["study", *map(str, words), "--key", str(path)]) == 2
        assert f"{path} expects the key.json of `flowcolor study make`" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["report.json", "report.csv", "report.md", "grades.png"])
def test_a_report_does_not_overwrite_what_it_counts(report, name, tmp_path, capsys):
    key = make_key()
    assert report(key, *people(key, 2))[0] == 0
    output = tmp_path / "other"
    output.mkdir()
    for given in ("key.json", "answers-0.json"):
        (tmp_path / given).rename(output / name)
        content = (output / name).read_bytes()
        words = ["answers-0.json", "--key", "key.json"]
        words = [str(output / name if word == given else tmp_path / word) for word in words]
        words[1] = "--key"
        assert main(["study", "report", *words, "--output", str(output)]) == 2
        assert f"holds no input, got {output / name}" in capsys.readouterr().err
        assert (output / name).read_bytes() == content
        (output / name).rename(tmp_path / given)


def test_without_the_library_that_draws_nothing_is_computed(report, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    key = make_key()
    assert report(key, *people(key, 2)) == (2, None)
    expected = "flowcolor: flowcolor study needs matplotlib: pip install 'flowcolor[train]'."
    assert capsys.readouterr().err.strip() == expected
