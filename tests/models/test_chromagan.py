"""ChromaGAN against its published size, VGG16, and what its letter does otherwise."""

import re

import pytest
import torch
from torch.nn.functional import interpolate
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.vgg import cfgs, make_layers

from flowcolor.color import rgb_to_lab, to_gray
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.errors import InputError
from flowcolor.metrics.psnr import psnr
from flowcolor.models import ChromaGAN, PatchCritic
from flowcolor.models.chromagan_net import ChromaGANNet
from flowcolor.pretrained.vgg import IMAGENET_MEAN, IMAGENET_STD
from tests.models.helpers import trained_chromagan


def gray(photos):
    return to_gray(photos).expand(-1, 3, -1, -1)


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_parameters_and_costs_are_those_of_the_published_network():
    convolutions = sum(
        9 * before * after + after
        for before, after in [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256)]
        + [(256, 256)] * 2
        + [(256, 512), (512, 512), (512, 512)]
        + [(512, 512)] * 5  # Of the whole picture, and of the middle.
        + [(512, 256), (256, 128), (128, 64), (64, 64), (64, 32), (32, 2)]
    )
    norms = 2 * (5 * 512 + 256)
    dense = (25088 + 1) * 1024 + (1024 + 1) * 512 + (512 + 1) * 256
    fusion = 512 * 256 + 256
    head = (25088 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000
    without = convolutions + norms + dense + fusion
    with torch.device("meta"):
        assert count(ChromaGAN()) == without
        assert count(ChromaGAN(classes=1000)) == without + head
        assert count(ChromaGAN(letter=True)) == without
        assert round(count(PatchCritic(3, norm="none")) / 1e6, 2) == 2.76
        assert round(count(ChromaGAN(16, "small", 2)) / 1e6, 1) == 1.1
        net, x = ChromaGAN().net, torch.empty(1, 3, 224, 224)
        with FlopCounterMode(display=False) as counter:
            net(x)
    assert (round(without / 1e6, 1), round((without + head) / 1e6, 1)) == (47.5, 171.2)
    assert counter.get_total_flops() / 2e9 == pytest.approx(18.84, abs=0.01)


def test_the_encoder_is_vgg16_up_to_its_tenth_convolution(tmp_path):
    torch.manual_seed(0)
    features = make_layers(cfgs["D"])
    torch.save({f"features.{k}": v for k, v in features.state_dict().items()}, tmp_path / "a.pth")
    with torch.device("meta"):
        model = ChromaGAN(areas=1)
    model.to_empty(device="cpu").start_from_vgg16(tmp_path / "a.pth")
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(model.net.encoder(x), features[:23](x))
    with pytest.raises(InputError, match=r"must hold the weights of `features\.0\.0\.weight`"):
        trained_chromagan().start_from_vgg16(tmp_path / "a.pth")


def test_the_whole_picture_is_known_everywhere():
    torch.manual_seed(0)
    net, x = ChromaGANNet(2, "small", 1, 3, letter=False).double(), torch.rand(1, 3, 64, 64)
    x = x.double()
    local = net.encoder(x)
    whole = net.wider(local).mean((2, 3))
    around = net.dense(whole)[..., None, None].expand(-1, -1, 8, 8)
    chroma, logits = net(x)
    assert_close(chroma, net.up(net.fuse(torch.cat([net.middle(local), around], 1))))
    assert_close(logits, net.classes(whole))
    dense = torch.nn.Linear(16, 8).double()
    first, second, third = net.dense
    dense.weight.data = third.weight @ second.weight @ first.weight  # One linear map in three.
    dense.bias.data = third(second(first.bias))
    assert_close(dense(whole), net.dense(whole))


def test_at_the_published_size_each_mean_is_of_one_place():
    net = trained_chromagan(areas=7).net
    seen = []
    net.dense.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    x = torch.rand(1, 3, 224, 224)
    net(x)
    assert torch.equal(seen[0], net.wider(net.encoder(x)).flatten(1))


@pytest.mark.parametrize("letter", [False, True])
def test_chroma_is_that_of_its_formula(letter):
    model = trained_chromagan(letter=letter, areas=2)
    content = gray(torch.rand(2, 3, 32, 32))
    seen = rgb_to_lab(content)[:, :1].expand(-1, 3, -1, -1) / 100
    if not letter:
        mean, std = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
        seen = (seen - mean) / std
    share = model.net(seen)[0].sigmoid()
    expected = 255 * share - 128 if letter else 110 * (2 * share - 1)
    assert_close(model.chroma(content)[0], expected)


def test_only_by_the_letter_do_neighbours_change_a_picture_in_training():
    content = gray(torch.rand(2, 3, 64, 64))
    for letter in (False, True):
        model = trained_chromagan(letter=letter, areas=2).train()
        alone, together = model.chroma(content[:1])[0], model.chroma(content)[0][:1]
        assert torch.allclose(alone, together, atol=1e-3) is not letter


def test_it_learns_two_photographs_by_heart():
    photos = [load_portrait(name)[0][None] for name in ("astronaut", "grace_hopper")]
    truth = torch.cat([interpolate(photo, (32, 32), mode="area") for photo in photos])
    torch.manual_seed(0)
    model, chroma = ChromaGAN(8, "small", 1), rgb_to_lab(truth)[:, 1:]
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(150):
        optimizer.zero_grad()
        ((model.chroma(gray(truth))[0] - chroma) / 255).square().mean().backward()
        optimizer.step()
    with torch.no_grad():
        result = model.eval()(gray(truth)).clamp(0, 1)
    learned, grey = (psnr(image, truth).mean() for image in (result, gray(truth)))
    assert learned > grey + 4


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"width": 0}, "ChromaGAN expects width to be a whole number of at least 1, got 0."),
        ({"encoder": "vgg"}, "ChromaGAN expects encoder to be one of ['vgg16', 'small'], got 'v"),
        ({"width": 1000}, "ChromaGAN expects width to be at most 512, areas at most 16 and cla"),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        ChromaGAN(**options)


def test_sides_that_are_no_multiples_are_refused_in_words():
    with pytest.raises(ValueError, match=r"content to be multiples of 8, got 16 x 12\.$"):
        trained_chromagan()(torch.rand(1, 3, 16, 12))
