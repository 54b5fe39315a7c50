"""SR and CR against their formula, LPIPS against torchmetrics', on weights that the test writes."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch.nn import functional
from torchmetrics import MetricCollection
from torchmetrics.functional.image import lpips as theirs

from flowcolor.errors import InputError
from flowcolor.metrics import (
    LPIPS,
    ContentRelevance,
    PerceptualDistance,
    StyleRelevance,
    lpips,
    lpips_activations,
    relevance,
    relevance_activations,
)
from flowcolor.pretrained.vgg import VGGActivations, empty_features

LOW, HIGH = {"relu1_2", "relu2_2"}, {"relu3_2", "relu4_2", "relu5_2"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Write VGG19 without its classifier."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for key, x in empty_features("vgg19").state_dict().items():
        scale = (2 / max(x[0].numel(), 9)) ** 0.5 if x.ndim == 4 else 0.1
        state[f"features.{key}"] = scale * torch.randn(x.shape, generator=generator)
    path = tmp_path_factory.mktemp("weights") / "vgg19.pth"
    torch.save(state, path)
    return path


def relevance_by_formula(a, b, path, layers):
    """Walk through VGG19 by its table of convolutions and compare in float64."""
    state, shift = torch.load(path), torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    x = (torch.stack([a, b]) - shift) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    cosines, position = [], 0
    for block, convolutions in enumerate([2, 2, 4, 4, 4], 1):
        for number in range(1, convolutions + 1):
            kernel, bias = (state[f"features.{position}.{part}"] for part in ("weight", "bias"))
            x = functional.relu(functional.conv2d(x, kernel, bias, padding=1))
            position += 2
            if f"relu{block}_{number}" in layers:
                u, v = x.flatten(1).double().numpy()
                cosines.append(u @ v / np.sqrt((u @ u) * (v @ v)))
        x, position = functional.max_pool2d(x, 2), position + 1
    assert len(cosines) == len(layers)
    return sum(cosines) / len(cosines)


def pair(count, size=20):
    truth = torch.rand(count, 3, size, size)
    share = torch.linspace(0.1, 0.8, count).view(-1, 1, 1, 1)
    return (1 - share) * truth + share * torch.rand(truth.shape), truth


@pytest.mark.parametrize(
    ("kind", "preset", "layers"),
    [
        (StyleRelevance, "thesis", HIGH),
        (StyleRelevance, "cocosnet", LOW),
        (ContentRelevance, "thesis", LOW),
        (ContentRelevance, "cocosnet", HIGH),
    ],
)
def test_relevance_is_its_formula_and_its_preset_is_named(weights, kind, preset, layers):
    result, other = pair(3, 32)
    metric = kind(preset, weights)
    values = metric.per_image(result, other)
    expected = [
        relevance_by_formula(a, b, weights, layers) for a, b in zip(result, other, strict=True)
    ]
    assert values.tolist() == pytest.approx(expected, rel=1e-4)
    assert max(expected) - min(expected) > 0.01
    metric.update(result[:2], other[:2])
    metric.update(result[2:], other[2:])
    name = {StyleRelevance: "sr", ContentRelevance: "cr"}[kind]
    assert metric.compute()[name].item() == pytest.approx(sum(expected) / 3, rel=1e-4)
    assert metric.note == f"preset {preset}: {', '.join(sorted(layers))} of vgg19"


def test_the_default_preset_is_the_thesis():
    assert StyleRelevance().preset == ContentRelevance().preset == "thesis"
    assert set(StyleRelevance().activations.layers) == HIGH


def test_relevance_of_equal_images_is_one_and_positions_matter():
    image = torch.rand(1, 3, 16, 16)
    activations = VGGActivations(["relu1_2"], "vgg19", random_weights=True)
    assert relevance(image, image, activations).item() == pytest.approx(1)
    assert relevance(image, image.flip(3), activations).item() < 0.99


def test_an_own_network_is_named(weights):
    activations = VGGActivations(["relu1_1"], "vgg19", weights)
    metric = ContentRelevance(activations=activations)
    assert metric.note == "preset own: relu1_1 of vgg19"
    result, other = pair(2)
    torch.testing.assert_close(
        metric.per_image(result, other), relevance(result, other, activations)
    )


@pytest.mark.parametrize(("network", "short"), [("alexnet", "alex"), ("vgg16", "vgg")])
def test_lpips_is_that_of_torchmetrics(network, short, monkeypatch):
    metric = LPIPS(network, random_weights=True)
    features = metric.activations.prepare()
    monkeypatch.setattr(theirs, "_get_tv_model_features", lambda name, pretrained: features)
    result, truth = pair(3, size=40)
    expected = theirs.learned_perceptual_image_patch_similarity(
        result, truth, net_type=short, normalize=True, reduction="none"
    )
    torch.testing.assert_close(metric.per_image(result, truth), expected, rtol=1e-4, atol=0)
    assert expected[0] < expected[1] < expected[2]
    metric.update(result, truth)
    assert metric.compute()["lpips"].item() == pytest.approx(expected.mean().item(), rel=1e-4)
    assert metric.per_image(truth, truth).tolist() == [0, 0, 0]


def test_lpips_looks_at_its_own_layers():
    activations = VGGActivations(["relu1_1"], "alexnet", random_weights=True)
    with pytest.raises(ValueError, match=r"lpips looks at relu1_1, .*, got relu1_1\."):
        lpips(*pair(1, 40), activations)


METRICS = [
    lambda **kwargs: LPIPS("alexnet", **kwargs),
    lambda **kwargs: StyleRelevance("cocosnet", **kwargs),
    lambda **kwargs: ContentRelevance("thesis", **kwargs),
]


@pytest.mark.parametrize("make", METRICS)
def test_weights_are_read_late_labelled_and_never_stored(make):
    metric = make(random_weights=True)
    assert metric.activations._network is None
    assert metric.random_weights
    assert metric.note.endswith("; random weights: comparable with no other number")
    result, other = pair(2, 31)
    other.requires_grad_()
    metric.update(result, other)
    assert metric.activations._network is not None
    metric.persistent(True)
    assert set(metric.state_dict()) == {"total", "count"}
    assert not list(metric.modules())[1:]
    value = metric.compute()[metric.name]
    assert 0 < value.item() < 2
    assert not metric.per_image(result, other).requires_grad
    again = pickle.loads(pickle.dumps(metric))
    assert again.activations._network is None
    assert torch.equal(again.per_image(result, other), metric.per_image(result, other))
    assert copy.deepcopy(metric).activations is metric.activations
    collection = MetricCollection([metric])
    assert metric.name in collection(result, other)


@pytest.mark.parametrize("make", METRICS)
def test_clamped_widened_and_untouched_by_autocast(make):
    metric = make(random_weights=True)
    result, other = pair(2, 31)
    wild = torch.where(result > 0.8, 3.0, result)
    expected = metric.per_image(wild.clamp(0, 1), other)
    assert torch.equal(metric.per_image(wild, other), expected)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(metric.per_image(wild, other), expected)
    assert metric.per_image(result.bfloat16(), other).dtype == torch.float32
    assert metric.per_image(result.double(), other).dtype == torch.float64
    each = [metric.per_image(result[i : i + 1], other[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(torch.cat(each), metric.per_image(result, other))


@pytest.mark.parametrize("make", METRICS)
def test_missing_weights_are_one_sentence(make, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    metric = make()
    assert "random" not in metric.note
    name = metric.activations.name
    with pytest.raises(InputError, match=rf"The {name} weights are missing .* as `{name}`\.$"):
        metric.prepare(download=False)
    given = make(path=tmp_path / "none.pth")
    with pytest.raises(InputError, match=rf"`{name}` must name a file .*none\.pth'"):
        given.update(*pair(1, 31))
    with pytest.raises(InputError, match="`random_weights` must be off"):
        make(path=tmp_path / "none.pth", random_weights=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: StyleRelevance("letter"), "`preset` must be one of thesis, cocosnet, got 'lett"),
        (lambda: relevance_activations("cr", "x"), "got 'x'"),
        (lambda: LPIPS("vgg"), "`network` must be one of alexnet, vgg16, got 'vgg'"),
        (lambda: lpips_activations("vgg19"), "got 'vgg19'"),
    ],
)
def test_unknown_names_are_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize(("make", "smallest"), list(zip(METRICS, [31, 16, 16], strict=True)))
def test_images_that_are_too_small_are_one_sentence(make, smallest):
    metric = make(random_weights=True)
    assert metric.per_image(*pair(1, smallest)).isfinite().all()
    with pytest.raises(ValueError, match=rf"least {smallest}, got \(1, 3, {smallest - 1}"):
        metric.per_image(*pair(1, smallest - 1))


@pytest.mark.parametrize("metric", [LPIPS, StyleRelevance, PerceptualDistance])
def test_a_batch_without_numbers_leaves_the_weights_where_they_are(metric):
    images, others = torch.rand(2, 2, 3, 32, 32)
    own = metric(random_weights=True)
    expected = own.per_image(images, others)
    assert own.per_image(images.to("meta"), others.to("meta")).shape == (2,)
    assert torch.equal(own.per_image(images, others), expected)
