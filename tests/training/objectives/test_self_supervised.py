"""Content told from style, and the refiner that comes after it."""

import re

import pytest
import torch
from torch.nn.functional import mse_loss
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.losses import MSELPIPSLoss
from flowcolor.models import SelfSupervisedS2I
from flowcolor.training.frozen import freeze_the_rest
from flowcolor.training.objectives import Refining, SelfSupervised
from flowcolor.training.objectives.erased import bold, erased
from tests.models.helpers import images, trained_s2i


def batch(side=64, count=2):
    content, photo = images(count, side=side)
    given = {"content": content, "truth": photo, "reference": photo.flip(3)}
    return given | {"index": torch.arange(count) + 2**32, "name": ["a", "b"][:count]}


def test_training_tells_content_from_style():
    torch.manual_seed(0)
    model, objective = SelfSupervisedS2I(4, 64, stage=1), SelfSupervised(4, 8)
    given = batch()
    parameters = [*model.parameters(), *objective.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    for turn in range(24):
        optimizer.zero_grad()
        found = objective.losses(model, given)
        assert ("style" in found) == (turn % 2 == 0)
        found["loss"].backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        style, flipped = (
            model.vectors(photo)[-1] for photo in (given["truth"], given["reference"])
        )
        content = given["content"]
        plain, wide = (model.maps(drawing)[-1] for drawing in (content, bold(content)))
    alike = torch.cosine_similarity(style, flipped)
    assert (alike > 0.5 + torch.cosine_similarity(style, flipped.roll(1, 0))).all()
    assert mse_loss(wide, plain) < 0.7 * mse_loss(wide.roll(1, 0), plain)


def test_the_first_turn_moves_all_weights_and_the_second_leaves_the_head_alone():
    model, objective = trained_s2i(stage=1).train(), SelfSupervised(2, 4)
    given = batch()
    found = objective.losses(model, given)
    everything = [*model.parameters(), *objective.parameters()]
    grads = torch.autograd.grad(found["loss"], everything, allow_unused=True)
    assert all(grad is not None for grad in grads)
    found = objective.losses(model, given)
    grads = torch.autograd.grad(found["loss"], everything, allow_unused=True)
    heads = len(list(objective.parameters()))
    assert all(grad is None for grad in grads[-heads:])
    content = len(list(model.autoencoder.content.parameters()))  # They come first.
    assert all(grad is not None for grad in grads[:content])


def test_the_refiner_learns_and_leaves_the_autoencoder_bit_for_bit():
    torch.manual_seed(0)
    model, objective, given = trained_s2i(), Refining(2, 64, weight=0.5), batch()
    freeze_the_rest(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.Adam(model.learning.parameters(), lr=1e-2)
    made = objective.losses(model, given)
    losses = objective.critic_losses(given, made)
    (made["loss"] + losses["critic"]).backward()
    assert all(weight.grad is not None for weight in objective.critic_parameters())
    optimizer.step()
    for name, value in model.state_dict().items():
        changes = not torch.equal(value, before[name])
        assert not (changes and name.startswith("autoencoder.")), name
    assert not torch.equal(model.state_dict()["refiner.mix.weight"], before["refiner.mix.weight"])
    fake = objective.critic(2 * made["result"].detach() - 1)
    assert torch.isfinite(fake).all()
    assert_close(made["loss"], _distance(objective, made, given) + 0.5 * made["adversarial"])


def _distance(objective, made, given):
    return objective.loss(made["result"], given["truth"])["loss"]


@pytest.mark.parametrize("stage", [1, 2])
def test_the_published_distance_trains_both_stages(stage):
    loss = MSELPIPSLoss(4.0, 32.0, random_weights=True)
    objective = SelfSupervised(2, 4, loss) if stage == 1 else Refining(2, 64, loss, weight=0.5)
    objective.prepare()
    model = trained_s2i(stage=stage).train()
    found = objective.losses(model, batch())
    rest = 0.5 * found["adversarial"] if stage == 2 else _parts(found)
    assert_close(found["loss"], 4 * found["mse"] + 32 * found["lpips"] + rest)
    found["loss"].backward()
    assert all(weight.grad is not None for weight in model.learning.parameters())


def _parts(found):
    return found["style"] + found["content"] + found["classes"]


def test_erasing_makes_paper_and_nothing_else():
    torch.manual_seed(0)
    drawing = torch.rand(64, 3, 32, 32) * 0.5
    gone = erased(drawing)
    changed = gone != drawing
    assert (gone[changed] == 1).all()
    touched = changed.flatten(1).any(1).float().mean()
    assert 0.85 < touched <= 1  # 1 - 0.2 ** 2 of them.
    assert 0.01 < changed.float().mean() < 0.2


def test_each_box_has_an_eighth_to_a_third_of_each_side_and_lies_anywhere():
    torch.manual_seed(0)
    gone = erased(torch.zeros(500, 3, 64, 96), boxes=1, share=1.0)[:, 0].bool()
    rows, columns = gone.any(2), gone.any(1)
    assert (gone == rows[:, :, None] & columns[:, None]).all()  # One box, on paper else.
    for inside in (rows, columns):
        count = inside.shape[1]
        side, first = inside.sum(1) / count, inside.int().argmax(1) / count
        assert ((side * count + 1 >= count / 8) & (side * count - 1 <= count / 3)).all()
        assert side.mean() == pytest.approx((1 / 8 + 1 / 3) / 2, abs=0.01)
        free = first / (1 - side)
        assert free.mean() == pytest.approx(0.5, abs=0.05)
        assert free.std() == pytest.approx(1 / 12**0.5, abs=0.03)


def test_what_they_cannot_train_is_refused_in_words():
    for objective, model, expected in (
        (SelfSupervised(2), trained_s2i(), "got SelfSupervisedS2I in stage 2."),
        (SelfSupervised(4), trained_s2i(stage=1), "expects the width of its colorizer, 2, got 4."),
        (Refining(2, 64), trained_s2i(stage=1), "got SelfSupervisedS2I in stage 1."),
        (Refining(4, 64), trained_s2i(), "width and size of its colorizer, (2, 64), got (4, 64)."),
    ):
        with pytest.raises(InputError, match=f"{re.escape(expected)}$"):
            objective.check(model)
    with pytest.raises(InputError, match=r"batches of two samples or more, got 1\.$"):
        SelfSupervised(2).losses(trained_s2i(stage=1), batch(count=1))
