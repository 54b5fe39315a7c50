"""The noise that is asked for against its formula."""

import math

import pytest
import torch
from torch.nn.functional import interpolate
from torch.testing import assert_close

from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.errors import InputError
from flowcolor.models import Palette
from flowcolor.models.diffusion import signal_levels
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


def test_validation_hides_a_picture_alike_whatever_stands_beside_it():
    """Batches of other sizes, and several processes, measure the same."""
    model, objective = trained_palette(), Denoising()
    batch = drawn(4) | {"index": torch.arange(4)}
    with torch.no_grad():
        whole = objective.scores(model, batch)["noise"]
        dealt = [{name: part[i::2] for name, part in batch.items()} for i in range(2)]
        parts = [objective.scores(model, part)["noise"] for part in dealt]
    assert_close(torch.stack(parts).mean(), whole)


def test_gradients_reach_all_weights():
    model = trained_palette()
    Denoising().losses(model, drawn())["loss"].backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_noise_hides_a_picture_as_much_as_its_level_says():
    torch.manual_seed(0)
    noisy, log_snr, noise = Denoising().hide(torch.full((2000, 1, 16, 16), 0.5))
    share = log_snr.sigmoid()
    assert_close(noisy.mean((1, 2, 3)), 0.5 * share.sqrt(), rtol=0, atol=0.3)
    assert float((noisy.mean((1, 2, 3)) - 0.5 * share.sqrt()).mean()) == pytest.approx(0, abs=0.005)
    variances = noisy.var((1, 2, 3)) / (1 - share)
    assert float(variances.mean()) == pytest.approx(1, abs=0.01)
    own = share[:, None, None, None]
    assert_close(noisy, own.sqrt() * 0.5 + (1 - own).sqrt() * noise, rtol=0, atol=1e-3)
    # Steps are even: a quarter of the levels lies above that of a quarter of the schedule.
    quarter = float(signal_levels(2000, 1e-6, 0.01)[499])
    assert float((share > quarter).float().mean()) == pytest.approx(0.25, abs=0.04)


@pytest.mark.parametrize("sampler", ["ancestral", "posterior", "ddim"])
@pytest.mark.parametrize("steps", [None, 25])
def test_painting_tells_of_no_level_that_training_does_not_show(sampler, steps):
    model, told = trained_palette(sampler=sampler, steps=steps), []

    def predict(noisy, log_snr, content, reference=None):
        told.append(float(log_snr[0]))
        return torch.zeros_like(noisy)

    model.predict_noise = predict
    model(images(1, 2)[0])
    shown = Denoising().shares[1:].logit()
    assert len(told) == (steps or 1000)
    assert float(shown.min()) - 1e-5 <= min(told)
    assert max(told) <= float(shown.max())
    assert told == sorted(told)
    if steps is None:  # What is not beyond it is told as it is.
        own = signal_levels(1000, 1e-4, 0.09).logit().flip(0).tolist()
        kept = [level for level in own if level > float(shown.min())]
        assert_close(torch.tensor(told[-len(kept) :]), torch.tensor(kept), rtol=0, atol=1e-5)


def test_it_learns_one_picture_by_heart():
    photo = interpolate(load_portrait("astronaut")[0][None], (8, 8), mode="area")
    content = photo.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    torch.manual_seed(0)
    model = Palette(16, [1], 1, [], head_width=16, sampler="ddim", steps=10)
    batch = {"content": content.expand(32, -1, -1, -1), "truth": photo.expand(32, -1, -1, -1)}
    objective = Denoising()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(200):
        optimizer.zero_grad()
        objective.losses(model, batch)["loss"].backward()
        optimizer.step()
    with torch.no_grad():
        found = model.eval()(content)
    assert -10 * float((found - photo).square().mean().log10()) > 25


def test_what_it_cannot_train_is_refused_in_words():
    with pytest.raises(InputError, match=r"^Denoising expects .* Palette, got Pix2Pix\.$"):
        Denoising().check(trained_pix2pix())
    with pytest.raises(InputError, match=r"0 < first <= last < 1, got 0\.5 and 0\.1\.$"):
        Denoising(steps=10, first=0.5, last=0.1)
