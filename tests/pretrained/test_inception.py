"""Inception's features against torch-fidelity's, on the same random weights."""

import copy
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import (
    interpolate_bilinear_2d_like_tensorflow1x,
)

from flowcolor.errors import InputError
from flowcolor.metrics import (
    FrechetInceptionDistance,
    InceptionFeatures,
    KernelInceptionDistance,
)
from flowcolor.pretrained import whole_network
from flowcolor.pretrained.inception import _empty_network, resize_like_tensorflow
from flowcolor.pretrained.whole_network import randomize


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Write a file like the one that is published: a whole network, batch statistics included."""
    network = _empty_network()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        randomize(network)
        network.fc.reset_parameters()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1, generator=generator)
                module.running_var.uniform_(0.5, 2, generator=generator)
                module.weight.uniform_(0.5, 1.5, generator=generator)
                module.bias.normal_(0, 0.1, generator=generator)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    state = network.state_dict()
    torch.save({k: x for k, x in state.items() if "num_batches" not in k}, path)
    save_file(state, path.with_suffix(".safetensors"))
    return path


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_features_are_those_of_torch_fidelity(weights, suffix, monkeypatch):
    state = torch.load(weights)
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: state)
    theirs = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], "a path")
    monkeypatch.undo()
    ours = InceptionFeatures(weights.with_suffix(suffix))
    images = torch.randint(0, 256, (2, 3, 40, 70), dtype=torch.uint8)
    (expected,) = theirs(images)
    found = ours(images / 255)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert expected.std(0).mean() > 0.001


@pytest.mark.parametrize("size", [(299, 299), (256, 256), (7, 350), (600, 1)])
def test_images_are_resized_as_tensorflow_did(size):
    images = torch.randint(0, 256, (2, 3, *size)).float()
    expected = interpolate_bilinear_2d_like_tensorflow1x(
        images, size=(299, 299), align_corners=False, method="slow"
    )
    torch.testing.assert_close(resize_like_tensorflow(images, 299), expected, rtol=0, atol=1e-2)


@pytest.fixture(scope="module")
def network():
    """Build the network with random weights, the same every time."""
    features = InceptionFeatures(random_weights=True)
    features.prepare()
    return features


def test_images_are_what_a_file_of_bytes_would_hold(network):
    levels = torch.randint(0, 256, (1, 3, 20, 20)) / 255
    expected = network(levels)
    assert torch.equal(network(levels + 0.4 / 255), expected)
    assert torch.equal(network(levels - 0.4 / 255), expected)
    assert not torch.equal(network(levels + 0.6 / 255), expected)
    wild = torch.where(levels == levels.max(), 7.0, levels)
    assert torch.equal(network(wild), network(wild.clamp(0, 1)))
    assert network(levels * torch.nan).isnan().all()


def test_half_precision_and_autocast_do_not_touch_the_network(network):
    images = (torch.randint(0, 256, (1, 3, 20, 20)) / 255).double()
    expected = network(images.float())
    assert torch.equal(network(images), expected)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(network(images.float()), expected)
    assert not expected.requires_grad
    assert (expected >= 0).all()


def test_images_do_not_influence_each_other(network):
    images = torch.rand(3, 3, 20, 20)
    torch.testing.assert_close(network(images)[1:2], network(images[1:2]), rtol=1e-4, atol=1e-5)


def test_random_weights_are_the_same_everywhere_and_leave_other_generators_alone(network, caplog):
    before = torch.get_rng_state()
    again = InceptionFeatures(random_weights=True)
    images = torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = again(images)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(found, network(images))
    assert "Random inception weights: comparable with no other number" in caplog.text
    assert 0.1 < found.std() < 2


def test_copies_share_the_network_and_a_pickle_leaves_it_behind(network):
    assert copy.deepcopy(network).prepare() is network.prepare()
    dumped = pickle.dumps(network)
    assert len(dumped) < 1000
    assert pickle.loads(dumped)._network is None


@pytest.mark.parametrize("kind", [FrechetInceptionDistance, KernelInceptionDistance])
def test_the_metrics_build_it_at_the_first_update_and_do_not_store_it(kind):
    metric = kind(random_weights=True)
    network = metric._network[0]
    assert network._network is None
    for real in (True, False):
        metric.update(torch.rand(2, 3, 10, 10), real=real)
    assert network._network is not None
    assert metric.features(torch.rand(1, 3, 9, 9)).shape == (1, 2048)
    assert not list(metric.modules())[1:]
    metric.persistent(True)
    assert not any("network" in key or "Conv" in key for key in metric.state_dict())
    assert metric.random_weights
    assert metric.note == "random weights: comparable with no other number"
    pretrained = kind()
    assert not pretrained.random_weights
    assert pretrained.note == ""


def test_missing_weights_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    place = tmp_path / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth"
    for metric in (FrechetInceptionDistance(), KernelInceptionDistance()):
        with pytest.raises(InputError) as caught:
            metric.prepare(download=False)
        for needed in [str(place), "91 MB", "`inception`"]:
            assert needed in str(caught.value)
    with pytest.raises(InputError, match=r"`inception` must name a file .* got '.*none\.pth'"):
        FrechetInceptionDistance(tmp_path / "none.pth").update(torch.rand(1, 3, 9, 9), real=True)
    with pytest.raises(InputError, match="`random_weights` must be off"):
        KernelInceptionDistance("some.pth", random_weights=True)


@pytest.mark.parametrize("download", [True, False])
def test_a_download_happens_unless_it_is_switched_off(weights, monkeypatch, download):
    asked = {}

    def found(name, path, **options):
        asked.update(options, name=name, path=path)
        return weights

    monkeypatch.setattr(whole_network, "find_weights", found)
    FrechetInceptionDistance().prepare(**({} if download else {"download": False}))
    assert asked == {"name": "inception", "path": None, "download": download}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: x.pop("Mixed_7c.branch_pool.conv.weight"), r"conv\.weight` .*, got nothing"),
        (lambda x: x.update({"fc.weight": torch.zeros(1000, 2048)}), r"got \(1000, 2048\)"),
        (lambda x: x["Conv2d_1a_3x3.bn.bias"].fill_(torch.nan), r"finite weights, got others in"),
    ],
)
def test_other_weights_are_one_sentence(weights, tmp_path, spoil, message):
    state = torch.load(weights)
    spoil(state)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(InputError, match=message):
        InceptionFeatures(tmp_path / "other.pth").prepare()


def test_impossible_images_are_one_sentence(network):
    with pytest.raises(ValueError, match=r"\(batch, 3, height, width\), got \(1, 1, 8, 8\)"):
        network(torch.rand(1, 1, 8, 8))
