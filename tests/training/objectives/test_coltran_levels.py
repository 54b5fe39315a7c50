"""ColTran's networks one by one: chances of drawing, levels of channels, and the way of colours."""

import pytest
import torch
from torch.nn.functional import cross_entropy, layer_norm
from torch.testing import assert_close

from flowcolor.color import to_gray
from flowcolor.io.resizing import resize
from flowcolor.models.color_symbols import bin_levels, middle
from flowcolor.models.coltran_core import ColTranCore
from flowcolor.models.coltran_sample import sample_colors
from flowcolor.training.objectives import Symbols
from tests.models.helpers import images, trained_coltran


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_colours_are_drawn_as_often_as_their_probability_at_the_temperature_says(temperature):
    core, chances = ColTranCore(1, 4, 2, (1, 1, 1)), torch.tensor([0.6, 0.3, 0.1])
    with torch.no_grad():
        core.head.weight.zero_()
        core.head.bias.fill_(-100)
        core.head.bias[[5, 300, 511]] = chances.log()
        encoding = core.encode(torch.zeros(1, 1, 1, dtype=torch.int64)).expand(8000, -1, -1, -1)
    bins, _ = sample_colors(core, encoding, temperature, torch.Generator().manual_seed(0))
    expected = chances ** (1 / temperature) / (chances ** (1 / temperature)).sum()
    found = bins.flatten().bincount(minlength=512)[[5, 300, 511]] / 8000
    assert_close(found, expected, rtol=0, atol=0.02)
    again, _ = sample_colors(core, encoding, temperature, torch.Generator().manual_seed(0))
    assert torch.equal(again, bins)


def test_logits_come_from_normalised_features():
    model = trained_coltran()
    for net, norm in ((model.core.logits, model.core.norm), (None, model.spatial.norm)):
        seen = []
        norm.register_forward_hook(lambda module, given, result, seen=seen: seen.append(given[0]))
        if net is None:
            gray, rough = torch.randint(256, (1, 4, 4)), torch.randint(256, (1, 3, 4, 4))
            found, head = model.spatial(gray, rough, torch.tensor([1])), model.spatial.head
        else:
            found, head = net(torch.randn(1, 4, 4, 4)), model.core.head
        assert_close(found, head(layer_norm(seen[0], (4,), norm.weight, norm.bias)))


@pytest.mark.parametrize(("name", "levels", "side"), [("color", 8, 2), ("spatial", 256, 4)])
def test_each_channel_has_levels_of_its_own_and_sees_the_grey_image(name, levels, side):
    net = getattr(trained_coltran(), name)
    gray = torch.randint(256, (1, side, side))
    rough = torch.randint(levels, (1, 1, side, side)).expand(-1, 3, -1, -1)
    for channel in range(3):
        logits = net(gray, rough, torch.tensor([channel]))
        (grad,) = torch.autograd.grad(logits.square().sum(), net.symbol.weight)
        used = grad.abs().sum(1).nonzero()[:, 0].unique().tolist()
        assert used == (rough[0, 0].unique() + channel * levels).tolist()
        other = net(255 - gray, rough, torch.tensor([channel]))
        assert not torch.isclose(other, logits).any(-1).all()
        assert torch.equal(net.likeliest(gray, rough)[:, channel], logits.argmax(-1))


@pytest.mark.parametrize("stage", [2, 3])
def test_bits_of_a_level_are_those_of_the_true_byte_of_its_channel(stage):
    model = trained_coltran(stage=stage, core_size=4 if stage == 2 else 2)
    content, photo = images(side=4)
    fine = (photo * 255).round().long()
    gray = (to_gray(content)[:, 0] * 255).round().long()
    rough = fine // 32
    if stage == 3:  # What comes from the stage before has a quarter of the pixels, in whole bytes.
        small = (resize(photo, (2, 2)) * 255).round().clamp(0, 255)
        rough = (resize(small / 255, (4, 4)) * 255).round().clamp(0, 255).long()
    nats = [
        cross_entropy(
            model.learning(gray, rough, torch.full((2,), channel)).movedim(-1, 1),
            fine[:, channel],
            reduction="none",
        ).mean((1, 2))
        for channel in range(3)
    ]
    (bits,) = model.bits(content, photo).values()
    assert_close(bits, torch.stack(nats).mean(0) / torch.tensor(2.0).log())


def test_colours_pass_from_the_core_to_their_levels_and_to_all_pixels():
    model, (content, _) = trained_coltran(), images(side=4)
    gray = (to_gray(content)[:, 0] * 255).round().long()
    small = (to_gray(resize(content, (2, 2)))[:, 0] * 255).round().long()
    bins, _ = sample_colors(model.core, model.core.encode(small))
    rough = torch.stack([bins // 64, bins // 8 % 8, bins % 8], 1)

    def levels(net, gray, rough):
        chosen = (torch.full((2,), channel) for channel in range(3))
        return torch.stack([net(gray, rough, one).argmax(-1) for one in chosen], 1)

    coarse = levels(model.color, small, rough) / 255
    rough = (resize(coarse, (4, 4)) * 255).round().clamp(0, 255).long()
    assert_close(model(content), levels(model.spatial, gray, rough) / 255)


def test_what_training_minimises_and_what_is_drawn_see_the_reference():
    model = trained_coltran(stage=1, with_reference=True, core_size=4)
    content, photo = images(side=4)
    batch = {"content": content, "truth": photo, "reference": photo.flip(0)}
    found = Symbols().losses(model, batch)
    expected = model.bits(content, photo, photo.flip(0))
    core, parallel = expected["core"].mean(), expected["parallel"].mean()
    assert_close(found["loss"], 0.99 * core + 0.01 * parallel)
    assert not torch.isclose(core, model.bits(content, photo, photo)["core"].mean())
    gray = (to_gray(content)[:, 0] * 255).round().long()
    bins = [sample_colors(model.core, model.core.encode(gray, x))[0] for x in (photo, None)]
    assert not torch.equal(*bins)
    assert_close(model(content, photo), middle(bin_levels(bins[0])))
