"""Scores through networks: computed where the weights are, named where they are not."""

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.evaluation import network_scores as module
from flowcolor.evaluation.network_scores import Networks, NetworkScores
from flowcolor.metrics import (
    FrechetInceptionDistance,
    KernelInceptionDistance,
    inception_score,
)
from flowcolor.pretrained.vgg import VGGActivations


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))


def toy(images):
    return images.mean((2, 3))


@pytest.fixture
def toy_sets(monkeypatch):
    for name, kind in (
        ("FrechetInceptionDistance", FrechetInceptionDistance),
        ("KernelInceptionDistance", KernelInceptionDistance),
    ):
        metric = lambda path, kind=kind, **_: kind(features=toy, dimensions=3)  # noqa: E731
        monkeypatch.setattr(module, name, metric)


def test_what_has_no_weights_is_named_and_not_computed():
    scores = NetworkScores(Networks(), side=64)
    for name, file in (
        ("sr", "vgg19-"),
        ("cr", "vgg19-"),
        ("lpips", "alexnet-"),
        ("fid", "incep"),
        ("is", "incep"),
        ("pd", "googlenet-"),
    ):
        assert file in scores.missing[name]
        assert scores.missing[name].startswith("put ")
        assert "see `flowcolor weights`" in scores.missing[name]
    batch = dict.fromkeys(("truth", "reference"), torch.rand(2, 3, 64, 64))
    assert scores.add("self", batch, torch.rand(2, 3, 64, 64)) == {}
    assert (scores.compute(), scores.notes) == ({}, {})


def test_small_images_leave_out_what_they_are_too_small_for():
    missing = NetworkScores(Networks(random_weights=True), side=8).missing
    assert missing["lpips"] == "needs images of at least 31 pixels a side"
    assert missing["pd"] == "needs images of at least 32 pixels a side"
    assert missing["sr"] == missing["cr"] == "needs images of at least 16 pixels a side"
    assert missing["ms_ssim"] == "needs images of at least 176 pixels a side"
    assert "ms_ssim" not in NetworkScores(Networks(), side=176).missing


@pytest.mark.parametrize("name", ["vgg19", "alexnet", "inception", "googlenet"])
@pytest.mark.parametrize("side", [8, 256])
def test_a_named_file_that_is_missing_is_an_error(name, side, tmp_path):
    with pytest.raises(InputError, match=rf"{name}.*gone\.pth"):
        NetworkScores(Networks(**{name: tmp_path / "gone.pth"}), side=side)


def test_relevance_looks_at_the_right_images_and_names_its_preset(tmp_path, toy_sets):
    network = VGGActivations(("relu5_2",), "vgg19", random_weights=True)
    network.prepare()
    states = {"random_weights": True, "preset": "cocosnet"}
    scores = NetworkScores(Networks(**states), side=16)
    truth, reference = torch.rand(2, 2, 3, 16, 16)
    batch = {"truth": truth, "reference": reference}
    same_as_truth = scores.add("self", batch, truth)
    same_as_reference = scores.add("self", batch, reference)
    assert same_as_truth["cr"].tolist() == pytest.approx([1, 1])
    assert same_as_reference["sr"].tolist() == pytest.approx([1, 1])
    assert max(*same_as_truth["sr"].tolist(), *same_as_reference["cr"].tolist()) < 0.99999
    assert "preset cocosnet" in scores.notes["sr"]
    assert "random weights" in scores.notes["cr"]


def test_results_are_compared_with_references_across_and_with_truths_otherwise(toy_sets):
    scores = NetworkScores(Networks(random_weights=True), side=8)
    assert not scores.images
    truth, reference, result = torch.rand(3, 9, 3, 8, 8)
    batch = {"truth": truth, "reference": reference}
    for setting in ("self", "cross"):
        for part in (slice(0, 4), slice(4, 9)):
            scores.add(setting, {k: v[part] for k, v in batch.items()}, result[part])
    found = scores.compute()
    for setting, real in (("self", truth), ("cross", reference)):
        fid = FrechetInceptionDistance(features=toy, dimensions=3)
        kid = KernelInceptionDistance(features=toy, dimensions=3)
        for metric in (fid, kid):
            metric.update(real, real=True)
            metric.update(result, real=False)
        assert found[setting]["fid"] == pytest.approx(float(fid.compute()["fid"]), rel=1e-6)
        assert found[setting]["kid"] == pytest.approx(float(kid.compute()["kid"]), rel=1e-6)
        assert found[setting]["fid_n"] == found[setting]["is_n"] == 9
        assert found[setting]["is"] == pytest.approx(float(inception_score(toy(result))[0]))
