"""RevGAN against its published sizes and against plain autograd in both directions."""

import re

import pytest
import torch
from torch.nn.functional import interpolate, l1_loss
from torch.testing import assert_close

from flowcolor.data import SobelLines
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.metrics.psnr import psnr
from flowcolor.models import PatchCritic, RevGAN
from flowcolor.testing import check_invertible
from tests.models.helpers import images, trained_revgan
from tests.saved_bytes import SavedBytes


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_parameters_are_those_of_the_public_code():
    with torch.device("meta"):
        model = RevGAN()
        assert count(RevGAN(both=False)) == 6_069_763
        assert count(RevGAN(16, 4)) == 249_862
        assert count(PatchCritic(3)) == 2_764_737
        assert count(PatchCritic(6)) == 2_767_809
    encoders, decoders = (
        (model.drawing_encoder, model.photo_encoder),
        (model.photo_decoder, model.drawing_decoder),
    )
    assert {count(encoder) for encoder in encoders} == {378_496}
    assert {count(decoder) for decoder in decoders} == {378_243}
    assert count(model.core) == 5_313_024
    assert count(model) == 6_826_502


def test_the_core_has_the_jacobian_and_the_inverse_of_its_formula():
    core, x = trained_revgan().core, torch.randn(2, 8, 3, 4)
    check_invertible(core, x)
    x = x.double()
    core = core.double()
    first, second = x.chunk(2, 1)
    for f, g in zip(core[::2], core[1::2], strict=True):
        first = first + f.net(second)
        second = second + g.net(first)
    assert_close(core(x)[0], torch.cat([first, second], 1))
    assert_close(core.inverse(core(x)[0])[0], x)


@pytest.mark.parametrize("memory", ["checkpoint", "reversible"])
@pytest.mark.parametrize("way", ["colorize", "draw"])
def test_gradients_of_both_ways_are_those_of_plain_autograd(memory, way):
    weights = torch.randn(2, 3, 16, 16, dtype=torch.float64)

    def gradients(memory):
        model = trained_revgan(memory=memory, blocks=3).double().train()
        image = images()[1].double().requires_grad_()
        (weights * getattr(model, way)(image)).sum().backward()
        return {"image": image.grad} | {name: p.grad for name, p in model.named_parameters()}

    expected, found = gradients("none"), gradients(memory)
    assert any("core" in name and right is not None for name, right in expected.items())
    for name, right in expected.items():
        assert_close(found[name], right, rtol=0, atol=1e-10, msg=name)


def test_the_core_keeps_its_inverse_in_float32_on_blank_paper():
    model = trained_revgan(width=8, blocks=9)
    with torch.no_grad():
        features = model.drawing_encoder(torch.ones(1, 3, 32, 32))
        again = model.core.inverse(model.core(features)[0])[0]
    assert_close(again, features, rtol=0, atol=1e-4)


def test_reversible_the_core_keeps_a_twentieth_of_what_autograd_keeps():
    model, features = RevGAN(4, 9), torch.rand(2, 16, 16, 16, requires_grad=True)
    kept = {}
    for model.memory in ("none", "reversible"):
        with SavedBytes() as saved:
            y, _ = model.core(features)
        kept[model.memory] = saved.beside(*model.parameters())
        del y
    assert kept["reversible"] <= kept["none"] / 20


def test_training_and_use_give_the_same_image():
    model, content = trained_revgan(), images()[0]
    used = model.colorize(content)
    assert torch.equal(model.train().colorize(content), used)
    assert used.min() >= 0
    assert used.max() <= 1


def test_some_steps_learn_two_portraits():
    names = "astronaut", "grace_hopper"
    photos = [interpolate(load_portrait(n)[0][None], (32, 32), mode="area")[0] for n in names]
    drawings = torch.stack([SobelLines()(p, (32, 32)) for p in photos]).expand(-1, 3, -1, -1)
    torch.manual_seed(0)
    model, truth = RevGAN(16, 4, both=False, memory="reversible"), torch.stack(photos)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(25):
        optimizer.zero_grad()
        l1_loss(model(drawings), truth).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert psnr(model.eval()(drawings).clamp(0, 1), truth).mean() > 21.1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"width": 0}, "RevGAN expects width to be a whole number of at least 1, got 0."),
        ({"norm_eps": 0.0}, "RevGAN expects norm_eps to be a finite number above 0, got 0.0."),
        (
            {"width": 10_000},
            (
                "RevGAN expects width and blocks of at most 4 billion parameters and 1024 blocks, "
                "got 10000 and 9."
            ),
        ),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        RevGAN(**options)


def test_what_it_cannot_do_is_refused_in_words():
    with pytest.raises(ValueError, match=r"multiples of 4 and at least 8, got 8 x 4\.$"):
        trained_revgan().colorize(torch.rand(1, 3, 8, 4))
    with pytest.raises(ValueError, match=r"expects both=True for the way from photographs to"):
        trained_revgan(both=False).draw(torch.rand(1, 3, 8, 8))
