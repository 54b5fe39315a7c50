"""PD against torchvision's own network, on weights that the test writes."""

import copy
import pickle

import pytest
import torch
from torchvision.models import GoogLeNet, GoogLeNet_Weights

from flowcolor.errors import InputError
from flowcolor.metrics import PerceptualDistance, perceptual_distance
from flowcolor.pretrained.googlenet import GoogLeNetFeatures
from flowcolor.pretrained.whole_network import randomize


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Write a file like the one that is published: with two classifiers that nobody asks."""
    network = GoogLeNet(aux_logits=True, init_weights=False)
    with torch.no_grad():
        randomize(network)
    path = tmp_path_factory.mktemp("weights") / "googlenet.pth"
    torch.save(network.state_dict(), path)
    return path


def test_features_are_those_of_torchvision_with_its_own_preparation(weights):
    theirs = GoogLeNet(aux_logits=True, init_weights=False, transform_input=True)
    theirs.load_state_dict(torch.load(weights))
    theirs.fc = torch.nn.Identity()
    prepared = GoogLeNet_Weights.IMAGENET1K_V1.transforms(crop_size=224, resize_size=224)
    images = torch.rand(2, 3, 300, 300)  # Larger than 224: what comes between has to be averaged.
    with torch.no_grad():
        expected = theirs.eval()(prepared(images))
    found = GoogLeNetFeatures(weights)(images)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    assert expected.std() > 0.01


def test_the_distance_is_euclidean_symmetric_and_zero_of_equal_pictures(weights):
    one, other = torch.rand(2, 1, 3, 32, 32)
    features = GoogLeNetFeatures(weights)
    apart = (features(one) - features(other)).double().square().sum(1).sqrt()
    a, b = torch.cat([one, other, one]), torch.cat([other, one, one])
    expected = torch.cat([apart, apart, torch.zeros(1)])
    found = perceptual_distance(a, b, features)
    assert found.tolist() == pytest.approx(expected.tolist(), rel=1e-4, abs=1e-4)
    metric = PerceptualDistance(weights)
    metric.update(a[:1], b[:1], found[:1])
    metric.update(a[1:], b[1:], found[1:])
    assert float(metric.compute()["pd"]) == pytest.approx(float(expected.mean()), rel=1e-4)
    assert metric.note == (
        "1024 pooled features of torchvision's googlenet (Inception v1) at 224x224"
    )
    assert "random weights" in PerceptualDistance(random_weights=True).note


def test_weights_enter_no_checkpoint_and_copies_share_them(weights):
    metric = PerceptualDistance(weights)
    metric.prepare()
    assert not list(metric.parameters())
    assert copy.deepcopy(metric.features) is metric.features
    assert pickle.loads(pickle.dumps(metric.features))._network is None


def test_missing_and_wrong_files_are_one_sentence(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(InputError, match=r"googlenet weights are missing .* put googlenet-1378be2"):
        PerceptualDistance().prepare(download=False)
    with pytest.raises(InputError, match="`random_weights` must be off if googlenet weights"):
        PerceptualDistance(weights, random_weights=True)
    state = torch.load(weights)
    del state["inception5b.branch1.conv.weight"]
    torch.save(state, tmp_path / "part.pth")
    with pytest.raises(
        InputError, match=r"inception5b\.branch1.* of torchvision's googlenet, got no"
    ):
        PerceptualDistance(tmp_path / "part.pth").prepare()
