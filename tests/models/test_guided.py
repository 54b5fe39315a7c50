"""Guided colorization against its published size and costs, and what its hints are worth."""

import re
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import conv_transpose2d, interpolate, l1_loss
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.color import to_gray, turn_hue
from flowcolor.data import HintPoints
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.metrics.psnr import psnr
from flowcolor.models import Guided, Hints
from flowcolor.models.guided_net import GuidedNet
from tests.models.helpers import trained_guided

CLASSES = 256 * 529 + 529  # The published network has a second head, which only its training uses.


def gray(photos):
    return to_gray(photos).expand(-1, 3, -1, -1)


def portraits():
    photos = [load_portrait(name)[0][None] for name in ("astronaut", "grace_hopper")]
    return torch.cat([interpolate(photo, (32, 32), mode="area") for photo in photos])


def hinted(truth, seed, **options):
    batch = {"truth": truth, "index": torch.arange(len(truth)), "name": ["a"] * len(truth)}
    given = HintPoints(**options)(batch, seed=seed, epoch=0)
    return Hints(given["hint_colors"], given["hint_mask"])


def learn(model, steps, truth_of, hints_of):
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(steps):
        truth = truth_of(step)
        optimizer.zero_grad()
        l1_loss(model(gray(truth), hints=hints_of(truth, step)), truth).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model.eval()


def test_parameters_and_costs_are_those_of_the_published_network():
    with torch.device("meta"):
        net, x = Guided().net, torch.empty(1, 4, 256, 256)
        with FlopCounterMode(display=False) as counter:
            net(x)
    assert sum(p.numel() for p in net.parameters()) + CLASSES == 34_187_027
    assert counter.get_total_flops() / 2e9 == pytest.approx(75.75 - 0.55, abs=0.05)


def test_skips_are_summed_and_every_other_pixel_is_dropped():
    net, x = GuidedNet(2).double(), torch.randn(1, 4, 16, 16).double()
    first = net.down[0](x)
    second = net.down[1](first[..., ::2, ::2])
    third = net.down[2](second[..., ::2, ::2])
    deep = net.middle(third[..., ::2, ::2])
    for i, known in enumerate((third, second, first)):
        up = conv_transpose2d(deep, net.up[i].weight, net.up[i].bias, stride=2, padding=1)
        deep = net.after[i](up + net.skip[i](known))
    assert_close(net(x), net.chroma(torch.where(deep > 0, deep, 0.2 * deep)))


def test_no_hints_and_an_empty_mask_are_the_same():
    model, photos = trained_guided(), torch.rand(2, 3, 16, 16)
    empty = Hints(photos, torch.zeros(2, 1, 16, 16))
    assert torch.equal(model(gray(photos)), model(gray(photos), hints=empty))


def test_the_net_sees_lightness_chroma_and_mask_around_zero():
    model, seen = trained_guided(), []
    model.net.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    content, mask = torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 8)
    content[..., 4:] = 1
    mask[..., 0, 0] = 1
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    model(content, hints=Hints(red, mask))
    light, a, b, where = seen[0][0]
    assert_close(light[0], torch.tensor([-0.5] * 4 + [0.5] * 4), rtol=0, atol=1e-4)
    assert_close(
        torch.stack([a, b])[:, 0, 0] * 110, torch.tensor([80.09, 67.20]), rtol=0, atol=0.02
    )
    assert not a[1:].any()
    assert_close(where, mask[0, 0] - 0.5)


def test_only_the_chroma_of_a_hint_counts_and_only_where_it_is_given():
    model, photos = trained_guided(), torch.rand(1, 3, 16, 16)
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 5, 6] = 1
    result = model(gray(photos), hints=Hints(photos, mask))
    elsewhere = torch.where(mask > 0, photos, 1 - photos)
    assert torch.equal(model(gray(photos), hints=Hints(elsewhere, mask)), result)
    dark, light = (torch.full_like(photos, value) for value in (0.1, 0.9))
    found = [model(gray(photos), hints=Hints(colors, mask)) for colors in (dark, light)]
    assert_close(*found, rtol=0, atol=1e-5)


def test_it_learns_two_photographs_by_heart():
    torch.manual_seed(0)
    truth = portraits()
    model = learn(Guided(8), 60, lambda _: truth, lambda *_: None)
    learned, grey = (psnr(x.clamp(0, 1), truth).mean() for x in (model(gray(truth)), gray(truth)))
    assert learned > grey + 6


def test_more_hints_bring_it_nearer_to_colours_that_only_they_can_tell():
    torch.manual_seed(0)
    photos = portraits().repeat(2, 1, 1, 1)

    def turned(_):
        return turn_hue(photos, torch.rand(len(photos), 1, 1, 1))

    model = learn(Guided(8), 150, turned, lambda truth, step: hinted(truth, step))
    truth = turned(0)
    found = {}
    for number in (0, 1, 5, 20, 50):
        result = model(gray(truth), hints=hinted(truth, 1000, count=number)).clamp(0, 1)
        found[number] = float(psnr(result, truth).mean().detach())
    assert all(more > fewer - 0.05 for fewer, more in pairwise(found.values()))
    assert found[50] > found[5] + 0.5 > found[0] + 0.7


def test_what_it_cannot_do_is_refused_in_words():
    expected = "Guided expects width to be at most 512, got 1000."
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Guided(1000)
    with pytest.raises(ValueError, match=r"content to be multiples of 8, got 16 x 12\.$"):
        trained_guided()(torch.rand(1, 3, 16, 12))
