import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from flowcolor.cli.main import main
from flowcolor.evaluation.study import survey_import
from flowcolor.evaluation.study.answers import read_answers
from flowcolor.evaluation.study.html import texts
from flowcolor.evaluation.study.key import read_key
from flowcolor.evaluation.study.survey_import import import_survey
from tests.evaluation.study.conftest import LEVELS, SIZE


def questions(place):
    text = (place / "survey/questions.csv").read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def export(path, heads, *rows, encoding="utf-8-sig"):
    text = io.StringIO()
    csv.writer(text).writerows([heads, *rows])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def bring_in(place, path, output="answers"):
    out = place.parent / output
    words = ["study", "import", str(path), "--key", str(place / "key.json"), "--output", str(out)]
    return main(words), out


def test_every_page_has_a_row_and_a_sheet_with_its_pictures_under_their_letters(make):
    place = make("--pairs", "4")[1]
    key, rows = read_key(place / "key.json"), questions(place)
    assert [row["picture"] for row in rows] == [f"{page.id}.png" for page in key.pages]
    for row, page in zip(rows, key.pages, strict=True):
        assert row["items"].split("|") == [f"{page.id}-{at}" for at in sorted(page.all_letters)]
        assert row["question_en"] == texts()["en"][page.question]
        assert row["question_zh"] == texts()["zh"][page.question]
        assert row["options_en"].split("|")[4] == "5 Very satisfied"
        assert row["options_zh"].split("|")[0] == "1 很差"
        with Image.open(place / "survey" / row["picture"]) as sheet:
            pixels = np.asarray(sheet)
        reds = [int(pixels[-16, x, 0]) for x in range(SIZE + 32 + 8, pixels.shape[1], SIZE + 8)]
        for letter, red in zip(sorted(page.all_letters), reds, strict=False):
            who = "truth" if letter == page.truth else page.letters.get(letter, "references")
            assert red == LEVELS[who]


def test_a_part_of_the_participants_is_never_left(make, monkeypatch):
    place = make("--pairs", "2")[1]
    items = [item for row in questions(place) for item in row["items"].split("|")]
    rows = [[str(who), *["3"] * len(items)] for who in (7, 8)]
    path = export(place.parent / "e.csv", ["id", *items], *rows)
    write, written = survey_import.write_text, []

    def interrupted(text, path):
        written.append(path)
        if len(written) == 2:
            raise KeyboardInterrupt
        write(text, path)

    before = sorted(place.parent.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(survey_import, "write_text", interrupted)
        assert bring_in(place, path)[0] == 130
    assert sorted(place.parent.iterdir()) == before
    status, out = bring_in(place, path)
    assert status == 0
    assert sorted(file.name for file in out.iterdir()) == ["answers-7.json", "answers-8.json"]


def test_a_link_to_an_empty_folder_is_filled(make):
    place = make("--pairs", "2")[1]
    items = [item for row in questions(place) for item in row["items"].split("|")]
    path = export(place.parent / "e.csv", ["id", *items], ["7", *["3"] * len(items)])
    (place.parent / "elsewhere").mkdir()
    (place.parent / "link").symlink_to(place.parent / "elsewhere")
    import_survey(path, read_key(place / "key.json"), place.parent / "link")
    assert [file.name for file in (place.parent / "elsewhere").iterdir()] == ["answers-7.json"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_an_export_becomes_the_answers_that_people_gave(make, encoding):
    place = make("--pairs", "2")[1]
    key = read_key(place / "key.json")
    items = [item for row in questions(place) for item in row["items"].split("|")]
    heads = ["序号", "所用时间", *(f"{i}、{item} 图片" for i, item in enumerate(items, start=1))]
    words = [*texts()["zh"]["grades"], *texts()["en"]["grades"], "5 Very satisfied", "3", "1 很差"]
    grades = [*range(1, 6), *range(1, 6), 5, 3, 1]
    cells = [words[i % len(words)] for i in range(len(items))]
    partial = [*cells[:3], *[""] * (len(items) - 3)]
    path = export(
        place.parent / "e.csv",
        heads,
        ["7", "60秒", *cells],
        ["8", "20秒", *partial],
        encoding=encoding,
    )
    status, out = bring_in(place, path)
    assert status == 0
    whole, part = (read_answers(out / f"answers-{number}.json", key) for number in (7, 8))
    given = [grade for judged in whole.judged.values() for grade in judged.grades.values()]
    assert given == [grades[i % len(grades)] for i in range(len(items))]
    assert [judged.seconds for judged in whole.judged.values()] == [15.0] * 4
    assert [len(judged.grades) for judged in part.judged.values()] == [3]


def test_a_survey_of_fakes_says_which_was_taken_for_real(make):
    place = make("--kind", "fool", "--pairs", "2")[1]
    key, rows = read_key(place / "key.json"), questions(place)
    letters = [row["options_en"].split("|") for row in rows]
    assert letters == [page.trial for page in key.pages]
    path = export(place.parent / "e.csv", [row["items"] for row in rows], [a for a, _ in letters])
    status, out = bring_in(place, path)
    assert status == 0
    found = read_answers(out / "answers-1.json", key)
    assert [judged.chosen for judged in found.judged.values()] == [a for a, _ in letters]


def test_what_is_no_export_of_this_study_is_one_sentence(make, capsys):
    place = make("--pairs", "2")[1]
    items = [item for row in questions(place) for item in row["items"].split("|")]
    cells, path = ["3"] * len(items), place.parent / "e.csv"
    for heads, rows, message in (
        (items[1:], [cells[1:]], f"got none or several for 1: {items[0]}."),
        ([*items, items[0]], [[*cells, "3"]], f"got none or several for 1: {items[0]}."),
        (items, [], "expects a row for each participant, got none."),
        (items, [["6", *cells[1:]]], "line 2, expects a grade from 1 to 5 or its words for"),
        (["id", *items], [["x", *cells]], "line 2, expects a whole number for id, got 'x'."),
        (["id", *items], [["4", *cells], ["4", *cells]], "that differ, got 4 twice."),
        (
            ["seconds", *items],
            [["1:20:05", *cells]],
            "seconds for the time, got '1:20:05'.",
        ),
        (
            ["seconds", *items],
            [["3分20秒", *cells]],
            "seconds for the time, got '3分20秒'.",
        ),
        (["seconds", *items], [["9" * 400, *cells]], "expects seconds for the time, got '999"),
        (["a comment", *items], [["well", " well", *cells]], "line 2, expects 13 cells, got 14."),
        ([" and ".join(items[:2]), *items[2:]], [cells[1:]], f"for 2: {items[0]}, {items[1]}."),
        ([], [], "got none or several for 12"),
    ):
        status, out = bring_in(place, export(path, heads, *rows))
        error = capsys.readouterr().err
        assert (status, error.count("\n"), out.exists()) == (2, 1, False)
        assert message in error
    path.write_bytes(b"\xff\xff\xff")
    assert bring_in(place, path)[0] == 2
    assert "expects a CSV file in UTF-8 or GB18030" in capsys.readouterr().err
    assert bring_in(place, place.parent / "none.csv")[0] == 2
    assert "none.csv cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [("1234.5", 1234.5), (" 60 s", 60), ("60秒", 60), ("90 Seconds", 90), ("", None), ("-", None)],
)
def test_a_time_is_a_number_of_seconds_or_was_not_measured(make, cell, seconds):
    place = make("--pairs", "2")[1]
    items = [item for row in questions(place) for item in row["items"].split("|")]
    cells = [cell, *["3"] * len(items), "", ""]  # Some programs end rows with commas.
    path = export(place.parent / "e.csv", ["seconds", *items], cells)
    (file,) = import_survey(path, read_key(place / "key.json"), place.parent / "answers")
    pages = json.loads(file.read_text())["pages"]
    assert [page.get("seconds") for page in pages] == [seconds and seconds / 4] * 4


def test_a_quote_that_is_left_open_is_one_sentence(make, capsys):
    place = make("--pairs", "2")[1]
    path = place.parent / "export.csv"
    path.write_text('id,a\n1,"open\n' + "x" * 131_072)
    assert bring_in(place, path)[0] == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"{path} expects CSV, got a row that cannot be read from line 2 on" in error
