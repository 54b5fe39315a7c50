"""ColTran against its published size, and its probabilities against what drawing shows of them."""

import math
import re
from itertools import combinations

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.color import to_gray
from flowcolor.models import ColTran
from flowcolor.models.color_symbols import BINS, bin_levels, middle, to_bins, to_bytes
from flowcolor.models.coltran_core import ColTranCore
from flowcolor.models.coltran_sample import sample_colors
from tests.models.helpers import images, trained_coltran


def count(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def core_and_gray(side=4, layers=(1, 1, 1), size=0.3):
    """Return a core in float64 whose weights have moved, with grey levels."""
    torch.manual_seed(0)
    core = ColTranCore(side, 8, 2, layers).double()
    with torch.no_grad():
        for parameter in core.parameters():
            parameter += size * torch.randn_like(parameter)
    return core, torch.randint(256, (2, side, side))


def test_parameters_are_those_of_the_published_networks():
    with torch.device("meta"):
        model = ColTran()
        small = ColTran(64, 16, 128, 4, (2, 1, 1), 2, 64, 2)
    core = model.core
    parts = {
        "core": count(core),
        "encoder": count(core.gray, core.encoder),
        "outer": count(core.outer, core.outer_places),
        "inner": count(core.inner, core.inner_places),
        "color": count(model.color),
        "spatial": count(model.spatial),
        "small core": count(small.core),
        "small color": count(small.color),
        "small spatial": count(small.spatial),
    }
    published = {"core": 46.31, "encoder": 12.81, "outer": 18.99, "inner": 13.72}
    published |= {"color": 13.48, "spatial": 10.91}
    published |= {"small core": 1.66, "small color": 0.50, "small spatial": 0.20}
    assert {name: round(value / 1e6, 2) for name, value in parts.items()} == published


def test_passes_take_the_multiplications_of_the_published_networks():
    with torch.device("meta"):
        model = ColTran()
        gray, channels = (torch.empty(shape, dtype=torch.int64) for shape in ((1, 64, 64), (1, 3)))

    def passed(run):
        with torch.device("meta"), FlopCounterMode(display=False) as flops:
            run()
        return flops.get_total_flops() / 2e9

    def rough(side):
        return torch.empty(1, side, side, dtype=torch.int64), channels[..., None, None].expand(
            1, 3, side, side
        )

    core = passed(lambda: model.core(gray, model.core.encode(gray)))
    assert core == pytest.approx(163.7, abs=0.1)
    assert passed(lambda: model.color.likeliest(*rough(64))) == pytest.approx(169, abs=0.5)
    assert passed(lambda: model.spatial.likeliest(*rough(256))) == pytest.approx(2294, abs=1)


def test_a_pixel_s_logits_depend_on_all_pixels_before_it_and_on_no_other():
    core, gray = core_and_gray()
    encoding = core.encode(gray).detach()
    symbols = torch.randn(2, 4, 4, 8, dtype=torch.float64, requires_grad=True)
    core.symbol.register_forward_hook(lambda module, given, result: symbols)
    logits = core(gray, encoding)
    for place in range(16):
        (grad,) = torch.autograd.grad(
            logits.flatten(1, 2)[:, place].square().sum(), symbols, retain_graph=True
        )
        seen = grad.abs().sum((0, 3)).flatten() > 0
        assert seen.tolist() == [other < place for other in range(16)]


@pytest.mark.parametrize("layers", [(1, 1, 1), (1, 2, 2)])
def test_drawing_with_memories_is_drawing_without(layers):
    core, gray = core_and_gray(layers=layers)
    encoding = core.encode(gray)
    bins, logits = sample_colors(core, encoding, 1.0, torch.Generator().manual_seed(0))
    assert_close(core(bins, encoding), logits, rtol=0, atol=1e-9)
    likeliest, _ = sample_colors(core, encoding)
    slowly = torch.zeros_like(bins)
    for y in range(4):
        for x in range(4):
            slowly[:, y, x] = core(slowly, encoding)[:, y, x].argmax(-1)
    assert torch.equal(likeliest, slowly)
    assert not torch.equal(likeliest, bins)
    again, logits = sample_colors(core.float(), encoding.float())
    assert_close(core(again, encoding.float()), logits, rtol=0, atol=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_colours_are_drawn_as_often_as_their_probabilities_say(temperature):
    core, _ = core_and_gray(side=2)
    chances = {0: 0.5, 100: 0.3, 511: 0.2}  # The first and the last bin among them.
    with torch.no_grad():
        core.head.weight.zero_()
        core.head.bias.fill_(-100)
        for place, chance in chances.items():
            core.head.bias[place] = temperature * math.log(chance)
    count = 4000
    encoding = torch.zeros(count, 2, 2, 8, dtype=torch.float64)
    bins, _ = sample_colors(core, encoding, temperature, torch.Generator().manual_seed(0))
    pixels = bins.flatten(1)
    assert set(pixels.unique().tolist()) == set(chances)
    for first, chance in chances.items():
        shares = (pixels == first).double().mean(0)
        assert_close(shares, torch.full_like(shares, chance), rtol=0, atol=4 * 0.5 / count**0.5)
        for second, other in chances.items():  # Pixels have nothing to do with each other here.
            for one, two in combinations(range(4), 2):
                both = ((pixels[:, one] == first) & (pixels[:, two] == second)).double().mean()
                assert float(both) == pytest.approx(chance * other, abs=4 * 0.5 / count**0.5)


def test_the_likelihood_of_what_was_drawn_is_the_product_of_its_probabilities():
    model = trained_coltran(stage=1, core_size=4)
    content, _ = images(side=4)
    encoding = model.core.encode(to_bytes(content)[:, 0])
    bins, logits = sample_colors(model.core, encoding, 1.0, torch.Generator().manual_seed(0))
    chosen = logits.softmax(-1).gather(-1, bins[..., None]).flatten(1)
    drawn = middle(bin_levels(bins))
    assert_close(model.bits(content, drawn)["core"] * 16, -chosen.log2().sum(1))


def test_a_head_that_knows_nothing_needs_9_bits_a_pixel():
    model = trained_coltran(stage=1)
    nn.init.zeros_(model.core.head.weight)
    nn.init.zeros_(model.core.head.bias)
    bits = model.bits(*images(side=4))
    assert_close(bits["core"], torch.full((2,), 9.0))
    assert (bits["parallel"] != 9).all()


def test_every_colour_comes_back_from_its_bin():
    bins = torch.arange(BINS).view(1, 16, 32)
    assert torch.equal(to_bins(middle(bin_levels(bins))), bins)
    assert torch.equal(to_bins(bin_levels(bins) * 32 / 255), bins)  # The lowest byte of each.
    assert torch.equal(to_bins((bin_levels(bins) * 32 + 31) / 255), bins)  # And the highest.


def test_the_core_learns_one_picture_by_heart():
    torch.manual_seed(0)
    model = ColTran(8, 8, 32, 2, (1, 1, 1), 1, 8, 1, stage=1)
    content, photo = images(1, side=8)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        bits = model.bits(content, photo)["core"].mean()
        bits.backward()
        optimizer.step()
    assert bits < 0.05
    drawn = model.eval().colorize(content, generator=torch.Generator().manual_seed(0))
    assert (drawn - photo).abs().max() < 16.5 / 255  # Half a bin.


@pytest.mark.parametrize("stage", [2, 3])
def test_an_upsampler_asks_for_one_channel_in_training_and_for_all_otherwise(stage):
    model = trained_coltran(stage=stage)
    content, photo = images(4, side=4)
    (bits,) = model.bits(content, photo).values()
    model.learning.train()
    drawn = torch.stack([next(iter(model.bits(content, photo).values())) for _ in range(30)])
    assert_close(drawn.unique(dim=0).mean(0), bits, rtol=0.2, atol=0)
    for sample in drawn.T:
        assert len(sample.unique()) == 3
        assert_close(sample.unique().mean(), bits[drawn.T.tolist().index(sample.tolist())])


def test_a_channel_s_levels_depend_on_that_channel_of_the_rough_image():
    net = trained_coltran().spatial
    gray, rough = torch.randint(256, (1, 4, 4)), torch.randint(256, (1, 3, 4, 4))
    for channel in range(3):
        other = rough.clone()
        other[:, channel] = 255 - other[:, channel]
        for seen in range(3):
            chosen = torch.tensor([seen])
            same = torch.equal(net(gray, rough, chosen), net(gray, other, chosen))
            assert same == (seen != channel)


def test_a_later_stage_takes_over_the_networks_of_an_earlier_one():
    first, third = trained_coltran(stage=1), trained_coltran(seed=1)
    state = third.upgraded(first.state_dict())
    third.load_state_dict(state)
    for name, value in first.core.state_dict().items():
        assert torch.equal(third.core.state_dict()[name], value)
    assert third.learning is third.spatial
    seen = first(images(side=2)[0]) * 255  # Of the core's size: the middle of a bin.
    assert_close(seen % 32, torch.full_like(seen, 16), rtol=0, atol=1e-4)


def test_luma_is_replaced_on_request_and_chance_needs_a_generator():
    content, _ = images(side=4)
    model = trained_coltran(keep_luma=True)
    assert_close(to_gray(model(content)), content[:, :1])
    model = trained_coltran()
    drawn = model(content, generator=torch.Generator().manual_seed(0))
    certain = model(content, generator=torch.Generator().manual_seed(0), temperature=0.0)
    assert torch.equal(certain, model(content))
    assert not torch.equal(certain, drawn)


def test_what_it_cannot_do_is_refused_in_words():
    for options, expected in (
        ({"stage": 4}, "ColTran expects stage to be 1, 2 or 3, got 4."),
        ({"heads": 3}, "ColTran expects width that 3 heads divide, got 4."),
        (
            {"layers": [1, 1]},
            "ColTran expects layers of encoder, outer and inner decoder, got [1, 1].",
        ),
        (
            {"layers": 3},
            "ColTran expects layers of encoder, outer and inner decoder, got 3.",
        ),
        (
            {"layers": [1, 0.5, 1]},
            "ColTran expects layers[1] to be a whole number of at least 1, got 0.5.",
        ),
        ({"width": 4096}, "ColTran expects width to be up to 1024, got 4096."),
        ({"spatial_width": 5}, "ColTran expects spatial_width that 2 heads divide, got 5."),
        ({"layers": [1, 33, 1]}, "ColTran expects layers[1] to be up to 32, got 33."),
        ({"core_size": 2048}, "ColTran expects core_size to be up to 1024, got 2048."),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
            trained_coltran(**options)
    with pytest.raises(ValueError, match=r"temperature of at least 0, got -1\.$"):
        trained_coltran()(images(side=4)[0], temperature=-1.0)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_bits_of_images_that_are_not_finite_are_none(stage):
    model = trained_coltran(stage=stage)
    content, photo = torch.rand(2, 1, 16, 16).expand(-1, 3, -1, -1), torch.rand(2, 3, 16, 16)
    photo[0, 0, 0, 0] = torch.nan
    for bits in model.bits(content, photo).values():
        assert bits.isnan().tolist() == [True, False]


def test_the_default_type_of_numbers_does_not_matter():
    model, content = trained_coltran(), images(side=8)[0]
    bits, painted = model.bits(content, content), model(content)
    torch.set_default_dtype(torch.bfloat16)
    try:
        assert torch.equal(model(content), painted)
        assert torch.equal(model.bits(content, content)["spatial"], bits["spatial"])
    finally:
        torch.set_default_dtype(torch.float32)
