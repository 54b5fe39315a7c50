"""UNetAdaIN against its published size, its formula, the document's program, and collapse."""

import re

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate, max_pool2d, mse_loss
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.color import rgb_to_lab, to_gray
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.models import UNetAdaIN
from flowcolor.models.collapse import is_collapsed, latent_spread
from flowcolor.models.learned_adain import LearnedAdaIN
from flowcolor.models.style_encoder import StyleEncoder
from flowcolor.models.styled_unet import StyledUNet
from tests.models.helpers import images, trained_unet_adain


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_parameters_and_costs_are_those_of_the_published_networks():
    with torch.device("meta"):
        model = UNetAdaIN()
        assert count(model) == 3_513_635
        assert count(UNetAdaIN(space="lab")) == 3_513_042
        assert count(UNetAdaIN(width=64, latent=0)) == pytest.approx(28.3e6, abs=0.05e6)
        assert count(model.encoder) == 1_698_464
        assert count(model.net.adain) == 2 * 33 * (16 + 32 + 64 + 128 * 2 + 128 + 64 + 32 + 16)
        assert count(model.net.down[0]) == 2_544
        with FlopCounterMode(display=False) as counter:
            model.net(torch.empty(1, 1, 128, 128), model.encoder(torch.empty(1, 3, 128, 128)))
    assert counter.get_total_flops() / 2e9 == pytest.approx(0.89, abs=0.005)


@pytest.mark.parametrize("letter", [False, True])
def test_the_result_has_the_statistics_that_the_latent_asks_for(letter):
    torch.manual_seed(0)
    adain, code = LearnedAdaIN(3, 4, letter=letter).double(), torch.rand(2, 4).double()
    adain.shift.bias.data.uniform_(-1, 1)
    x = torch.rand(2, 3, 9, 7).double()
    x[:, 2] = 0.3  # A flat channel has no deviation to give.
    found = adain(x, code)
    assert_close(found.mean((2, 3)), adain.shift(code))
    deviation = found.std((2, 3), correction=0)
    assert_close(deviation[:, :2], adain.scale(code).abs()[:, :2], rtol=1e-3, atol=0)
    assert deviation[:, 2].max() < 1e-9
    assert_close(adain(7 * x - 3, code), found, rtol=1e-3, atol=1e-3)
    if letter:
        assert_close(adain.scale(code), 1 + code.sum(1, keepdim=True).expand(-1, 3))


def test_the_latent_is_a_mean_over_places():
    encoder = StyleEncoder(3, 4, width=2).double()
    tile, place = torch.rand(1, 3, 32, 32).double(), []
    encoder.net[-1].register_forward_hook(lambda _, __, output: place.append(output))
    code = encoder(tile)
    assert code.shape == (1, 4)
    assert_close(code, place[0].sum((2, 3)) / place[0][0, 0].numel())
    assert_close(StyleEncoder(3, 4, 2, sigmoid=True)(torch.zeros(1, 3, 8, 8)) >= 0.5, code > -1)


@pytest.mark.parametrize("letter", [False, True])
def test_the_net_is_that_of_its_formula(letter):
    torch.manual_seed(0)
    net = StyledUNet(2, width=1, latent=3, letter=letter).double().eval()
    x, code = torch.rand(2, 1, 32, 16).double(), torch.rand(2, 3).double()

    def adain(index, h):
        one = net.adain[index]
        scale, shift = (m(code)[:, :, None, None] for m in (one.scale, one.shift))
        spread = (h.var((2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
        return scale * (h - h.mean((2, 3), keepdim=True)) / spread + shift

    seen = [adain(0, x if letter else net.down[0][0](x))]
    for i in (1, 2, 3, 4):
        h = max_pool2d(seen[-1], 2)
        for block in net.down[i]:
            h = adain(i, block(h))
        seen.append(h)
    h = seen.pop()
    for i in range(4):
        up = adain(5 + i, net.up[i](h))
        h = net.after[i](net.fuse[i](torch.cat([up, seen.pop()], 1)))
    assert_close(net(x, code), net.last(h))
    kinds = [type(part) for part in net.after[0]]
    assert kinds == [nn.Conv2d, nn.ReLU, nn.BatchNorm2d] * 3


def test_dropout_is_of_training_alone_but_by_the_letter_always():
    content, reference = images()
    right = trained_unet_adain(dropout=0.5)
    assert torch.equal(right(content, reference), right(content, reference))
    letter = trained_unet_adain(dropout=0.5, letter=True)
    assert not torch.allclose(letter(content, reference), letter(content, reference), atol=1e-3)
    drawn = [
        letter(content, reference, generator=torch.Generator().manual_seed(3)) for _ in range(2)
    ]
    assert torch.equal(*drawn)
    without = [letter(content, reference, temperature=0.0) for _ in range(2)]
    assert torch.equal(*without)
    right.train()
    assert not torch.allclose(right(content, reference), right(content, reference), atol=1e-3)


def test_by_the_letter_the_first_convolutions_are_never_trained():
    content, reference = images()
    for letter in (False, True):
        model = UNetAdaIN(2, 4, style_width=4, letter=letter)
        model(content, reference).square().sum().backward()
        moved = [p.grad is not None and bool(p.grad.any()) for p in model.net.down[0].parameters()]
        assert any(moved) != letter
        missing = [
            name for name, p in model.named_parameters() if p.requires_grad and p.grad is None
        ]
        assert not missing  # For which several processes would wait.
        assert any(bool(p.grad.any()) for p in model.encoder.parameters())


def test_a_latent_that_says_nothing_is_noticed_and_so_is_that_the_reference_is_ignored():
    content, reference = images()
    model = trained_unet_adain(latent=6)
    codes = model.encode(torch.rand(8, 3, 16, 16) * torch.rand(8, 3, 1, 1))
    assert not is_collapsed(codes)
    assert latent_spread(codes) == pytest.approx(
        float(codes.detach().double().numpy().std(0).max()), rel=1e-5
    )
    with torch.no_grad():
        last = model.encoder.net[-2]
        last.bias.fill_(-100.0)  # Its ReLU lets nothing through: the latent has died.
    assert is_collapsed(model.encode(torch.rand(8, 3, 16, 16)))
    assert torch.equal(model(content, reference), model(content, reference.flip(0)))
    assert is_collapsed(torch.full((3, 4), torch.nan))
    with pytest.raises(ValueError, match=r"latents of two pictures or more.* got \(1, 4\)\.$"):
        latent_spread(torch.zeros(1, 4))


def test_in_lab_only_the_chroma_of_a_reference_counts():
    model, (content, reference) = trained_unet_adain(space="lab"), images()
    gray = to_gray(reference).expand(-1, 3, -1, -1)
    assert_close(model.encode(gray), model.encode(torch.full_like(gray, 0.2)), rtol=0, atol=1e-4)
    seen = []
    model.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(content, reference)
    assert_close(seen[0] * 110, rgb_to_lab(reference)[:, 1:])


def test_it_learns_one_picture_by_heart():
    photo = interpolate(load_portrait("astronaut")[0][None], (32, 32), mode="area")
    gray = to_gray(photo).expand(-1, 3, -1, -1)
    torch.manual_seed(0)
    model = UNetAdaIN(8, 8, dropout=0.0, style_width=8)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(120):
        optimizer.zero_grad()
        mse_loss(model(gray, photo), photo).backward()
        optimizer.step()
    assert mse_loss(model.eval()(gray, photo), photo) < 0.005 < mse_loss(gray, photo)


def test_without_a_latent_it_is_a_plain_network_that_takes_no_reference():
    model, (content, reference) = trained_unet_adain(latent=0), images()
    assert model.reference == "unused"
    assert model(content).shape == content.shape
    with pytest.raises(ValueError, match=r"^UNetAdaIN cannot use reference, got Tensor\.$"):
        model(content, reference)
    with pytest.raises(ValueError, match=r"a latent of at least 1 number, got 0\.$"):
        model.encode(reference)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"width": 0}, "UNetAdaIN expects width to be a whole number of at least 1, got 0."),
        ({"latent": -1}, "UNetAdaIN expects latent to be a whole number of at least 1, got -1."),
        ({"dropout": 1.0}, "UNetAdaIN expects dropout below 1, got 1."),
        ({"space": "hsv"}, "UNetAdaIN expects space to be one of ['rgb', 'lab'], got 'hsv'."),
        (
            {"width": 9999},
            (
                "UNetAdaIN expects width, style_width and latent that give up to 4 billion "
                "parameters, got 9999, 64 and 32."
            ),
        ),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        UNetAdaIN(**options)


def test_what_it_cannot_do_is_refused_in_words():
    content, reference = images()
    with pytest.raises(ValueError, match=r"content to be multiples of 16, got 16 x 8\.$"):
        trained_unet_adain()(content[..., :8], reference)
    with pytest.raises(ValueError, match=r"less than all is dropped, got 9\.$"):
        trained_unet_adain(letter=True)(content, reference, temperature=9.0)
