"""The loss against its formula, and a VGG16 that stays out of everybody's way."""

import copy
import json
import pickle

import numpy as np
import pytest
import torch
from jsonargparse import auto_cli
from safetensors.torch import save_file
from skimage.color import rgb2ycbcr
from skimage.metrics import structural_similarity
from torch import nn
from torch.nn.functional import l1_loss, pad
from torchvision.models.vgg import cfgs, make_layers
from torchvision.transforms.functional import normalize

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, PerceptualLoss, perceptual
from flowcolor.losses.vgg_distance import vgg_distance
from flowcolor.pretrained import vgg
from flowcolor.pretrained.vgg import VGGActivations


@pytest.fixture(scope="module")
def network():
    """Build torchvision's own VGG16 features, with weights of our random network."""
    ours = PerceptualLoss(random_weights=True).activations.prepare()
    features = make_layers(cfgs["D"]).eval().requires_grad_(False)
    features.load_state_dict(ours.state_dict())
    return features


@pytest.fixture
def pair():
    return torch.rand(2, 3, 3, 32, 16, dtype=torch.float64)


def direct(network, result, truth):
    """Evaluate eq. 3.23 literally, in float64."""
    network = copy.deepcopy(network).double()
    total = 0
    x, y = (normalize(i, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) for i in (result, truth))
    for part in (network[:4], network[4:9], network[9:16], network[16:23], network[23:30]):
        x, y = part(x), part(y)
        total = total + ((x - y) ** 2).mean()
        x, y = x.clone(), y.clone()
    return total


@pytest.fixture(scope="module")
def loss():
    return PerceptualLoss(random_weights=True)


@pytest.mark.parametrize("chunk", [None, 1, 2, np.int64(7)])
def test_perceptual_value_and_gradients_are_those_of_the_formula(network, loss, pair, chunk):
    ours, theirs = ([x.clone().requires_grad_() for x in pair] for _ in range(2))
    loss.chunk = chunk
    value, truth = loss(*ours), direct(network, *theirs)
    torch.testing.assert_close(value, truth, rtol=1e-12, atol=0)
    (3 * value).backward()
    (3 * truth).backward()
    for x, y in zip(ours, theirs, strict=True):
        torch.testing.assert_close(x.grad, y.grad, rtol=1e-9, atol=1e-16)


def test_only_the_result_asks_for_a_gradient(network, loss, pair):
    """As in training; and without gradients the value is the same."""
    result, truth = pair
    expected = direct(network, result, truth)
    result.requires_grad_()
    value = loss(result, truth)
    with torch.no_grad():
        blind = loss(result, truth)
    (gradient,) = torch.autograd.grad(direct(network, result, truth), result)
    value.backward()
    torch.testing.assert_close(result.grad, gradient, rtol=1e-9, atol=1e-16)
    for found in (value, blind):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    assert not blind.requires_grad
    assert truth.grad is None


def test_at_most_one_chunk_is_alive_and_nothing_is_evaluated_twice(loss, pair):
    loss.chunk = 2
    batches = []
    result = pair[0].requires_grad_()
    first = loss.activations.prepare()[0]
    with first.register_forward_hook(lambda module, inputs, output: batches.append(len(output))):
        value = loss(result, pair[1])
        kept = [None if x is None else x.shape for x in value.grad_fn.saved_tensors]
        value.backward()
    assert kept == [result.shape, None, (0,)]
    assert batches == [2, 2, 1, 1]


def test_validation_does_not_pay_for_gradients(loss, pair, monkeypatch):
    wanted = []

    def measure(*args, want_gradient):
        wanted.append(want_gradient)
        return vgg_distance(*args, want_gradient=want_gradient)

    monkeypatch.setattr(perceptual, "vgg_distance", measure)
    result = pair[0].requires_grad_()
    loss(result, pair[1])
    assert all(wanted)
    wanted.clear()
    with torch.no_grad():
        loss(result, pair[1])
    assert wanted
    assert not any(wanted)


def test_the_gradient_of_the_gradient_is_refused(loss, pair):
    result = pair[0].requires_grad_()
    (gradient,) = torch.autograd.grad(loss(result, pair[1]).square(), result, create_graph=True)
    message = r"^PerceptualLoss expects to be differentiated once, got a second derivative\.$"
    with pytest.raises(RuntimeError, match=message):
        gradient.sum().backward()
    with pytest.raises(RuntimeError, match=message):  # Not zeros, as of constants.
        torch.autograd.functional.hvp(lambda x: loss(x, pair[1]), pair[0].detach(), pair[1])


def test_layers_are_named_as_in_torchvisions_numbering():
    names = vgg._relu_names(vgg.empty_features("vgg16"))
    assert [names[layer] for layer in PerceptualLoss().activations.layers] == [3, 8, 15, 22, 29]
    names = vgg._relu_names(vgg.empty_features("vgg19"))
    layers = ["relu1_2", "relu2_2", "relu3_2", "relu4_2", "relu5_2"]
    # The thesis counts VGG19 from one: 4, 9, 14, 23, 32.
    assert [names[layer] + 1 for layer in layers] == [4, 9, 14, 23, 32]


def test_vgg_is_nobodys_parameter_and_in_nobodys_checkpoint(pair):
    loss = ColorizationLoss(random_weights=True)
    loss(*pair.float())
    assert list(loss.parameters()) == list(loss.buffers()) == []
    assert loss.state_dict() == {}
    assert [type(module) for module in loss.modules()] == [ColorizationLoss, PerceptualLoss]
    network = loss.perceptual.activations.prepare()
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    loss.train()
    assert not network.training


def test_copies_share_the_network_and_pickles_leave_it_behind(pair):
    loss = ColorizationLoss(random_weights=True)
    value = loss(*pair.float())["loss"]
    twin, packed = copy.deepcopy(loss), pickle.dumps(loss)
    assert twin.perceptual.activations.prepare() is loss.perceptual.activations.prepare()
    assert len(packed) < 10_000
    torch.testing.assert_close(pickle.loads(packed)(*pair.float())["loss"], value)


def test_random_weights_are_the_same_everywhere_and_use_no_random_numbers_of_others():
    before = torch.random.get_rng_state()
    first = PerceptualLoss(random_weights=True).activations.prepare()[0].weight
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(1)
    second = PerceptualLoss(random_weights=True).activations.prepare()[0].weight
    assert torch.equal(first, second)


def test_random_weights_are_announced(caplog):
    PerceptualLoss(random_weights=True).prepare()
    assert "comparable with no other number" in caplog.text
    assert "random" in repr(PerceptualLoss(random_weights=True))


def test_a_first_call_in_inference_mode_does_not_spoil_training(pair):
    loss = PerceptualLoss(random_weights=True)
    with torch.inference_mode():
        loss(*pair.float())
        loss(*pair)
    result = pair[0].requires_grad_()
    loss(result, pair[1]).backward()
    assert result.grad.abs().sum() > 0


@pytest.mark.parametrize("kind", ["features.safetensors", "features.pth", "whole.pth"])
def test_weights_are_read_from_whole_networks_and_from_features_alone(
    network, loss, pair, tmp_path, kind
):
    tensors = network.state_dict()
    if kind == "whole.pth":
        tensors = {f"features.{key}": value for key, value in tensors.items()}
        tensors["classifier.0.weight"] = torch.zeros(3)
    (save_file if kind.endswith("safetensors") else torch.save)(tensors, tmp_path / kind)
    loaded = PerceptualLoss(tmp_path / kind)
    torch.testing.assert_close(loaded(*pair), loss(*pair), rtol=1e-12, atol=0)


def test_foreign_and_damaged_weights_are_one_sentence(network, tmp_path):
    tensors = network.state_dict()
    path = tmp_path / "vgg.pth"
    for key, value, message in [
        ("28.weight", None, r"`features\.28\.weight` \(512, 512, 3, 3\), got nothing\.$"),
        ("0.weight", torch.zeros(64, 1, 3, 3), r"\(64, 3, 3, 3\), got \(64, 1, 3, 3\)\.$"),
        ("2.bias", torch.full((64,), torch.nan), r"finite weights, got .*`features\.2\.bias`\.$"),
    ]:
        spoilt = {**tensors, key: value}
        torch.save({k: v for k, v in spoilt.items() if v is not None}, path)
        with pytest.raises(InputError, match=message):
            ColorizationLoss(vgg16=path).prepare()


def test_missing_weights_fail_at_prepare_and_never_turn_into_random_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    for call in [
        ColorizationLoss().prepare,
        lambda: ColorizationLoss()(*torch.rand(2, 1, 3, 16, 16)),
    ]:
        with pytest.raises(InputError, match=r"vgg16-397923af\.pth \(528 MB, .*`vgg16`\.$"):
            call()
    with pytest.raises(InputError, match="`vgg16` must name a file"):
        ColorizationLoss(vgg16=tmp_path / "missing.pth").prepare()


def offline(*args, **kwargs):
    raise OSError("no network")


def test_without_the_perceptual_term_no_weights_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    loss = ColorizationLoss(perceptual=0)
    loss.prepare()
    assert set(loss(*torch.rand(2, 1, 3, 4, 4))) == {"loss", "l1"}
    assert loss.perceptual.activations._network is None


def ssim_by_scikit_image(result, truth):
    """Pad by reflection first: torchmetrics averages up to the border, scikit-image does not."""
    padded = [pad(x.detach(), (5, 5, 5, 5), mode="reflect").numpy() for x in (result, truth)]
    scores = [
        structural_similarity(
            x,
            y,
            channel_axis=0,
            data_range=1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for x, y in zip(*padded, strict=True)
    ]
    return sum(scores) / len(scores)


def test_the_loss_is_the_weighted_sum_of_its_terms(network, pair):
    loss = ColorizationLoss(l1=10, perceptual=2, ssim=0.5, random_weights=True)
    result, truth = pair[0].requires_grad_(), pair[1]
    terms = loss(result, truth)
    l1, perceptual = l1_loss(result, truth), direct(network, result, truth)
    torch.testing.assert_close(terms["l1"], l1)
    torch.testing.assert_close(terms["perceptual"], perceptual)
    ssim = ssim_by_scikit_image(result, truth)
    assert terms["ssim"].item() == pytest.approx(1 - ssim, abs=1e-9)
    total = 10 * l1 + 2 * perceptual + 0.5 * terms["ssim"]
    torch.testing.assert_close(terms["loss"], total)
    ours, theirs = (
        torch.autograd.grad(x, result, retain_graph=True)[0] for x in (terms["loss"], total)
    )
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-16)


def test_chroma_takes_the_difference_in_yuv_and_pays_for_colour(pair):
    result, truth = (image.double() for image in pair)
    expected = 0.0
    ours, theirs = map(yuv_by_scikit_image, pair)
    for weight, one, other in zip((1, 3, 3), ours, theirs, strict=True):
        expected += weight * np.abs(one - other).mean()
    loss = ColorizationLoss(l1=10, perceptual=0, chroma=3)
    torch.testing.assert_close(loss(result, truth)["l1"].item(), expected, rtol=1e-6, atol=1e-8)
    gray = torch.full_like(truth, 0.25)
    assert loss(gray, gray + 0.1)["l1"].item() == pytest.approx(0.1)  # As in RGB.


def yuv_by_scikit_image(image):
    """Return Y, U and V of JPEG: those of television, stretched from 16..240 to 0..255."""
    ycc = rgb2ycbcr(image.double().numpy(), channel_axis=1)
    return (ycc[:, 0] - 16) / 219, (ycc[:, 1] - 128) / 224, (ycc[:, 2] - 128) / 224


def test_a_perfect_result_costs_nothing():
    images = torch.rand(2, 3, 16, 16)
    terms = ColorizationLoss(ssim=1, random_weights=True)(images, images)
    for value in terms.values():
        assert value.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("flat", [0.0, 0.5, 1.0])
def test_flat_images_have_finite_gradients(flat):
    result = torch.full((1, 3, 16, 16), flat, requires_grad=True)
    loss = ColorizationLoss(ssim=1, random_weights=True)
    loss(result, torch.full_like(result, 0.3).detach())["loss"].backward()
    assert result.grad.isfinite().all()


def test_autocast_reaches_vgg_in_bfloat16_and_leaves_the_rest_alone(pair):
    loss = ColorizationLoss(ssim=1, random_weights=True)
    result, truth = pair.float()
    plain = loss(result, truth)
    with torch.autocast("cpu", torch.bfloat16):
        low = loss(result.requires_grad_(), truth)
    with torch.autocast("cpu", torch.float16):
        half = loss(result, truth)
    assert all(value.dtype == torch.float32 for value in low.values())
    assert torch.equal(low["l1"], plain["l1"])
    assert torch.equal(low["ssim"], plain["ssim"])
    assert not torch.equal(low["perceptual"], plain["perceptual"])
    torch.testing.assert_close(low["perceptual"], plain["perceptual"], rtol=2e-2, atol=0)
    torch.testing.assert_close(half["perceptual"], plain["perceptual"], rtol=1e-6, atol=0)
    low["loss"].backward()
    assert result.grad.isfinite().all()


def test_half_precision_images_are_widened(pair):
    low = pair.bfloat16()
    loss = ColorizationLoss(ssim=1, random_weights=True)
    result = low[0].requires_grad_()
    found, expected = loss(result, low[1]), loss(*low.detach().float())
    for name, value in found.items():
        torch.testing.assert_close(value, expected[name])
    found["loss"].backward()
    assert result.grad.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("result", "truth", "size"),
    [
        ((1, 3, 15, 16), (1, 3, 15, 16), 16),
        ((1, 1, 16, 16), (1, 1, 16, 16), 16),
        ((2, 3, 16, 16), (1, 3, 16, 16), 16),
        ((0, 3, 16, 16), (0, 3, 16, 16), 16),
        ((16, 3, 16), (16, 3, 16), 16),
    ],
)
def test_wrong_shapes_are_one_sentence(loss, result, truth, size):
    with pytest.raises(ValueError, match=rf"PerceptualLoss expects .* at least {size}, got \("):
        loss(torch.rand(result), torch.rand(truth))


def test_ssim_needs_room_for_its_window():
    with pytest.raises(ValueError, match=r"ColorizationLoss expects .* at least 6, got"):
        ColorizationLoss(perceptual=0, ssim=1)(*torch.rand(2, 1, 3, 5, 12))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"l1": -1}, "finite and not negative, got"),
        ({"ssim": float("nan")}, "finite and not negative, got"),
        ({"l1": 0, "perceptual": 0}, "must be positive, got only zeros"),
        ({"chunk": 0}, "`chunk` must be a positive number of images, got 0"),
        ({"random_weights": True, "vgg16": "vgg.pth"}, "`random_weights` must be off"),
    ],
)
def test_impossible_configurations_are_one_sentence(arguments, message):
    with pytest.raises(InputError, match=message):
        ColorizationLoss(**arguments)


def given(loss: nn.Module):
    """Return what the command line has built."""
    return loss


def test_every_argument_is_reachable_from_yaml():
    arguments = {"l1": 5, "perceptual": 0.5, "ssim": 1, "vgg16": "vgg.pth", "chunk": None}
    config = {"class_path": "flowcolor.losses.ColorizationLoss", "init_args": arguments}
    loss = auto_cli(given, args=[f"--loss={json.dumps(config)}"], as_positional=False)
    assert loss.weights == {"l1": 5, "perceptual": 0.5, "ssim": 1}
    assert str(loss.perceptual.activations.path) == "vgg.pth"
    assert loss.perceptual.chunk is None


def test_activations_come_in_the_order_of_the_network(network):
    images = torch.rand(1, 3, 16, 16)
    shallow, deep = VGGActivations(["relu2_2", "relu1_1"], random_weights=True)(images)
    x = normalize(images, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    torch.testing.assert_close(shallow, network[:2](x))
    torch.testing.assert_close(deep, network[:9](x))


def test_the_perceptual_loss_passes_through_transforms():
    loss = PerceptualLoss(random_weights=True)
    result, truth = torch.rand(2, 3, 3, 16, 16)
    leaf = result.clone().requires_grad_()
    (expected,) = torch.autograd.grad(3 * loss(leaf, truth), leaf)

    def single(a, b):
        return loss(a[None], b[None])

    torch.testing.assert_close(torch.func.grad(lambda x: 3 * loss(x, truth))(result), expected)
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(single))(result, truth), expected)
    assert loss(result.to("meta"), truth.to("meta")).shape == ()


def test_weights_may_be_read_at_a_first_call_inside_of_a_transform():
    pair = torch.rand(2, 2, 3, 16, 16)
    found = torch.func.grad(PerceptualLoss(random_weights=True))(*pair)
    leaf = pair[0].clone().requires_grad_()
    PerceptualLoss(random_weights=True)(leaf, pair[1]).backward()
    torch.testing.assert_close(found, leaf.grad)
    loss = PerceptualLoss(random_weights=True)
    torch.func.vmap(lambda *images: loss(*(image[None] for image in images)))(*pair.double())
    loss(leaf, pair[1]).backward()


def test_many_gradients_at_once_are_multiples_of_one():
    pair = torch.rand(2, 2, 3, 16, 16)
    leaf, loss = pair[0].requires_grad_(), PerceptualLoss(random_weights=True)
    (one,) = torch.autograd.grad(loss(leaf, pair[1]), leaf)
    rows = torch.tensor([1.0, -2.0])
    (both,) = torch.autograd.grad(loss(leaf, pair[1]), leaf, rows, is_grads_batched=True)
    torch.testing.assert_close(both, torch.stack([one, -2 * one]))


def test_one_of_a_pair_may_be_in_float64():
    result, truth = torch.rand(2, 2, 3, 16, 16)
    loss = PerceptualLoss(random_weights=True)
    expected = loss(result.double(), truth.double())
    for pair in ((result.double(), truth), (result, truth.double())):
        torch.testing.assert_close(loss(*pair), expected)
