import json
import math
import unicodedata
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from flowcolor.errors import InputError
from flowcolor.evaluation import bootstrap
from flowcolor.evaluation.compare import (
    compare,
    comparison_table,
    paired_interval,
    require_rival,
    write_comparison,
)
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import write_report
from flowcolor.evaluation.scores import PairScore


def pair(name, ssim, colors=0.0, setting="cross", reference="r", truth="t"):
    sums = {"truth": truth, "reference": reference}
    scores = {"ssim": ssim, "lines": 1.0, "lines_control": 0.0, "colors": colors}
    return PairScore(setting, ord(name), name, "x", sums, scores, [0.0] * 3, [0.0] * 3)


@pytest.mark.parametrize("count", [2, 12, 300])
def test_the_interval_is_that_of_scipy(count):
    d = np.random.default_rng(count).normal(0.3, 1.0, count) ** 3
    found = paired_interval(d, resamples=20_000)
    expected = scipy.stats.bootstrap(
        (d,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    width = expected.high - expected.low
    assert found == pytest.approx((expected.low, expected.high), abs=0.05 * width)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20), st.floats(-5, 5), st.integers(0, 9))
def test_the_interval_lies_among_the_differences_and_moves_with_them(values, shift, seed):
    low, high = paired_interval(values, resamples=50, seed=seed)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    moved = paired_interval([value + shift for value in values], resamples=50, seed=seed)
    assert moved == pytest.approx((low + shift, high + shift), abs=1e-9)


def test_the_interval_is_a_function_of_its_seed_and_needs_two_images():
    d = np.random.default_rng(0).normal(size=10)
    assert paired_interval(d, seed=3) == paired_interval(d, seed=3)
    assert paired_interval(d, seed=3) != paired_interval(d, seed=4)
    assert paired_interval([0.25] * 5) == (0.25, 0.25)
    assert all(math.isnan(end) for end in paired_interval([1.0]))
    assert paired_interval(d, level=Fraction(1, 2)) == paired_interval(d, level=0.5)


def test_many_images_are_drawn_in_parts_without_changing_their_number(monkeypatch):
    values = np.arange(30.0).reshape(10, 3)
    together = bootstrap.resampled_means(values, 100)
    monkeypatch.setattr(bootstrap, "_CHUNK", 90)
    assert together.shape == (100, 3)
    assert np.array_equal(bootstrap.resampled_means(values, 100), together)


def test_b_is_compared_with_a_by_name_whatever_the_order():
    a = [pair("a", 0.1, 5.0), pair("b", 0.4, 5.0), pair("c", 0.9, 5.0)]
    b = [pair("c", 0.8, 1.0), pair("a", 0.2, 9.0), pair("b", 0.6, 1.0)]
    found = compare(Report(a), Report(b))["cross"]
    assert found["ssim"].won == 2
    assert found["ssim"].difference == pytest.approx((0.1 + 0.2 - 0.1) / 3)
    assert found["ssim"].low < found["ssim"].difference < found["ssim"].high
    assert found["colors"].won == 2  # lower is better
    assert (found["colors"].a, found["colors"].b) == pytest.approx((5.0, 11 / 3))
    text = comparison_table({"cross": found})
    assert "+0.0667" in text
    assert "2 of 3" in text


def test_no_picture_is_better_or_worse_than_a_broken_one():
    found = compare(Report([pair("a", math.nan)]), Report([pair("a", 0.5)]))
    (row,) = (row.split() for row in comparison_table(found).splitlines() if "SSIM" in row)
    assert row == ["SSIM", "nan", "0.5000", "+nan", "[+nan,", "+nan]"]


def test_names_are_the_same_in_either_unicode_form():
    a, b = (
        [replace(pair("a", 0.1), name=unicodedata.normalize(form, "é"))] for form in ("NFC", "NFD")
    )
    assert compare(Report(a), Report(b))["cross"]["ssim"].pairs == 1
    require_rival(Report(a), ["cross"], [b[0].name], "drawing")


def test_only_settings_that_both_have_are_compared():
    cross = [pair("a", 0.1), pair("b", 0.2)]
    both = [*cross, pair("a", 0.3, setting="self")]
    assert list(compare(Report(cross), Report(both))) == ["cross"]
    with pytest.raises(InputError, match=r"a setting that both have, got cross and self"):
        compare(Report(cross), Report(both[2:]))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ([pair("a", 0.1)], r"the same drawings in both, got 2 and 1, and 1 that only one has: b\."),
        ([pair("a", 0.1), pair("c", 0.1)], r"and 2 that only one has: b, c\."),
        ([pair("a", 0.1), pair("b", 0.1, truth="u")], r"same photographs .* 1 of 2 drawings: b\."),
        ([pair("a", 0, reference="u"), pair("b", 0)], r"same references .* 1 of 2 drawings: a\."),
    ],
)
def test_other_images_are_refused(other, message):
    with pytest.raises(InputError, match=message):
        compare(Report([pair("a", 0.1), pair("b", 0.2)]), Report(other))


def test_reports_on_disk_are_compared_and_the_result_is_written(tmp_path):
    a = Report([pair("a", 0.1), pair("b", 0.2)])
    b = Report([pair("a", 0.4), pair("b", math.inf)])
    write_report(a, tmp_path, "a")
    write_report(b, tmp_path, "b")
    text = write_comparison(tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json")
    assert str(tmp_path / "b.json") in text
    content = json.loads((tmp_path / "c.json").read_text())
    found = content["settings"]["cross"]
    assert found["ssim"]["b"] is None  # JSON knows no infinity
    assert found["lines"] == {"pairs": 2, "a": 1.0, "b": 1.0, "low": 0.0, "high": 0.0, "won": 0}


def test_reports_without_a_score_in_common_are_one_sentence():
    a = Report([pair("a", 0.5)])
    b = Report([replace(one, scores={"psnr": 20.0}) for one in a.scores])
    with pytest.raises(
        InputError, match="expects a score that both have in the setting cross, got"
    ):
        compare(a, b)


def test_what_refers_to_other_drawings_is_not_compared(tmp_path):
    """As of a test, and of a score of the pictures that it wrote, with its drawings or without."""

    def report(**more):
        pairs = [pair(name, 0.5) for name in "ab"]
        more = {"sharpness": 1.0, "bleeding": 0.0, "ssim_sketch": 0.3} | more
        return Report([replace(one, scores=one.scores | more) for one in pairs])

    of_test = report()
    lines, sharp = "lines agree with the sketch (F1), ", "lines as sharp as the sketch's, "
    cases = (
        (report(lines_cleaned=1.0), f"not compared: {sharp}", {"lines", "lines_control"}),
        (report(ssim_sketch=0.4), f"not compared: {lines}", set()),
        (report(ssim_sketch=0.301), "wrote ", {"lines", "lines_control", "sharpness", "bleeding"}),
    )
    for number, (other, sentence, kept) in enumerate(cases):
        names = ("test", f"other{number}")
        paths = [
            write_report(each, tmp_path, name)[0]
            for each, name in zip((of_test, other), names, strict=True)
        ]
        said = write_comparison(*paths, tmp_path / "comparison.json")
        assert f"explains.\n{sentence}" in said
        assert compare(of_test, other)["cross"].keys() == {"ssim", "colors"} | kept
