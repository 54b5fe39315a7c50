"""pix2pix against its published size, its network's formula, and the chance of its dropout."""

import re

import pytest
import torch
from torch.nn.functional import instance_norm, interpolate, l1_loss, leaky_relu
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.color import rgb_to_lab, to_gray
from flowcolor.data import SobelLines
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.models import PatchCritic, Pix2Pix
from flowcolor.models.chroma_paint import paint_chroma
from flowcolor.models.unet import UNet
from tests.models.helpers import images, trained_pix2pix


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_parameters_are_those_of_the_public_code():
    with torch.device("meta"):
        assert count(Pix2Pix()) == 54_413_955
        assert count(Pix2Pix(with_reference=True)) == 54_413_955 + 3 * 64 * 16
        chroma = 54_413_955 - 2 * 64 * 16 - (128 * 16 + 1)
        assert count(Pix2Pix(space="lab")) == chroma
        assert count(Pix2Pix(space="lab", with_reference=True)) == chroma + 3 * 64 * 16
        assert round(count(Pix2Pix(32, 6)) / 1e6, 1) == 7.3
        assert round(count(PatchCritic(6, 32, 2)) / 1e6, 2) == 0.17


def test_costs_are_those_of_the_published_networks():
    with torch.device("meta"):
        nets = (
            (UNet(3, 3), torch.empty(1, 3, 256, 256)),
            (PatchCritic(), torch.empty(1, 6, 256, 256)),
        )
        found = []
        for net, x in nets:
            with FlopCounterMode(display=False) as counter:
                net(x)
            found.append(counter.get_total_flops() / 2e9)
    assert found == pytest.approx([6.05, 3.2], abs=0.005)


def test_the_net_is_that_of_its_formula():
    torch.manual_seed(0)
    net, x = UNet(3, 2, width=2, levels=3).double(), torch.randn(2, 3, 16, 16).double()
    k1, k2, k3 = (stage[-2 if i == 1 else -1] for i, stage in enumerate(net.down))
    assert [k.stride for k in (k1, k2, k3)] == [(2, 2)] * 3
    first = k1(x)
    second = instance_norm(k2(leaky_relu(first, 0.2)))
    third = instance_norm(net.up[0][1](k3(leaky_relu(second, 0.2)).relu()))
    outer = instance_norm(net.up[1][1](torch.cat([third, second], 1).relu()))
    assert_close(net(x), net.up[2][1](torch.cat([outer, first], 1).relu()))


def test_chance_comes_of_the_generator_and_of_training_alone():
    model, content = trained_pix2pix(levels=3), images()[0]

    def draw(seed, **options):
        return model(content, generator=torch.Generator().manual_seed(seed), **options)

    assert torch.equal(draw(1), draw(1))
    assert not torch.allclose(draw(1), draw(2), atol=1e-3)
    assert torch.equal(draw(1, temperature=0.0), model(content))
    assert torch.equal(model(content), model(content))
    model.train()
    assert not torch.allclose(model(content), model(content), atol=1e-3)


def test_dropout_keeps_the_mean_and_zeroes_its_share():
    net = UNet(1, 1, width=2, levels=2)
    seen = []
    net.up[1].register_forward_hook(lambda _, inputs, __: seen.append(inputs[0][:, :2]))
    x = torch.rand(1, 1, 256, 256)
    for rate in (0.0, 0.25):
        net(x, rate, torch.Generator().manual_seed(0))
    whole, dropped = seen
    kept = dropped != 0
    assert float(kept.float().mean()) == pytest.approx(0.75, abs=0.01)
    assert_close(dropped[kept], whole[kept] / 0.75)


def test_dropout_follows_the_three_innermost_levels_alone():
    net = UNet(1, 1, width=2, levels=6)
    shares = []
    for stage in net.up[1:]:
        stage.register_forward_pre_hook(
            lambda _, given: shares.append((given[0] == 0).float().mean())
        )
    net(torch.rand(1, 1, 128, 128), 0.5, torch.Generator().manual_seed(0))
    # Half of the features, beside as many that come from the way down.
    assert [bool(share > 0.15) for share in shares] == [True, True, True, False, False]


def test_it_learns_one_picture_by_heart():
    photo = interpolate(load_portrait("astronaut")[0][None], (32, 32), mode="area")
    drawing = SobelLines()(photo[0], (32, 32)).expand(1, 3, -1, -1)
    torch.manual_seed(0)
    model = Pix2Pix(16, 3, dropout=0.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, betas=(0.5, 0.999))
    for _ in range(300):
        optimizer.zero_grad()
        l1_loss(model(drawing), photo).backward()
        optimizer.step()
    assert l1_loss(model.eval()(drawing), photo) < 0.02


def test_a_reference_is_an_input_where_it_is_wanted():
    model, (content, photo) = trained_pix2pix(with_reference=True), images()
    assert model.reference == "required"
    assert not torch.allclose(model(content, photo), model(content, photo.flip(0)), atol=1e-4)
    with pytest.raises(ValueError, match=r"^Pix2Pix expects reference, got None\.$"):
        model(content)
    with pytest.raises(ValueError, match=r"same shape, got \(2, 3, 16, 16\) and \(2, 3, 8, 8\)"):
        model(content, photo[..., :8, :8])


def test_in_lab_the_net_sees_lightness_and_makes_chroma():
    model, (_, photo) = trained_pix2pix(space="lab", with_reference=True), images()
    content, calls = to_gray(photo).expand(-1, 3, -1, -1), []
    model.net.register_forward_hook(lambda _, inputs, output: calls.append((inputs[0], output)))
    with torch.no_grad():
        model.net.up[-1][1].weight.mul_(10)  # Beyond where the tangent is a straight line.
    result = model(content, photo.flip(0))
    lab, other = rgb_to_lab(content), rgb_to_lab(photo.flip(0))
    assert_close(calls[0][0][:, :2] * 50 + 50, torch.cat([lab[:, :1], other[:, :1]], 1))
    assert_close(calls[0][0][:, 2:] * 110, other[:, 1:])
    assert_close(result, paint_chroma(content, 110 * calls[0][1].tanh()))
    assert calls[0][1].abs().max() > 0.5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"space": "yuv"}, "Pix2Pix expects space to be one of ['rgb', 'lab'], got 'yuv'."),
        ({"levels": 0}, "Pix2Pix expects levels to be a whole number of at least 1, got 0."),
        ({"dropout": 1.0}, "Pix2Pix expects dropout below 1, got 1."),
        (
            {"width": 10_000},
            (
                "Pix2Pix expects up to 16 levels and a width that gives up to 4 billion "
                "parameters, got 8 and 10000."
            ),
        ),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Pix2Pix(**options)


def test_what_it_cannot_do_is_refused_in_words():
    model, content = trained_pix2pix(), images()[0]
    with pytest.raises(ValueError, match=r"content to be multiples of 4, got 16 x 10\.$"):
        model(content[..., :10])
    with pytest.raises(ValueError, match=r"less than all is dropped, got 2\.$"):
        model(content, temperature=2.0)
