import copy

import numpy as np
import pytest
import torch

from flowcolor.data import GradientLines
from flowcolor.evaluation.report import Report, follows_color
from flowcolor.evaluation.scores import PairScore, checksum, gather, score_batch, tinted
from flowcolor.evaluation.table import table
from flowcolor.metrics import color_wasserstein, mean_color, mean_color_distance, psnr, ssim
from tests.training.helpers import Threshold


def test_a_tinted_sketch_is_the_sketch_times_the_mean_colour():
    sketch, reference = torch.rand(2, 2, 3, 4, 4)
    mean = reference.numpy().reshape(2, 3, 16).mean(axis=2)
    expected = sketch.numpy() * mean[:, :, None, None]
    assert np.allclose(tinted(sketch, reference).numpy(), expected, atol=1e-6)


def test_a_perfect_result_beats_the_baselines_and_follows_the_sketch():
    truth = 0.6 + 0.3 * torch.rand(4, 3, 1, 1).expand(4, 3, 32, 32)
    truth[:, :, 8:12, 4:28] = 0.0
    reference = truth.flip(0).transpose(2, 3)
    sketch = torch.stack([Threshold()(image, (32, 32)) for image in truth]).expand(-1, 3, -1, -1)
    batch = {"content": sketch, "reference": reference, "truth": truth}
    batch |= {"index": torch.arange(4), "name": list("abcd")}
    for score in score_batch("self", batch, truth * 0.99, Threshold()):
        for name in ("ssim", "psnr"):
            trivial = score.scores[f"{name}_sketch"], score.scores[f"{name}_tint"]
            assert score.scores[name] > max(trivial)
        assert score.scores["lines"] == pytest.approx(1.0)
        assert score.scores["lines_control"] < 0.9


def test_a_filter_that_writes_to_what_it_is_given_leaves_the_batch_alone():
    def write(photo, size, mask):
        photo.zero_()
        return photo[:1]

    batch = dict(zip(("content", "reference", "truth"), torch.rand(3, 2, 3, 16, 16), strict=True))
    batch |= {"index": torch.arange(2), "name": list("ab")}
    before = copy.deepcopy(batch)
    score_batch("self", batch, batch["truth"], write)
    assert all(torch.equal(batch[name], before[name]) for name in ("reference", "truth"))


def test_each_score_is_that_of_its_metric_on_the_right_images():
    sketch, reference, truth, result = torch.rand(4, 3, 3, 24, 24)
    batch = {"content": sketch, "reference": reference, "truth": truth, "name": list("abc")}
    batch |= {"index": torch.tensor([4, 7, 9]), "reference_name": list("xyz")}
    further = {"sr": torch.tensor([0.1, 0.2, 0.3])}
    scores = score_batch("cross", batch, result, Threshold(), further)
    expected = {
        "ssim": ssim(result, truth),
        "psnr": psnr(result, truth),
        "psnr_sketch": psnr(sketch, truth),
        "psnr_tint": psnr(sketch * reference.mean((2, 3), keepdim=True), truth),
        "colors": color_wasserstein(result, reference),
        "mean_color": mean_color_distance(result, reference),
        "sr": further["sr"],
    }
    for i, score in enumerate(scores):
        assert (score.index, score.name, score.reference) == ([4, 7, 9][i], "abc"[i], "xyz"[i])
        for name, values in expected.items():
            assert score.scores[name] == pytest.approx(float(values[i]), rel=1e-5)
        assert score.color == pytest.approx(mean_color(result)[i].tolist())
        assert "ms_ssim" not in score.scores


def test_a_result_that_is_its_photograph_leaves_means_finite():
    truth = torch.rand(3, 3, 16, 16)
    result = torch.stack([truth[0], truth[1] + 1e-7, truth[2] / 2])
    batch = {"content": truth, "reference": truth, "truth": truth, "name": list("abc")}
    scores = score_batch("self", batch | {"index": torch.arange(3)}, result, None)
    found = [score.scores["psnr"] for score in scores]
    assert found[:2] == [60.0, 60.0]
    assert found[2] == pytest.approx(float(psnr(result, truth)[2]))
    assert Report(scores).summary["self"]["psnr"] == pytest.approx(40 + found[2] / 3)


@pytest.mark.filterwarnings("error")
def test_a_result_that_is_not_finite_has_no_lines():
    """What this filter draws of NaN was a blank page, on which the sketch of one agrees."""
    images = torch.ones(2, 3, 24, 24)
    result = images.clone()
    result[0, :, 4, 5] = torch.nan
    batch = {"content": images, "reference": images, "truth": images, "name": list("ab")}
    scores = score_batch("cross", batch | {"index": torch.arange(2)}, result, GradientLines())
    for name in ("lines", "lines_control"):
        assert [score.scores[name] for score in scores] == pytest.approx([np.nan, 1], nan_ok=True)


@pytest.mark.filterwarnings("error")
def test_a_result_that_is_not_finite_does_not_lack_its_regions_and_hints():
    """Means over the others alone would praise who breaks the hard ones."""
    images = torch.rand(3, 3, 24, 24)
    labels = torch.full((3, 24, 24), 2)
    labels[:2, :6] = 5  # The third has no lips.
    hints = torch.zeros(3, 1, 24, 24)
    hints[:2, :, 3, 3] = 1
    batch = {"content": images, "reference": images, "truth": images, "name": list("abc")}
    batch |= {"index": torch.arange(3), "labels": labels, "reference_labels": labels}
    batch |= {"hint_colors": images, "hint_mask": hints}
    result = images.clone()
    result[1:, :, 3, 3] = torch.nan  # On a hint, and in the lips.
    first, second, third = (score.scores for score in score_batch("cross", batch, result, None))
    assert first.keys() == second.keys()
    assert first.keys() - third.keys() == {"region_lips", "hint_error"}
    for name in ("region_lips", "region_colors", "hint_error"):
        assert first[name] == 0
        assert np.isnan(second[name])
    assert np.isnan(third["region_skin"])
    assert "region_background" not in first
    mean = Report(score_batch("cross", batch, result, None)).summary["cross"]
    assert np.isnan(mean["region_lips"])


def test_five_scales_are_compared_where_they_fit():
    images = torch.rand(1, 3, 176, 176)
    batch = {"content": images, "reference": images, "truth": images, "name": ["a"]}
    (score,) = score_batch("self", batch | {"index": torch.arange(1)}, images, Threshold())
    assert score.scores["ms_ssim"] == pytest.approx(1.0)


def test_a_checksum_tells_images_apart_that_differ_in_a_byte_or_in_shape():
    image = torch.zeros(3, 4, 6)
    other = image.clone()
    other[2, 3, 5] = 1 / 255
    assert len({checksum(image), checksum(other), checksum(image.reshape(3, 6, 4))}) == 3
    assert checksum(image) == checksum(image + 0.1 / 255)


def test_the_control_is_the_reference_s_own_sketch_where_it_has_one():
    truth = torch.ones(1, 3, 32, 32)
    truth[:, :, 8:12, 4:28] = 0.0
    own = truth.transpose(2, 3)
    batch = {"content": truth, "reference": torch.ones_like(truth), "truth": truth}
    batch |= {"index": torch.arange(1), "name": ["a"], "reference_content": own}
    (followed,) = score_batch("cross", batch, truth, Threshold())
    (copied,) = score_batch("cross", batch, own, Threshold())
    assert (followed.scores["lines"], copied.scores["lines_control"]) == pytest.approx((1, 1))
    assert max(followed.scores["lines_control"], copied.scores["lines"]) < 0.9


def test_a_function_that_expects_a_mask_draws_the_lines_too():
    def ink(photo, size, mask):
        assert mask is None
        return Threshold()(photo, size)

    sketch, reference, truth, result = torch.rand(4, 2, 3, 24, 24)
    batch = {"content": sketch, "reference": reference, "truth": truth, "name": list("ab")}
    batch |= {"index": torch.arange(2)}
    one, other = (score_batch("self", batch, result, draw) for draw in (ink, Threshold()))
    assert [score.scores for score in one] == [score.scores for score in other]


def pair(setting, index, *, lines=0.0, control=0.0, color=(0.0,) * 3, reference=(0.0,) * 3):
    scores = {"ssim": 0.5 + index, "ssim_sketch": 0.1, "ssim_tint": 0.2}
    scores |= {"lines": lines, "lines_control": control}
    names = str(index), ""
    return PairScore(setting, index, *names, {}, scores, list(color), list(reference))


def test_colours_follow_their_own_reference_and_not_the_average_of_the_others():
    red, green, blue = (90.0, 0.0, 0.0), (0.0, 90.0, 0.0), (0.0, 0.0, 90.0)
    scores = [
        pair("cross", 0, color=(70.0, 10.0, 10.0), reference=red),
        pair("cross", 1, color=(40.0, 5.0, 45.0), reference=green),  # the average of red and blue
        pair("cross", 2, color=blue, reference=blue),
    ]
    assert follows_color(scores) == [True, False, True]
    assert follows_color(scores[:1]) == [False]


def test_the_summary_counts_and_averages():
    own = [pair("self", 0), pair("self", 1)]
    cross = [pair("cross", i, lines=0.5, control=0.1 * i) for i in range(10)]
    report = Report(own + cross, {"cross": {"fid": 12.5}}, {"fid": "of a toy"}, {"sr": "no file"})
    assert report.summary["self"] == pytest.approx(
        {
            "pairs": 2,
            "ssim": 1.0,
            "ssim_sketch": 0.1,
            "ssim_tint": 0.2,
            "lines": 0.0,
            "lines_control": 0.0,
            "lines_follow_sketch": 0,
            "colors_follow_reference": 0,
        }
    )
    assert report.summary["cross"]["lines_follow_sketch"] == 5  # equal is not better
    assert report.summary["cross"]["fid"] == 12.5


def test_the_table_names_settings_counts_weights_and_what_is_missing():
    cross = [pair("cross", i, lines=0.5, control=0.1 * i) for i in range(10)]
    missing = {"sr": "weights V not found", "cr": "weights V not found", "ms_ssim": "too small"}
    report = Report(
        cross, {"cross": {"fid": 12.5}}, {"fid": "of a toy"}, missing, {}, {"flat": 1e-6}
    )
    rows = table(report).splitlines()
    assert rows[0] == "cross-reference (the photograph of somebody else), N = 10"
    assert rows[1].split() == ["SSIM"]
    assert rows[2].split() == ["result", "5.0000"]
    assert ["FID", "12.50"] in [row.split() for row in rows]
    assert any(row.endswith("5 of 10") and "lines follow" in row for row in rows)
    assert rows[-4:] == [
        "FID: of a toy",
        "not computed: SR, CR: weights V not found",
        "not computed: MS-SSIM: too small",
        "round trip, largest error: flat 1.0e-06",
    ]


def test_a_pair_that_two_processes_scored_counts_once_and_order_does_not_matter():
    scores = [pair("self", 1), pair("self", 0), pair("self", 1), pair("cross", 0)]
    assert [(s.setting, s.index) for s in gather(scores)] == [
        ("cross", 0),
        ("self", 0),
        ("self", 1),
    ]
