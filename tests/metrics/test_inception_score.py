"""The inception score against torchmetrics, and where it is known without computing."""

import math

import pytest
import torch
from torch import nn
from torchmetrics.image import inception as theirs

from flowcolor.metrics import FrechetInceptionDistance, InceptionScore, inception_score


def logits_of(count, classes=7, seed=0):
    return 2 * torch.randn(count, classes, generator=torch.Generator().manual_seed(seed))


class Given(nn.Module):
    """Stands for Inception: the pictures are the logits."""

    num_features = 7

    def forward(self, images):
        return images.double()


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore` will save all extracted features")
@pytest.mark.parametrize("splits", [2, 4, 10])
def test_it_is_that_of_torchmetrics_on_the_same_parts(splits, monkeypatch):
    logits = logits_of(40)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(3))
    monkeypatch.setattr(torch, "randperm", lambda *_, **__: order)
    metric = theirs.InceptionScore(Given(), splits=splits)
    metric.update(logits)
    expected, deviation = metric.compute()
    found, spread = inception_score(logits, splits)
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    assert float(spread) == pytest.approx(float(deviation), rel=1e-6)


def test_equal_pictures_score_one_and_surely_different_classes_their_number():
    assert [float(x) for x in inception_score(logits_of(1).expand(50, -1))] == pytest.approx([1, 0])
    sure = 200 * torch.eye(5).repeat(8, 1)
    assert float(inception_score(sure, splits=1)[0]) == pytest.approx(5)
    impossible = sure.where(sure > 0, -torch.inf)  # As sure as can be: probability 0.
    assert float(inception_score(impossible, splits=1)[0]) == pytest.approx(5)


def test_parts_bound_the_score_and_few_pictures_make_few_parts():
    sure = 200 * torch.eye(20)
    assert float(inception_score(sure, splits=10)[0]) == pytest.approx(2)
    assert float(inception_score(sure[:3], splits=10)[0]) == pytest.approx(1)
    assert math.isnan(inception_score(sure[:0])[0])


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
def test_photographs_are_passed_over_and_batches_do_not_matter():
    logits = logits_of(23)
    metric = InceptionScore(features=lambda images: images.mean((2, 3)), dimensions=7)
    assert math.isnan(metric.compute()["is"])
    metric.reset()
    for batch in logits.split(5):
        metric.update(batch[:, :, None, None], real=False)
        metric.update(batch[:, :, None, None] + 1, real=True)
    found = metric.compute()
    assert (int(found["is_n"]), float(found["is"])) == (
        23,
        pytest.approx(float(inception_score(logits)[0])),
    )
    assert "10 splits of N images, at most N / 10" in metric.note


def test_the_network_of_fid_is_shared_and_its_classes_have_no_bias():
    fid = FrechetInceptionDistance(random_weights=True)
    network = fid.network
    inner = network.prepare()
    metric = InceptionScore(features=fid.network)
    images = torch.rand(2, 3, 8, 8)
    features = fid.features(images)
    metric.update(images, real=False, features=features)
    assert network.prepare() is inner
    assert "random weights" in metric.note
    torch.testing.assert_close(metric.logits[0].view(2, 1008), network.logits(features))
    assert network.logits(torch.zeros(1, 2048)).abs().max() == 0  # A bias would show.
    assert network.logits(features).std() > 0.01
