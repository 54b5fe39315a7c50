import csv
import json
import math
from dataclasses import replace

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.evaluation.extremes import extremes, write_extremes
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import read_report, write_report
from flowcolor.evaluation.scores import PairScore
from flowcolor.evaluation.table import table
from flowcolor.io.images import read_image


def pair(index, ssim, name=None):
    scores = {"ssim": ssim, "lines": 0.5, "lines_control": 0.1}
    name = f"n{index}" if name is None else name
    return PairScore("cross", index, name, "other", {"truth": "00"}, scores, [1.0] * 3, [2.0] * 3)


def test_a_report_is_read_as_it_was_written(tmp_path):
    sets = {"cross": {"fid": 3.5, "kid": 0.25}}
    about = {"model": "M", "size": 64}
    report = Report([pair(0, 0.25), pair(1, 0.5)], sets, {"fid": "n"}, {"sr": "w"}, about)
    json_path, csv_path = write_report(report, tmp_path / "new", "test")
    assert read_report(json_path) == report
    assert json.loads(json_path.read_text())["summary"] == report.summary
    with csv_path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["n0", "n1"]
    assert rows[1] == {
        "setting": "cross",
        "name": "n1",
        "reference": "other",
        "ssim": "0.5",
        "lines": "0.5",
        "lines_control": "0.1",
    }


def test_a_report_that_an_editor_has_saved_with_a_mark_of_its_order_of_bytes_is_read(tmp_path):
    report = Report([pair(0, 0.25)])
    path, _ = write_report(report, tmp_path, "test")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_report(path).scores == report.scores


def test_remarks_about_scores_of_another_version_are_left_out(tmp_path):
    remarks = {"fid": "n", "a_later_score": "n"}
    path, _ = write_report(Report([pair(0, 0.5)], {}, remarks, remarks), tmp_path, "test")
    read = read_report(path)
    assert read.notes == read.missing == {"fid": "n"}
    assert "a_later_score" not in table(read)


def test_a_number_of_a_set_that_is_none_is_read_as_it_was_written(tmp_path):
    path, _ = write_report(Report([pair(0, 0.5)], {"cross": {"fid": math.inf}}), tmp_path, "test")
    assert math.isnan(read_report(path).summary["cross"]["fid"])


def test_names_of_any_letters_survive_and_infinity_is_null(tmp_path):
    scored = replace(pair(0, math.inf, 'Ä, "b"/ü'), color=[math.nan] * 3)
    report = Report([scored])
    json_path, csv_path = write_report(report, tmp_path, "test")
    assert "Infinity" not in json_path.read_text("utf-8")
    read = read_report(json_path).scores[0]
    assert (read.name, math.isnan(read.scores["ssim"])) == ('Ä, "b"/ü', True)
    assert all(math.isnan(number) for number in read.color)
    with csv_path.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["ssim"]) == ('Ä, "b"/ü', "inf")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("about", []),
        ("notes", 1),
        ("summary", {"cross": 2}),
        ("pairs", [{"name": 1}]),
        ("pairs", [{"color": [1.0]}]),
        ("pairs", [{"checksums": []}]),
        ("pairs", [{"scores": [1]}]),
        ("pairs", 3),
        ("pairs", [{"scores": {"ssim": 10**400}}]),
        ("pairs", [{"scores": {"lines": 0.5}}]),
        ("about", {"content": ["drawing"]}),
        ("about", {"content": 5}),
        ("about", {"parameters": "many"}),
        ("about", {"parameters": 0.5}),
        ("notes", {"ssim": 3}),
        ("not_computed", {"sr": ["a"]}),
        ("pairs", [{"setting": "crossed"}]),
        ("pairs", [{"setting": []}]),
        ("pairs", [{}, {"scores": {"ssim": 0.9}}]),  # One drawing twice.
        ("summary", {"cross": {"fid": "low"}}),
        ("summary", {"cross": {"fid": [1.0]}}),
        ("summary", {"cross": {"fid": 10**400}}),
    ],
)
def test_a_report_that_was_edited_wrongly_is_refused_by_name(part, value, tmp_path):
    path, _ = write_report(Report([pair(0, 0.5)]), tmp_path, "test")
    content = json.loads(path.read_text())
    whole = content["pairs"][0]
    content[part] = [whole | each for each in value] if isinstance(value, list) and value else value
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"test\.json expects the JSON of `flowcolor test` or"):
        read_report(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"pairs": [{"setting": "self"}], "summary": {}}']
)
def test_another_file_is_refused_by_name(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"x\.json expects the JSON of `flowcolor test` or"):
        read_report(path)
    with pytest.raises(InputError, match=r"missing\.json cannot be read"):
        read_report(tmp_path / "missing.json")


def test_the_extremes_are_the_best_the_middle_and_the_worst_once_each():
    pairs = [pair(i, ((7 * i) % 11) / 10) for i in range(11)]
    assert [p.scores["ssim"] for p in extremes(pairs, 2)] == [1.0, 0.9, 0.6, 0.5, 0.1, 0.0]
    assert [p.scores["ssim"] for p in extremes(pairs, 1)] == [1.0, 0.5, 0.0]
    assert [p.scores["ssim"] for p in extremes(pairs[:4], 3)] == sorted(
        (p.scores["ssim"] for p in pairs[:4]), reverse=True
    )
    assert [p.name for p in extremes([pair(0, 0.5, "b"), pair(1, 0.5, "a")])] == ["a", "b"]


def test_the_picture_of_the_extremes_has_their_rows_in_order(tmp_path):
    pairs = [pair(i, i / 10) for i in range(5)]
    text = write_extremes(
        pairs, lambda p: [torch.full((3, 128, 128), p.scores["ssim"])] * 4, tmp_path / "e.png", 1
    )
    picture = read_image(tmp_path / "e.png")
    assert picture.shape == (3, 3 * 130 + 2, 4 * 130 + 2)
    values = [float(picture[0, 64 + 130 * row, 64]) for row in range(3)]
    assert values == pytest.approx([0.4, 0.2, 0.0], abs=0.003)
    assert "n4 0.400, n2 0.200, n0 0.000" in text
