"""What users see: colours by region, lines by their drawing; in scores, tables and comparisons."""

import math

import pytest
import torch

from flowcolor.evaluation.compare import compare, comparison_table
from flowcolor.evaluation.report import Evaluation, Report
from flowcolor.evaluation.report_files import read_report, write_report
from flowcolor.evaluation.scores import PairScore, score_batch
from flowcolor.evaluation.table import table
from flowcolor.metrics import (
    CELEBA_REGIONS,
    FACE_REGIONS,
    color_bleeding,
    line_f1,
    line_sharpness,
    region_color_distance,
)
from tests.training.helpers import Threshold

REGIONS = ("skin", "lips", "hair_clothes", "background")


@pytest.fixture
def batch():
    sketch, reference, truth = torch.rand(3, 2, 3, 24, 24)
    labels = torch.randint(0, 6, (2, 24, 24), dtype=torch.uint8)
    others = labels.roll(5, 2)
    others[1][others[1] == 5] = 2  # The second reference shows no lips.
    return {
        "content": sketch.round(),
        "reference": reference,
        "truth": truth,
        "index": torch.arange(2),
        "name": ["a", "b"],
        "labels": labels,
        "reference_labels": others,
    }


def test_regions_are_compared_with_those_of_the_reference(batch):
    result = torch.rand(2, 3, 24, 24)
    scores = [s.scores for s in score_batch("cross", batch, result, Threshold())]
    maps = batch["labels"], batch["reference_labels"]
    expected = region_color_distance(result, batch["reference"], *maps)
    for name in REGIONS:
        assert scores[0][f"region_{name}"] == pytest.approx(float(expected[name][0]))
    assert "region_lips" not in scores[1]
    three = [float(expected[name][1]) for name in REGIONS if name != "lips"]
    assert scores[1]["region_colors"] == pytest.approx(sum(three) / 3)
    tint = batch["content"] * batch["reference"].mean((2, 3), keepdim=True)
    tinted = region_color_distance(tint, batch["reference"], *maps)
    four = [float(tinted[name][0]) for name in REGIONS]
    assert scores[0]["region_colors_tint"] == pytest.approx(sum(four) / 4)


def test_in_self_reference_the_truth_stands_for_its_deformed_photograph(batch):
    del batch["reference_labels"]
    result = torch.rand(2, 3, 24, 24)
    scores = [s.scores for s in score_batch("self", batch, result, Threshold())]
    expected = region_color_distance(result, batch["truth"], batch["labels"], batch["labels"])
    assert scores[1]["region_lips"] == pytest.approx(float(expected["lips"][1]))
    for score in score_batch("cross", batch, result, Threshold()):
        assert not any(name.startswith("region") for name in score.scores)


def test_other_regions_may_be_given(batch):
    evaluation = Evaluation(Threshold(), settings=("cross",), side=24, regions=CELEBA_REGIONS)
    evaluation.add("cross", batch, batch["truth"])
    found = evaluation.scores[0].scores["region_skin"]
    both = [batch["labels"], batch["reference_labels"]]
    images = batch["truth"], batch["reference"]
    celeba, faces = (
        float(region_color_distance(*images, *both, regions)["skin"][0])
        for regions in (CELEBA_REGIONS, FACE_REGIONS)
    )
    assert found == pytest.approx(celeba)
    assert abs(celeba - faces) > 1e-3


def test_numbers_of_no_region_are_forgotten_with_the_scores(batch):
    evaluation = Evaluation(Threshold(), settings=("cross",), side=24)
    batch["reference_labels"][0, 0, 0] = 9
    evaluation.add("cross", batch, batch["truth"])
    assert "label maps hold 9, which" in evaluation.report({}).notes["region_colors"]
    evaluation.reset()
    assert evaluation.report({}).notes == {}


def test_lines_are_judged_by_the_cleaned_drawing_where_there_is_one(batch):
    result, cleaned = torch.rand(2, 3, 24, 24), torch.rand(2, 3, 24, 24).round()
    lines = torch.stack([Threshold()(image, (24, 24)) for image in result])
    for more, drawing in (({}, batch["content"]), ({"cleaned": cleaned}, cleaned)):
        scores = [s.scores for s in score_batch("cross", batch | more, result, Threshold())]
        for i, found in enumerate(scores):
            assert found["sharpness"] == pytest.approx(float(line_sharpness(result, drawing)[i]))
            assert found["bleeding"] == pytest.approx(float(color_bleeding(result, drawing)[i]))
            assert found["lines"] == pytest.approx(
                float(line_f1(lines, batch["content"][:, :1])[i])
            )
            assert ("lines_cleaned" in found) == bool(more)
            if more:
                expected = float(line_f1(lines, cleaned[:, :1])[i])
                assert found["lines_cleaned"] == pytest.approx(expected)


def test_grey_photographs_have_no_lines_to_judge(batch):
    for score in score_batch("cross", batch, torch.rand(2, 3, 24, 24), None):
        assert not {"sharpness", "bleeding", "lines", "lines_cleaned"} & score.scores.keys()
        assert "region_skin" in score.scores


def pair(name, **scores):
    sums = {"truth": "t", "reference": "r"}
    return PairScore(
        "cross", ord(name), name, "x", sums, {"ssim": 0.5, **scores}, [0.0] * 3, [0.0] * 3
    )


def test_means_are_over_the_pairs_that_have_a_region_and_the_table_says_how_many():
    lips = {"region_colors": 4.0, "region_colors_sketch": 9.0, "region_colors_tint": 8.0}
    pairs = [pair("a", region_lips=2.0, **lips), pair("b", region_lips=4.0, **lips)]
    report = Report([*pairs, pair("c", **lips)])
    summary = report.summary["cross"]
    assert summary["region_lips"] == 3.0
    assert summary["region_lips_pairs"] == 2
    assert summary["region_colors"] == 4.0
    assert "region_colors_pairs" not in summary
    rows = [row.split() for row in table(report).splitlines()]
    assert ["regions"] in rows
    assert ["result", "4.00"] in rows
    assert ["colour", "of", "lips,", "distance", "3.00", "in", "2", "of", "3"] in rows


def test_methods_are_compared_where_both_have_a_region_and_less_is_better(tmp_path):
    a = Report([pair("a", region_lips=2.0), pair("b", region_lips=4.0), pair("c")])
    b = Report([pair("a", region_lips=1.0), pair("b"), pair("c", region_lips=7.0)])
    found = compare(a, b)["cross"]
    assert (found["region_lips"].pairs, found["region_lips"].a, found["region_lips"].won) == (
        1,
        2.0,
        1,
    )
    assert found["ssim"].pairs == 3
    assert "1 of 1" in comparison_table({"cross": found})
    # An older report has no regions: then there is nothing to compare by them.
    (path, _) = write_report(Report([pair(name) for name in "abc"]), tmp_path, "score")
    assert list(compare(read_report(path), a)["cross"]) == ["ssim"]


def test_a_broken_result_is_not_taken_for_a_missing_region(batch):
    result = torch.full((2, 3, 24, 24), math.nan)
    for score in score_batch("cross", batch, result, None):
        assert math.isnan(score.scores["ssim"])
