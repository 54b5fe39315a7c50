import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from torch.nn import functional

from flowcolor.training.report import follows_color, gather, summarise, table
from flowcolor.training.scores import PairScore, psnr, score_batch, ssim, tinted
from tests.training.helpers import Threshold


def structural_similarity(a, b):
    """SSIM by its formula: Gaussian windows of 11 pixels, sigma 1.5, borders reflected."""
    distance = torch.arange(-5, 6, dtype=torch.float64)
    bell = torch.exp(-(distance**2) / (2 * 1.5**2))
    window = torch.outer(bell, bell) / bell.sum() ** 2

    def mean(x):
        x = functional.pad(x[:, None], (5, 5, 5, 5), mode="reflect")
        return functional.conv2d(x, window[None, None])

    a, b = a.double(), b.double()
    mu, nu = mean(a), mean(b)
    var_a, var_b, cov = mean(a * a) - mu**2, mean(b * b) - nu**2, mean(a * b) - mu * nu
    c1, c2 = 0.01**2, 0.03**2
    return (
        ((2 * mu * nu + c1) * (2 * cov + c2)) / ((mu**2 + nu**2 + c1) * (var_a + var_b + c2))
    ).mean()


def test_ssim_and_psnr_of_each_image_agree_with_their_formulas():
    result, truth = torch.rand(2, 3, 3, 16, 16)
    for i in range(3):
        expected = float(structural_similarity(result[i], truth[i]))
        assert float(ssim(result, truth)[i]) == pytest.approx(expected, abs=1e-5)
        value = peak_signal_noise_ratio(truth[i].numpy(), result[i].numpy(), data_range=1.0)
        assert float(psnr(result, truth)[i]) == pytest.approx(value, rel=1e-5)


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
    batch = {"sketch": sketch, "reference": reference, "truth": truth}
    batch |= {"index": torch.arange(4), "name": list("abcd")}
    for score in score_batch("self", batch, truth * 0.99, Threshold()):
        assert score.ssim["result"] > max(score.ssim["sketch"], score.ssim["tint"])
        assert score.psnr["result"] > max(score.psnr["sketch"], score.psnr["tint"])
        assert score.lines == pytest.approx(1.0)
        assert score.control < 0.9


def test_the_control_is_the_reference_s_own_sketch_where_it_has_one():
    truth = torch.ones(1, 3, 32, 32)
    truth[:, :, 8:12, 4:28] = 0.0
    own = truth.transpose(2, 3)
    batch = {"sketch": truth, "reference": torch.ones_like(truth), "truth": truth}
    batch |= {"index": torch.arange(1), "name": ["a"], "reference_sketch": own}
    (followed,) = score_batch("cross", batch, truth, Threshold())
    (copied,) = score_batch("cross", batch, own, Threshold())
    assert (followed.lines, copied.control) == (pytest.approx(1.0), pytest.approx(1.0))
    assert max(followed.control, copied.lines) < 0.9


def pair(setting, index, *, lines=0.0, control=0.0, color=(0.0,) * 3, reference=(0.0,) * 3):
    scores = {"result": 0.5 + index, "sketch": 0.1, "tint": 0.2}
    colors = list(color), list(reference)
    return PairScore(setting, index, str(index), scores, scores, lines, control, *colors)


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
    summary = summarise(own + cross)
    assert summary["self"]["ssim"] == pytest.approx({"result": 1.0, "sketch": 0.1, "tint": 0.2})
    assert summary["cross"]["lines_follow_sketch"] == 5  # equal is not better
    text = table(summary, {"flat": 1e-6})
    assert "5 of 10" in text
    assert "flat 1.0e-06" in text
    assert not any(math.isnan(v) for v in summary["self"]["psnr"].values())


def test_a_pair_that_two_processes_scored_counts_once_and_order_does_not_matter():
    scores = [pair("self", 1), pair("self", 0), pair("self", 1), pair("cross", 0)]
    assert [(s.setting, s.index) for s in gather(scores)] == [
        ("cross", 0),
        ("self", 0),
        ("self", 1),
    ]
