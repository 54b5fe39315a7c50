"""Self-supervised sketch-to-image against its published sizes, and what its parts promise."""

import re

import pytest
import torch
from torch import nn
from torch.nn.functional import l1_loss
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError
from flowcolor.io.resizing import resize
from flowcolor.metrics.psnr import psnr
from flowcolor.models import SelfSupervisedS2I
from flowcolor.models.s2i_blocks import Noise, norm
from flowcolor.models.s2i_critic import ImageCritic
from flowcolor.models.s2i_dual_mask import DualMask
from flowcolor.working_size import run
from tests.models.helpers import images, trained_s2i


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameters_maps_and_answers_are_those_of_the_published_networks():
    with torch.device("meta"):
        model, critic = SelfSupervisedS2I(), ImageCritic(64, 3)
        parts, head = model.autoencoder, nn.Linear(512, 500)
        assert count(parts.content) == 9_033_664
        assert count(parts.style) + count(head) == 14_795_700
        assert count(parts.decoder) == 18_995_640
        assert count(parts) + count(head) == 42_825_004
        noises = sum(isinstance(part, Noise) for part in model.refiner.modules())
        assert count(model.refiner) - noises == 5_659_328
        assert count(critic) == 16_863_360
        maps = parts.content(torch.empty(2, 1, 512, 512))
        assert [tuple(found.shape[1:]) for found in maps] == [
            (128, 32, 32),
            (256, 16, 16),
            (512, 8, 8),
        ]
        assert critic(torch.empty(2, 3, 512, 512)).shape == (2, 1, 5, 5)
        for stems, side in ((0, 64), (2, 256)):  # Of any size, by as many answers.
            assert ImageCritic(64, stems)(torch.empty(2, 3, side, side)).shape == (2, 1, 5, 5)
        small = SelfSupervisedS2I(8, 64, stage=1)
    assert 0.68e6 < count(small) < 0.70e6


@pytest.mark.slow
def test_a_colorization_at_its_own_512_takes_the_multiplications_of_the_public_code():
    with torch.device("meta"):
        model, images = SelfSupervisedS2I().eval(), torch.empty(2, 1, 3, 512, 512)
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        model(*images)
    # There, those by which spectral norms are estimated are counted, too.
    assert flops.get_total_flops() / 2e9 == pytest.approx(49.27, abs=0.15)


def test_gains_of_the_letter_are_a_vector_of_length_1():
    x = torch.randn(64, 16, 4, 4)
    deviations = [norm(16, letter)(x).std((0, 2, 3), correction=0) for letter in (True, False)]
    assert_close(deviations[0], torch.full((16,), 0.25), rtol=1e-4, atol=0)
    assert_close(deviations[1], torch.ones(16), rtol=1e-4, atol=0)
    assert trained_s2i(unit_gains=True)(*images(side=32)).isfinite().all()


def test_a_mask_of_ones_and_of_zeros_shows_both_halves_of_the_formula():
    mask, f = DualMask(3), torch.randn(2, 3, 4, 4)
    assert_close(mask(f, torch.ones_like(f)), 1.01 * f)
    assert_close(mask(f, torch.zeros_like(f)), 0.99 * f)
    half = torch.full_like(f, 0.5)
    assert_close(mask(f, half), f)


def test_two_portraits_are_learned_by_heart():
    names = ("astronaut", "grace_hopper")
    photos = torch.stack([resize(load_portrait(name)[0], (32, 32)) for name in names])
    lines = torch.stack([GradientLines()(photo, (32, 32)) for photo in photos])
    content = lines.expand(-1, 3, -1, -1)
    torch.manual_seed(0)
    model = SelfSupervisedS2I(8, 64, stage=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(50):
        optimizer.zero_grad()
        result = model(content, photos.flip(3))
        l1_loss(result, photos).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    assert psnr(result.detach().clamp(0, 1), photos).mean() > 21.5 - 2
    exchanged = model(content, photos.flip(3).flip(0))
    assert (exchanged - result).abs().mean() > 0.01


def test_stage_2_takes_over_the_autoencoder_and_paints_the_same_way_twice():
    first, second = trained_s2i(stage=1), trained_s2i(seed=1)
    second.load_state_dict(second.upgraded(first.state_dict()))
    for name, value in first.state_dict().items():
        assert torch.equal(second.state_dict()[name], value)
    given = images(side=32)
    assert torch.equal(second(*given), second(*given))
    assert not torch.equal(first(*given), second(*given))


@pytest.mark.parametrize("stage", [1, 2])
def test_a_tiny_drawing_is_painted(stage):
    model = trained_s2i(stage=stage)
    drawing, photo = torch.rand(1, 7, 7), torch.rand(3, 7, 7)
    assert run(model, drawing.expand(3, -1, -1), photo, None).result.shape == (3, 7, 7)


def test_what_it_cannot_do_is_refused_in_words():
    for options, expected in (
        ({"size": 96}, "expects size to be 64 times a power of 2, up to 4096, got 96."),
        ({"size": 512}, "expects width to be at least 4 for size 512, got 2."),
        ({"size": 32}, "expects size to be 64 times a power of 2, up to 4096, got 32."),
        ({"stage": 3}, "expects width up to 256 and stage 1 or 2, got 2 and 3."),
    ):
        with pytest.raises(ValueError, match=f"^SelfSupervisedS2I {re.escape(expected)}$"):
            SelfSupervisedS2I(**{"width": 2, "size": 64} | options)
    with pytest.raises(ValueError, match=r"multiples of 8 and at least 16, got 20 x 16\.$"):
        trained_s2i()(torch.rand(1, 3, 20, 16), torch.rand(1, 3, 20, 16))


def test_one_photograph_which_has_no_statistics_of_a_batch_is_refused_in_training():
    model, image = trained_s2i(stage=1).train(), torch.rand(1, 3, 16, 16)
    expected = r"^SelfSupervisedS2I, in training, expects batches of two samples or more, got 1\.$"
    with pytest.raises(InputError, match=expected):
        model(image, image)
    model.autoencoder.eval()  # As while a refiner is trained.
    assert model(image, image).shape == image.shape
