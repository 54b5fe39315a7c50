"""DeepFaceEditing against its published sizes, and parts that see nothing but their own place."""

import re

import pytest
import torch
from torch.nn.functional import instance_norm, interpolate, l1_loss
from torch.testing import assert_close

from flowcolor.data import ColorDodge
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.models import DeepFaceEditing
from flowcolor.models.deep_face_editing_nets import PartGenerator, adain, geometry_encoder
from flowcolor.models.face_parts import PARTS, part_of, paste
from tests.models.helpers import trained_deep_face_editing


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameters_are_those_of_the_published_networks():
    with torch.device("meta"):
        model, photo = DeepFaceEditing(), geometry_encoder(64, 4, residuals=6)
        assert round(count(DeepFaceEditing(16, 2)) / 1e6, 1) == 2.6
    for part in model.parts.values():
        assert {name: count(net) for name, net in part.items()} == {
            "geometry": 25_162_752,
            "style": 1_429_984,
            "generator": 81_782_915,
        }
        assert 2 * sum(part["generator"].channels) == 18_304
    assert count(photo) == 119_565_312
    assert count(model.fusion) == 88_274_755
    assert count(model) == 630_153_010
    assert count(model) + 5 * count(photo) == 1_227_979_570


def test_the_published_size_runs_at_its_own_512_on_tensors_without_numbers():
    with torch.device("meta"):
        model, image = DeepFaceEditing(), torch.empty(1, 3, 512, 512)
        assert model(image, image).shape == (1, 3, 512, 512)


def test_adain_is_instance_normalisation_times_weight_plus_bias():
    x, bias, weight = torch.randn(2, 4, 5, 6), torch.randn(2, 4, 1, 1), torch.randn(2, 4, 1, 1)
    assert_close(adain(x, torch.zeros(2, 4, 1, 1), torch.ones(2, 4, 1, 1)), instance_norm(x))
    found = adain(x, bias, weight)
    assert_close(found.mean((2, 3)), bias[..., 0, 0])
    assert_close(found.std((2, 3), correction=0), weight[..., 0, 0].abs(), atol=1e-3, rtol=1e-3)


def test_a_style_is_taken_as_bias_and_weight_of_one_layer_after_the_other():
    net = PartGenerator(2, 1)
    assert net.channels == [4] * 8 + [2]
    x, style = torch.randn(2, 4, 4, 4), torch.randn(2, 2 * sum(net.channels))
    bias, weight = style[:, -4:-2], style[:, -2:]  # Of the last one, 2 channels at full size.
    seen = []
    net.ups[0].register_forward_hook(lambda _, __, out: seen.append(out))
    found = net(x, style)
    expected = instance_norm(seen[0]) * weight[..., None, None] + bias[..., None, None]
    assert_close(found, expected.relu())


def test_pictures_are_not_grey_at_first_because_weights_begin_near_one():
    model = DeepFaceEditing(4, 1)
    channels = model.parts["nose"]["generator"].channels
    style = model.parts["nose"]["style"](torch.rand(2, 3, 10, 10))
    for part in style.split([2 * size for size in channels], 1):
        bias, weight = part.chunk(2, 1)
        assert weight.mean() > 0.5 > bias.abs().mean()


def test_parts_lie_where_an_aligned_face_of_any_size_has_them():
    ramp = torch.arange(512.0)
    image = torch.stack([ramp.expand(512, -1), ramp[:, None].expand(-1, 512)])[None]
    for name, (left, top, side) in PARTS.items():
        part = part_of(name, image)
        assert part.shape == (1, 2, side, side)
        assert part[0, :, 0, 0].tolist() == [left, top]
    sides = {name: part_of(name, image[..., :64, :128]).shape[2:] for name in PARTS}
    assert sides["nose"] == (20, 40)
    assert sides["mouth"] == (24, 48)
    assert sides["eye1"] == sides["eye2"] == (16, 32)


def test_eyes_cover_the_nose_which_covers_the_mouth_and_nothing_is_overwritten():
    sides = {name: box.side for name, box in PARTS.items()}
    values = {name: float(i) for i, name in enumerate(PARTS)}
    features = {name: torch.full((1, 1, side, side), values[name]) for name, side in sides.items()}
    pasted = paste(features)[0, 0]
    assert (features["whole"] == 0).all()
    assert pasted[200, 200] == values["eye1"]
    assert pasted[240, 190] == values["eye1"], "over the nose"
    assert pasted[240, 300] == values["eye2"], "over the nose"
    assert pasted[355, 260] == values["nose"], "over the mouth"
    assert pasted[356, 260] == values["mouth"], "the lowest 36 rows of the nose are left out"
    assert pasted[100, 260] == 0


@pytest.mark.parametrize("name", ["eye1", "nose", "mouth"])
def test_a_reference_outside_of_a_parts_place_never_changes_its_features(name):
    model = trained_deep_face_editing()
    content, reference, other = torch.rand(3, 1, 3, 64, 64)
    other = 0.3 * other
    part_of(name, other)[:] = part_of(name, reference)
    before, after = (model.features(content, x) for x in (reference, other))
    assert torch.equal(after[name], before[name])
    assert not torch.allclose(after["whole"], before["whole"], atol=1e-3)
    assert torch.equal(model(content, reference), model(content, reference))


@pytest.mark.slow
def test_fifty_steps_learn_two_portraits_in_the_colours_of_the_reference():
    portraits = [load_portrait(name)[0] for name in ("astronaut", "grace_hopper")]
    photos = torch.cat([interpolate(p[None], size=(64, 64), mode="area") for p in portraits])
    drawings = torch.stack([ColorDodge()(p, (64, 64)) for p in portraits]).repeat(1, 3, 1, 1)
    torch.manual_seed(0)
    model = DeepFaceEditing(16, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(50):
        result = model(drawings, photos.flip(-1))
        optimizer.zero_grad()
        l1_loss(result, photos).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert -10 * (result - photos).square().mean().log10() > 23
    exchanged = model(drawings, photos.flip(-1).flip(0))
    assert (exchanged - result).abs().mean() > 0.007


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: DeepFaceEditing(0), "expects width to be a whole number of at least 1, got 0."),
        (lambda: DeepFaceEditing(64, 9), "up to 8 downsamplings and a width that gives up to 4 "),
        (lambda: DeepFaceEditing(1000), "up to 4 billion parameters, got 4 and 1000."),
        (
            lambda: trained_deep_face_editing()(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 48)),
            "height and width of reference to be multiples of 32, got 64 x 48.",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(build, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        build()
