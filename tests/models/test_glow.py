"""Glow against its published sizes, its closed form, and a density put together by hand."""

import math
import re

import pytest
import torch
from torch.distributions import Normal
from torch.nn.functional import interpolate
from torch.testing import assert_close

from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.layers import Factor, Inverted, Partial, TopPrior
from flowcolor.layers.functional.patches import unshuffle
from flowcolor.models import Glow, bits_per_dim, dequantize, log_normal
from flowcolor.models.round_trip import roundtrip_errors
from flowcolor.testing import check_invertible
from tests.models.helpers import images, trained_glow


def parameters(*sizes, **options):
    with torch.device("meta"):
        return sum(p.numel() for p in Glow(*sizes, **options).parameters())


def test_parameters_are_those_of_the_public_ports():
    assert parameters(3, 4, 64) == 411_840
    assert parameters(4, 8, 512) == 18_757_744
    # By the formula of a step, 2 C + 2 C^2 + C, its network with half of the results, and the end.
    network = 9 * 6 * 5 + 5 + 5**2 + 5 + 9 * 5 * 6 + 6 + 6
    end = 18 * 12**2 + 4 * 12
    assert parameters(1, 2, 5, scale="none") == 2 * (3 * 12 + 2 * 12**2 + network) + end


def test_the_flow_has_the_log_det_of_its_jacobian_and_a_latent_of_the_image_s_shape():
    model = trained_glow(size=0.05)
    x = torch.randn(2, 3, 4, 4)
    assert model.flow(x)[0].shape == x.shape
    check_invertible(model.flow, x)


def test_an_untrained_flow_turns_noise_and_so_gives_its_closed_form():
    model = Glow(3, 2, 8).double().eval()
    x = torch.randn(4, 3, 16, 24, dtype=torch.float64)
    expected = Normal(0.0, 1.0).log_prob(x).sum((1, 2, 3))
    # The random rotations are rounded to float32 when they are made.
    assert_close(model.log_prob(x + 0.5), expected, rtol=1e-7, atol=0)


@torch.no_grad()
def test_the_density_is_the_sum_of_those_of_all_levels():
    """The way of the public ports: a list of latents, each with a Gaussian of its own."""
    model = trained_glow(levels=3).double()
    values = torch.rand(2, 3, 16, 8, dtype=torch.float64)
    x, total, chain = values - 0.5, 0.0, model.flow
    while chain is not None:
        *layers, last, unsqueeze = chain
        assert isinstance(unsqueeze, Inverted)
        for layer in layers:
            x, logdet = layer(x)
            total = total + logdet
        if isinstance(last, TopPrior):
            a, b, chain = torch.zeros_like(x), x, None
            net = last.net
        else:
            assert isinstance(last, Factor)
            standardize, partial = last.both
            assert isinstance(partial, Partial)
            net, chain = standardize.layer.net, partial.inner
            a, b = x.chunk(2, 1)
        log_std, mean = net(a).chunk(2, 1)
        total = total + Normal(mean, log_std.exp()).log_prob(b).sum((1, 2, 3))
        x = a
    assert_close(model.log_prob(values), total)


@pytest.mark.parametrize("memory", ["checkpoint", "reversible"])
def test_gradients_are_those_of_plain_autograd(memory):
    def gradients(memory):
        model = trained_glow(levels=3, memory=memory).double().train()
        bits = model.bits(*(i.double() for i in images()), torch.Generator().manual_seed(1))
        (bits["photo"].mean() + 2 * bits["content"].mean()).backward()
        return {name: p.grad for name, p in model.named_parameters()}

    expected, found = gradients("none"), gradients(memory)
    for name, right in expected.items():
        assert_close(found[name], right, rtol=1e-9, atol=1e-11, msg=name)


def test_bits_are_those_of_the_density_and_the_order_in_the_batch_does_not_count():
    model, (content, photo) = trained_glow(bits=5).double(), images(3)
    content, photo = content.double(), photo.double()
    bits = model.bits(content, photo, torch.Generator().manual_seed(2))
    values = dequantize(torch.cat([photo, content]), 5, torch.Generator().manual_seed(2))
    expected = bits_per_dim(model.log_prob(values), values[0].numel(), 5)
    assert_close(torch.cat([bits["photo"], bits["content"]]), expected)
    turned = bits_per_dim(model.log_prob(values.flip(0)), values[0].numel(), 5)
    assert_close(turned.flip(0), expected)


def test_samples_are_decoded_noise_of_the_temperature():
    model = trained_glow()

    def sample(**options):
        seeded = torch.Generator().manual_seed(4)
        return model.sample(3, size=(8, 12), generator=seeded, **options)

    with torch.no_grad():
        noise = torch.randn(3, 3, 8, 12, generator=torch.Generator().manual_seed(4))
        assert torch.equal(sample(temperature=0.7), model.decode(0.7 * noise, None).clamp(0, 1))
        coldest = sample(temperature=0.0)
    assert torch.equal(coldest[0], coldest[2])


def test_colouring_goes_the_way_from_the_reference_s_drawing_to_the_reference():
    model = trained_glow(strength=0.5).double()
    content, photo, drawing = (i.double() for i in (*images(), images(seed=2)[0]))
    image = model.colorize(content, photo, reference_content=drawing)
    way = model.encode(photo)[0] - model.encode(drawing)[0]
    assert_close(model.encode(image)[0] - model.encode(content)[0], 0.5 * way)
    strong = trained_glow().double()
    again = strong.colorize(drawing, photo, reference_content=drawing)
    assert_close(again, photo)  # A drawing becomes the photograph that it was made of.


def test_without_a_reference_the_way_is_the_mean_one_of_training():
    model, pairs = trained_glow().double(), [images(seed=s) for s in (1, 2, 3)]
    model.seen.zero_()
    ways = []
    for pair in pairs:
        content, photo = (i.double() for i in pair)
        model.train().bits(content, photo, torch.Generator().manual_seed(1))
        values = dequantize(torch.cat([photo, content]), 8, torch.Generator().manual_seed(1))
        first, second = model.flow(values - 0.5)[0].chunk(2)
        ways.append(unshuffle(first - second, 4).mean((0, 2, 3)))
    assert_close(model.mean_way, torch.stack(ways).mean(0))
    z = model.eval().encode(model.colorize(content))[0] - model.encode(content)[0]
    assert_close(unshuffle(z, 4), model.mean_way[:, None, None].expand(2, -1, 4, 4))
    model.bits(content, photo)
    assert int(model.seen) == 3, "only training moves it"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_batch_that_is_not_finite_does_not_stay_in_the_way_to_colour(value):
    model = trained_glow().train()
    before = model.mean_way.clone(), int(model.seen)
    sketch, photo = images()
    photo[0, 1, 2, 3] = value
    model.bits(sketch, photo)
    assert torch.equal(model.mean_way, before[0])
    assert int(model.seen) == before[1]


def test_few_steps_learn_two_portraits_and_keep_the_round_trip():
    names = "astronaut", "grace_hopper"
    photos = torch.cat(
        [interpolate(load_portrait(name)[0][None], size=(32, 32), mode="area") for name in names]
    )
    model, batch = Glow(2, 2, 32, memory="reversible"), torch.cat([photos, photos.flip(-1)])
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(40):
        values = dequantize(batch)
        bits = bits_per_dim(model.log_prob(values), values[0].numel()).mean()
        optimizer.zero_grad()
        bits.backward()
        optimizer.step()
    assert 3 < bits < 6.7, "8 is noise, and 8.2 a Gaussian for each channel"
    assert max(roundtrip_errors(model, photos).values()) < 1e-4


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"bits": 9}, "Glow expects bits to be a whole number from 1 to 8, got 9."),
        ({"levels": 0}, "Glow expects levels to be a whole number of at least 1, got 0."),
        (
            {"levels": 12},
            (
                "Glow expects levels, steps and hidden that give up to 4 billion parameters, "
                "got 12, 8 and 512, that is 22 billion."
            ),
        ),
        ({"levels": 17}, "Glow expects up to 16 levels of up to 1024 steps, got 17, 8 and 512."),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Glow(**options)


def test_images_of_another_size_are_refused_in_words():
    model, image = trained_glow(), torch.rand(1, 3, 8, 10)
    with pytest.raises(ValueError, match=r"width of image to be multiples of 4, got 8 x 10\.$"):
        model.encode(image)
    with pytest.raises(ValueError, match=r"a content and a reference of the same shape, got "):
        model.colorize(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 16))


def test_noise_has_its_density():
    z = torch.zeros(1, 3, 2, 2, dtype=torch.float64)
    assert_close(log_normal(z), Normal(0.0, 1.0).log_prob(z).sum((1, 2, 3)))
