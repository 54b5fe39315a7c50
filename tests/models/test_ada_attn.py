"""AdaAttN against its published size, its closed forms, and one pair by heart."""

import re

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.functional import l1_loss
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.color import to_gray
from flowcolor.errors import InputError
from flowcolor.models import AdaAttN
from flowcolor.models.attended_moments import (
    AttentiveNorm,
    attended_moments,
    joined,
    normalized,
    plain_transfer,
)
from flowcolor.models.round_trip import smooth_image
from tests.models.helpers import images, trained_ada_attn


def count(module):
    return sum(p.numel() for p in module.parameters())


def features(*shape):
    return torch.randn(2, *shape, dtype=torch.float64)


def test_parameters_are_those_of_the_public_code():
    with torch.device("meta"):
        model = AdaAttN()
    third, fourth, fifth = map(count, model.norms)
    merge = count(model.decoder.merge)
    millions = [
        round(number / 1e6, 2)
        for number in (third, fourth + fifth + merge, count(model.decoder) - merge, count(model))
    ]
    assert millions == [0.47, 9.07, 4.10, 13.63]


@pytest.mark.slow
@pytest.mark.parametrize(("side", "expected"), [(256, 44.2), (512, 397.0)])
def test_a_transfer_takes_the_multiplications_of_the_public_code(side, expected):
    with FakeTensorMode(), FlopCounterMode(display=False) as flops, torch.no_grad():
        channels = enumerate((64, 128, 256, 512, 512))
        seen = [torch.empty(1, count, side >> k, side >> k) for k, count in channels]
        AdaAttN().transfer(seen, seen)
    assert flops.get_total_flops() / 2e9 == pytest.approx(expected, rel=0.005)


def test_both_moments_are_those_of_the_formula():
    query, key, value = features(3, 4, 5), features(3, 2, 6), features(2, 2, 6)
    weights = torch.einsum("bcn,bcm->bnm", query.flatten(2), key.flatten(2)).softmax(2)
    mean = torch.einsum("bnm,bdm->bdn", weights, value.flatten(2))
    away = value.flatten(2)[:, :, None] - mean[..., None]
    deviation = torch.einsum("bnm,bdnm->bdn", weights, away.square()).sqrt()
    found = attended_moments(query, key, value)
    assert_close(found[0].flatten(2), mean)
    assert_close(found[1].flatten(2), deviation)


def test_attention_that_sees_nothing_is_adaptive_instance_normalisation():
    layer = AttentiveNorm(4, 4).double()
    torch.nn.init.zeros_(layer.f.weight)
    torch.nn.init.zeros_(layer.f.bias)
    content, style = features(4, 6, 6), features(4, 5, 3)
    value = layer.h(style)
    mean = value.mean((2, 3), keepdim=True)
    deviation = (value - mean).square().mean((2, 3), keepdim=True).sqrt()
    spread = (content.var((2, 3), keepdim=True) + 1e-5).sqrt()
    expected = deviation * (content - content.mean((2, 3), keepdim=True)) / spread + mean
    assert_close(layer([content], [style]), expected, rtol=0, atol=1e-12)


def test_it_begins_as_the_transfer_that_training_asks_for():
    content, style = ([features(2, 6, 6), features(4, 3, 3)] for _ in range(2))
    assert_close(AttentiveNorm(4, 6).double()(content, style), plain_transfer(content, style))


def test_a_style_of_one_place_is_its_value_everywhere():
    value = features(4, 1, 1)
    mean, deviation = attended_moments(features(3, 4, 4), features(3, 1, 1), value)
    assert_close(mean, value.expand_as(mean), rtol=0, atol=1e-12)
    assert not deviation.any()
    assert_close(normalized(value), torch.zeros_like(value))


def test_a_style_says_the_same_in_any_order_of_its_places():
    layer, content = AttentiveNorm(4, 6).double(), [features(2, 6, 6), features(4, 6, 6)]
    style = [features(2, 4, 4), features(4, 4, 4)]
    order = torch.randperm(16)
    mixed = [x.flatten(2)[..., order].view_as(x) for x in style]
    assert_close(layer(content, mixed), layer(content, style))


def test_flat_pictures_have_results_and_gradients():
    model = trained_ada_attn()
    flat = torch.ones(1, 3, 32, 32)
    for content, style in ((flat, images(1, 32)[1]), (images(1, 32)[0], flat), (flat, flat)):
        result = model(content, style)
        result.sum().backward()
        assert result.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_layers_are_seen_normalised_and_at_the_size_of_the_last():
    found = joined([features(2, 8, 8), features(3, 4, 4)])
    assert found.shape == (2, 5, 4, 4)
    assert_close(found.mean((2, 3)), torch.zeros(2, 5).double())
    assert_close(found.var((2, 3)), torch.ones(2, 5).double(), rtol=0, atol=1e-4)


def test_it_learns_one_pair_by_heart():
    photo = smooth_image(torch.empty(1, 3, 32, 32))
    content = to_gray(photo).expand(-1, 3, -1, -1)
    torch.manual_seed(0)
    model = AdaAttN("own", 8)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, 200)
    for _ in range(200):
        optimizer.zero_grad()
        l1_loss(model(content, photo), photo).backward()
        optimizer.step()
        scheduler.step()
    loss = l1_loss(model(content, photo), photo).detach()
    assert loss < 0.04 < l1_loss(content, photo) / 3, loss
    assert all(p.grad is None for p in model.encoder.parameters())


def test_luminance_is_kept_on_request():
    model = trained_ada_attn(keep_luminance=True).double()
    content, photo = (image.double() for image in images(2, 32))
    found = model(content, photo)
    assert_close(to_gray(found), content[:, :1], rtol=0, atol=1e-9)
    assert not torch.allclose(found, model(content, photo.flip(0)), atol=1e-4)


def test_with_vgg19_its_weights_are_no_part_of_the_model():
    pytest.importorskip("torchvision")
    model, (content, photo) = AdaAttN(random_weights=True).eval(), images(1, 32)
    assert model(content, photo).shape == content.shape
    assert not any("vgg" in name or "encoder" in name for name in model.state_dict())


def test_missing_weights_are_one_sentence_and_never_downloaded(tmp_path, monkeypatch):
    pytest.importorskip("torchvision")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", pytest.fail)
    with pytest.raises(InputError, match=r"^The vgg19 weights are missing "):
        AdaAttN()(*images(1, 32))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"encoder": "vgg"}, "AdaAttN expects encoder to be one of ['vgg19', 'own'], got 'vgg'."),
        ({"width": 32}, "AdaAttN expects width 64 for VGG19, got 32."),
        ({"encoder": "own", "width": 600}, "AdaAttN expects width to be at most 512, got 600."),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        AdaAttN(**options)


def test_small_pictures_are_refused_in_words():
    with pytest.raises(ValueError, match=r"reference to be .* at least 32, got 16 x 16\.$"):
        trained_ada_attn()(images(1, 32)[0], images(1, 16)[1])


def test_images_in_place_of_features_are_refused():
    model, (content, style) = trained_ada_attn(), images(2, 32)
    seen = model.encode(style)
    for wrong in (content, seen[:3], None, [content[0]] * 5):
        with pytest.raises(ValueError, match="AdaAttN expects content to be the features of five"):
            model.transfer(wrong, seen)
        with pytest.raises(ValueError, match="AdaAttN expects style to be the features of five"):
            model.transfer(seen, wrong)
