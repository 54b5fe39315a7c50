"""Wrong arguments of public functions are one sentence, and no other number."""

from math import nan
from pathlib import Path

import numpy as np
import pytest
import torch

from flowcolor.data import GradientLines
from flowcolor.errors import InputError
from flowcolor.evaluation.compare import compare, paired_interval
from flowcolor.evaluation.costs import measure_costs, read_costs
from flowcolor.evaluation.data_table import data_table
from flowcolor.evaluation.extremes import extremes
from flowcolor.evaluation.hint_curve import hint_curve
from flowcolor.evaluation.live_bytes import peak_bytes
from flowcolor.evaluation.network_scores import Networks
from flowcolor.evaluation.operations import count_operations
from flowcolor.evaluation.power_law import power_law
from flowcolor.evaluation.probes import probe_scores
from flowcolor.evaluation.report import Evaluation, Report
from flowcolor.evaluation.report_files import read_report, write_report
from flowcolor.evaluation.scores import PairScore
from flowcolor.evaluation.study.agreement import krippendorff
from flowcolor.evaluation.study.intervals import two_way_intervals
from flowcolor.evaluation.study.preferences import friedman, holm, pair_tests

GRADES = np.array([[1.0, 3, 5], [2, 2, 4], [1, 2, 5]])
ERRORS = np.outer([1.0, 3], [1, 0.5, 0.25])
CUBE = GRADES[:, :, None]
IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
BATCH = {
    **dict.fromkeys(("content", "reference", "truth"), IMAGES),
    "index": torch.arange(2),
    "name": ["a", "b"],
}


def paint(batch, generator):
    return batch["content"]


def evaluation(**options):
    return Evaluation(**{"sketch_filter": GradientLines(), **options})


WRONG = {
    "no numbers": lambda: paired_interval("x"),
    "a square of differences": lambda: paired_interval([[1, 2], [3, 4]]),
    "a level of percents": lambda: paired_interval([1.0, 2], level=95),
    "a level below 0": lambda: paired_interval([1.0, 2], level=-1),
    "no resamples": lambda: paired_interval([1.0, 2], resamples=0),
    "half a resample": lambda: paired_interval([1.0, 2], resamples=2.5),
    "a seed of chance": lambda: paired_interval([1.0, 2], seed=None),
    "no photographs": lambda: power_law([0, 10, 100], ERRORS),
    "counts that are words": lambda: power_law(["a", "b", "c"], ERRORS),
    "errors of one image": lambda: power_law([1, 2, 3], ERRORS[0]),
    "no errors": lambda: power_law([1, 2, 3], None),
    "slopes without resamples": lambda: power_law([1, 2, 3], ERRORS, resamples=-3),
    "a grade of 6": lambda: krippendorff(GRADES + 1),
    "half a grade": lambda: krippendorff(GRADES + 0.5),
    "grades of one": lambda: krippendorff(GRADES[0]),
    "grades with gaps": lambda: friedman(GRADES * nan),
    "no grades": lambda: friedman(None),
    "too few names": lambda: pair_tests(GRADES, ["a", "b"]),
    "tests with gaps": lambda: pair_tests(GRADES * nan, ["a", "b", "c"]),
    "one name": lambda: pair_tests(GRADES, "abc"),
    "p above 1": lambda: holm([2, 0.5]),
    "p below 0": lambda: holm([-1, 0.5]),
    "no p": lambda: holm(5),
    "flat judgements": lambda: two_way_intervals(GRADES),
    "intervals of no resamples": lambda: two_way_intervals(CUBE, resamples=0),
    "intervals of a level": lambda: two_way_intervals(CUBE, level=2),
    "no painter": lambda: hint_curve(None, [BATCH], [1]),
    "one batch": lambda: hint_curve(paint, BATCH, [1]),
    "no batch": lambda: hint_curve(paint, [], [1]),
    "no seeds": lambda: hint_curve(paint, [BATCH], [1], 0),
    "nothing painted": lambda: hint_curve(lambda *_: None, [BATCH], [1]),
    "half a pair": lambda: probe_scores(paint, BATCH, IMAGES, 1.5),
    "pairs below 0": lambda: probe_scores(paint, BATCH, IMAGES, -1),
    "a word for a switch": lambda: probe_scores(paint, BATCH, IMAGES, 1, reference="no"),
    "no runs": lambda: measure_costs(list, (3, 3), 3, runs=0),
    "no such device": lambda: measure_costs(list, (3, 3), 3, device="gpu"),
    "one side": lambda: measure_costs(list, 3, 3),
    "nothing to run": lambda: measure_costs(None, (3, 3), 3),
    "nothing to count": lambda: count_operations(5),
    "nowhere to count bytes": lambda: peak_bytes(list, "gpu"),
    "one file": lambda: data_table("test.json"),
    "another setting": lambda: data_table([], "both"),
    "no reports": lambda: compare(None, None),
    "a filter's name": lambda: evaluation(sketch_filter="GradientLines"),
    "a network": lambda: evaluation(networks="vgg19"),
    "a word for settings": lambda: evaluation(settings="self"),
    "settings of no kind": lambda: evaluation(settings=("both",)),
    "no side": lambda: evaluation(side=0),
    "regions by name": lambda: evaluation(regions="faces"),
    "another setting's batch": lambda: evaluation(settings=("self",)).add("cross", BATCH, IMAGES),
    "no batch to score": lambda: evaluation().add("self", None, IMAGES),
    "results of another size": lambda: evaluation().add("self", BATCH, IMAGES[..., :8]),
    "fewer results": lambda: evaluation().add("self", BATCH, IMAGES[:1]),
    "no result": lambda: evaluation().add("self", BATCH, None),
    "a number for a file": lambda: Networks(inception=5),
    "layers of nobody": lambda: Networks(preset="mine"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_refused_in_a_sentence(wrong):
    with pytest.raises(ValueError, match=r"^\S.* expects? .*, got .*\.$|one of .*, got"):
        wrong()


def test_an_infinite_difference_has_no_interval():
    assert np.isnan(paired_interval([1.0, np.inf, 2.0])).all()
    assert np.isnan(paired_interval([1.0, nan, 2.0])).all()


def test_numbers_may_come_as_lists():
    assert krippendorff(GRADES.tolist()) == krippendorff(GRADES)
    assert friedman(GRADES.tolist()) == friedman(GRADES)
    assert pair_tests(GRADES.tolist(), list("abc")) == pair_tests(GRADES, list("abc"))
    assert power_law([10, 40, 160], ERRORS.tolist()).slope == pytest.approx(-0.5)


def test_files_may_be_named_by_texts(tmp_path):
    (json, _) = write_report(Report([]), str(tmp_path), "a")
    assert read_report(str(json)) == Report([])
    (tmp_path / "costs.json").write_text('{"seconds": 2}')
    assert read_costs(str(tmp_path / "costs.json")).seconds == 2
    assert json == Path(tmp_path, "a.json")


def test_a_broken_result_is_the_worst_wherever_it_stands():
    values = {"a": 0.1, "b": nan, "c": 0.9, "d": 0.5, "e": nan, "f": 0.7}
    for names in ("abcdef", "bacdef", "fedcba"):
        scores = [
            PairScore("self", 0, name, name, {}, {"ssim": values[name]}, [], []) for name in names
        ]
        assert [score.name for score in extremes(scores, rows=9)] == list("cfdabe")
        assert [score.name for score in extremes(scores, rows=1)] == ["c", "d", "e"]


@pytest.mark.parametrize("key", ["name", "reference_name"])
def test_a_name_for_each_picture_is_asked_for(key):
    images = dict(zip(("content", "reference", "truth"), torch.rand(3, 2, 3, 8, 8), strict=True))
    batch = images | {"index": [0, 1], "name": ["a", "b"]} | {key: ["a"]}
    with pytest.raises(InputError, match=f"expects {key} to be one for each of 2 images, got 1"):
        Evaluation(None, settings=("self",), side=8).add("self", batch, images["truth"])
