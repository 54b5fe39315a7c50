"""SCFT against its published size, its attention's formula, and places that move."""

import re

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate, l1_loss, leaky_relu
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.data import ColorDodge
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.models import SCFT, SpectralCritic
from flowcolor.models.position_attention import PositionAttention
from flowcolor.models.scft_nets import pooled_maps
from tests.models.helpers import images, trained_scft


def count(tensors):
    return sum(tensor.numel() for tensor in tensors)


def test_parameters_are_those_of_the_public_code():
    with torch.device("meta"):
        model, critic = SCFT(), SpectralCritic()
        assert round(count(SCFT(8, 4, blocks=2, inner=128).parameters()) / 1e6, 1) == 2.2
        assert count(SCFT(norm="instance").parameters()) == 82_915_283
    sizes = {name: count(part.parameters()) for name, part in model.named_children()}
    assert sizes == {
        "drawing_encoder": 1_179_472,
        "reference_encoder": 1_179_760,
        "drawing_projection": 0,
        "reference_projection": 0,
        "attention": 2_955_168,
        "residual": 70_868_480,
        "decoder": 6_732_403,
    }
    assert count(model.parameters()) == 82_915_283
    # There, the singular vectors of the spectral normalisation are counted, too.
    vectors = (x for name, x in critic.named_buffers() if name.rpartition(".")[2] in ("_u", "_v"))
    assert count(critic.parameters()) + count(vectors) == 100_261


def test_a_colorization_takes_the_multiplications_of_the_public_code():
    with torch.device("meta"), FlopCounterMode(display=False) as flops:
        SCFT().eval()(*torch.empty(2, 1, 3, 256, 256))
    assert round(flops.get_total_flops() / 2e9, 2) == 25.70


def test_attention_is_that_of_its_formula():
    attention = PositionAttention(6).double()
    drawing, reference = torch.randn(2, 6, 3, 4).double(), torch.randn(2, 6, 5, 2).double()
    result = attention(drawing, reference)
    weights = {name: layer.weight for name, layer in attention.named_children()}
    biases = {name: layer.bias for name, layer in attention.named_children()}
    for y, x in ((0, 0), (2, 3)):
        q = weights["query"] @ drawing[1, :, y, x] + biases["query"]
        places = [reference[1, :, i, j] for i in range(5) for j in range(2)]
        keys, values = (
            torch.stack([weights[name] @ place + biases[name] for place in places])
            for name in ("key", "value")
        )
        expected = drawing[1, :, y, x] + torch.softmax(keys @ q / 6**0.5, 0) @ values
        assert_close(result.features[1, :, y, x], expected)
        assert_close(result.query[1, :, y, x], q)
        assert_close(result.key[1, :, 4, 1], keys[-1])


def shuffled(x, order):
    return x.flatten(2)[:, :, order].unflatten(2, x.shape[2:])


def test_the_order_of_the_references_places_is_of_no_account_and_that_of_the_drawings_is_kept():
    attention, order = PositionAttention(8), torch.randperm(16)
    drawing, reference = torch.randn(2, 2, 8, 4, 4)
    found = attention(drawing, reference).features
    assert_close(attention(drawing, shuffled(reference, order)).features, found, atol=1e-5, rtol=0)
    moved = attention(shuffled(drawing, order), reference).features
    assert_close(moved, shuffled(found, order), atol=1e-5, rtol=0)


def test_places_that_are_alike_find_each_other_and_the_query_learns_it():
    attention, places = PositionAttention(16), torch.randn(1, 16, 4, 4)
    with torch.no_grad():
        for layer, size in ((attention.query, 20.0), (attention.key, 20.0), (attention.value, 1.0)):
            layer.weight.copy_(size * torch.eye(16))
            layer.bias.zero_()
    assert_close(attention(places, places).features, 2 * places, atol=1e-3, rtol=0)
    model = trained_scft().train()
    model(*images()).square().mean().backward()
    assert model.attention.query.weight.grad.abs().max() > 1e-7


def test_the_network_is_that_of_its_formula():
    model = trained_scft(blocks=2).double()
    content, reference = (image.double() for image in images())
    maps = model.drawing_encoder(2 * content[:, :1] - 1)
    conv, norm, _ = model.drawing_encoder.stages[2]
    assert conv.stride == (2, 2)
    assert_close(maps[2], leaky_relu(norm(conv(maps[1])), 0.2))
    pooled = torch.cat([avg_pool2d(x, x.shape[2] // 4) for x in maps], 1)
    assert_close(pooled_maps(maps), pooled)
    places = pooled_maps(model.reference_encoder(2 * reference - 1))
    c = model.attention(pooled, places).features
    deep = c
    for block in model.residual:
        first, norm, _, second, last = block.body
        deep = deep + last(second(norm(first(deep)).relu()))
    x = model.decoder.first(torch.cat([deep + c, c], 1))
    for i, stage in zip((4, 3, 2, 1, 0), model.decoder.stages, strict=True):
        if i in (3, 1):
            x = interpolate(x, scale_factor=2, mode="bilinear")
        x = stage(torch.cat([x, maps[i]], 1))
    expected = (model.decoder.last(x).tanh() + 1) / 2
    assert_close(model(content, reference), expected)


def test_instance_norm_gives_the_same_image_in_training_and_in_use():
    model = trained_scft(norm="instance")
    used = model(*images())
    assert torch.equal(model.train()(*images()), used)


def test_fifty_steps_learn_two_portraits_in_the_colours_of_the_reference():
    portraits = [load_portrait(name)[0] for name in ("astronaut", "grace_hopper")]
    photos = torch.cat([interpolate(p[None], size=(32, 32), mode="area") for p in portraits])
    drawings = torch.stack([ColorDodge()(p, (32, 32)) for p in portraits]).repeat(2, 3, 1, 1)
    # Each in two colourings, or a drawing would tell all and its reference nothing.
    photos = torch.cat([photos, photos[:, [1, 2, 0]]])
    torch.manual_seed(0)
    model = SCFT(8, 4, blocks=2, inner=128)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(50):
        result = model(drawings, photos.flip(-1))
        optimizer.zero_grad()
        l1_loss(result, photos).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert -10 * (result - photos).square().mean().log10() > 18
    exchanged = model(drawings, photos.flip(-1).roll(2, 0))
    assert (exchanged - result).abs().mean() > 0.04


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: SCFT(0), "SCFT expects width to be a whole number of at least 1, got 0."),
        (lambda: SCFT(norm="group"), "expects norm to be one of ['batch', 'instance'], got 'gro"),
        (lambda: SCFT(1000), "SCFT expects up to 16 levels, 1024 blocks and 4 billion parameters"),
        (
            lambda: trained_scft()(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 4, 8)),
            "height and width of reference to be multiples of 4 and at least 8, got 4 x 8.",
        ),
        (lambda: SpectralCritic(4, 9), "SpectralCritic expects up to 8 layers, got 9."),
        (
            lambda: SpectralCritic(4, 2)(torch.rand(1, 6, 8, 4)),
            "(batch, 6, height, width) with sides of at least 8, got (1, 6, 8, 4).",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(build, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        build()
