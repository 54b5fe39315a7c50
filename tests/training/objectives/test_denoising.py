"""The noise that is asked for against its formula."""

import math

import pytest
import torch
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.training.objectives import Denoising
from tests.models.helpers import images, trained_palette, trained_pix2pix


def drawn(batch=2, side=16):
    content, photo = images(batch, side)
    return {"content": content, "reference": photo.flip(0), "truth": photo}


@pytest.mark.parametrize("with_reference", [False, True])
@pytest.mark.parametrize("power", [1, 2])
def test_the_loss_is_that_of_its_formula(with_reference, power):
    model, objective, batch = (
        trained_palette(with_reference=with_reference),
        Denoising(power),
        drawn(),
    )
    torch.manual_seed(3)
    found = objective.losses(model, batch)["loss"]
    torch.manual_seed(3)
    noisy, log_snr, noise = objective.hide(2 * batch["truth"] - 1)
    reference = batch["reference"] if with_reference else None
    predicted = model.predict_noise(noisy, log_snr, batch["content"], reference)
    assert_close(found, ((predicted - noise).abs() ** power).mean())


@pytest.mark.parametrize(("power", "expected"), [(1, math.sqrt(2 / math.pi)), (2, 1.0)])
def test_who_says_nothing_misses_all_noise(power, expected):
    model = trained_palette(size=0.0)  # Its last convolution is still 0.
    with torch.no_grad():
        loss = Denoising(power).scores(model, drawn(4, 64))["noise"]
    assert float(loss) == pytest.approx(expected, rel=0.01)


def test_validation_meets_the_same_noise_every_time_and_training_does_not():
    model, objective, batch = trained_palette(), Denoising(), drawn()
    first, second = (objective.scores(model, batch)["noise"] for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(*(objective.losses(model, batch)["loss"] for _ in range(2)))


def test_gradients_reach_all_weights():
    model = trained_palette()
    Denoising().losses(model, drawn())["loss"].backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_what_it_cannot_train_is_refused_in_words():
    with pytest.raises(InputError, match=r"^Denoising expects .* Palette, got Pix2Pix\.$"):
        Denoising().check(trained_pix2pix())
    with pytest.raises(InputError, match=r"0 < first <= last < 1, got 10, 0\.5 and 0\.1\.$"):
        Denoising(steps=10, first=0.5, last=0.1)
