"""Translating both ways: the formula, whose weights move, and a pool that a checkpoint restores."""

import copy

import pytest
import torch
from torch.nn.functional import l1_loss, mse_loss
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.models import PatchCritic
from flowcolor.training.objectives import ImagePool, Unpaired
from tests.models.helpers import images, trained, trained_revgan


def played(**options):
    torch.manual_seed(5)
    critics = {f"{kind}_critic": PatchCritic(3, 4, 1) for kind in ("photo", "drawing")}
    content, truth = images(4)
    batch = {"content": content, "truth": truth, "name": list("abcd")}
    return Unpaired(**critics, **options), trained_revgan(), batch


def test_the_loss_is_that_of_its_formula():
    objective, model, batch = played(cycle=3.0, identity=2.0)
    s, t = batch["content"], batch["truth"]
    c, d = model.colorize, model.draw
    found = objective.losses(model, batch)

    def fools(critic, image):
        answers = critic(2 * image - 1)
        return mse_loss(answers, torch.ones_like(answers))

    def distance(a, b):
        return l1_loss(2 * a - 1, 2 * b - 1)

    adversarial = fools(objective.photo_critic, c(s)) + fools(objective.drawing_critic, d(t))
    cycle = distance(d(c(s)), s) + distance(c(d(t)), t)
    identity = distance(c(t), t) + distance(d(s), s)
    assert_close(found["adversarial"], adversarial)
    assert_close(found["loss"], adversarial + 3 * cycle + 2 * identity)
    assert_close(found["result"], c(s))
    assert_close(found["drawn"], d(t))

    def judged(critic, real, fake):
        yes, no = critic(2 * real - 1), critic(2 * fake - 1)
        return (mse_loss(yes, torch.ones_like(yes)) + no.square().mean()) / 2

    expected = judged(objective.photo_critic, t, c(s)) + judged(objective.drawing_critic, s, d(t))
    assert_close(objective.critic_losses(batch, found)["critic"], expected)


def test_no_term_compares_a_drawing_with_its_photograph():
    objective, model, batch = played()
    others = batch | {"truth": batch["truth"].roll(1, 0)}
    first, second = (objective.losses(model, b)["loss"] for b in (batch, others))
    assert_close(first, second)


def test_each_side_s_loss_moves_its_own_weights_all_of_them():
    objective, model, batch = played()
    made = objective.losses(model, batch)
    made["loss"].backward()
    assert all(p.grad is not None for p in model.parameters())
    critics = list(objective.critic_parameters())
    assert len(critics) == 2 * len(list(objective.photo_critic.parameters()))
    assert all(p.grad is None for p in critics)
    model.zero_grad()
    objective.critic_losses(batch, made)["critic"].backward()
    assert all(p.grad is None for p in model.parameters())
    assert all(p.grad is not None for p in critics)


def test_a_pool_gives_back_half_of_its_images_for_new_ones():
    pool, numbers = ImagePool(50), torch.arange(2050.0).view(-1, 1, 1, 1)
    returned = torch.cat([pool(batch) for batch in numbers.split(10)])
    assert torch.equal(returned[:50], numbers[:50]), "while there is room"
    later, new = returned[50:], numbers[50:]
    assert 0.45 < (later == new).float().mean() < 0.55
    assert (later <= new).all()
    together = torch.cat([later, torch.stack(pool.images)]).flatten().sort()[0]
    assert torch.equal(together, numbers.flatten()), "none is lost and none comes twice"


def test_a_pool_without_room_gives_back_what_it_gets():
    images = torch.rand(5, 3, 2, 2)
    assert torch.equal(ImagePool(0)(images), images)


def test_a_pool_gives_nothing_for_nothing_and_goes_on_alike():
    pool, other, images = ImagePool(2), ImagePool(2), torch.rand(3, 3, 2, 2)
    assert pool(images[:0]).shape == (0, 3, 2, 2)
    assert torch.equal(pool(images), other(images))


def test_what_is_no_batch_of_images_or_of_other_sizes_is_refused_by_a_pool():
    pool = ImagePool(2)
    pool(torch.rand(2, 3, 4, 4))
    for wrong, got in [(None, "None"), ([torch.rand(3, 4, 4)], "list")]:
        with pytest.raises(InputError, match=rf"^ImagePool expects a tensor, got {got}\.$"):
            pool(wrong)
    with pytest.raises(InputError, match=r"^ImagePool expects a batch, got a single number\.$"):
        pool(torch.tensor(1.0))
    with pytest.raises(InputError, match=r"shape \(3, 4, 4\) as those before, got \(3, 8, 8\)\.$"):
        pool(torch.rand(2, 3, 8, 8))
    assert pool.seen == 2


def test_a_pool_is_restored_by_a_state_dict_and_goes_on_alike():
    pool = ImagePool(4)
    for _ in range(5):
        pool(torch.rand(3, 3, 2, 2))
    again, new = ImagePool(4), torch.rand(8, 3, 2, 2)
    again.load_state_dict(copy.deepcopy(pool.state_dict()))
    assert torch.equal(pool(new), again(new))
    assert not torch.equal(ImagePool(4)(new), new[:1].expand_as(new))


def test_what_cannot_be_is_refused():
    objective, model, _ = played()
    objective.check(model)
    with pytest.raises(InputError, match=r"^Unpaired expects RevGAN to learn both ways, got both"):
        objective.check(trained_revgan(both=False))
    with pytest.raises(InputError, match=r"photographs, RevGAN, got SketchColorFlow\.$"):
        objective.check(trained())
    with pytest.raises(InputError, match=r"^cycle expects a finite number of at least 0, got -1"):
        played(cycle=-1.0)


@pytest.mark.parametrize("state", [5, {}, {"seen": "x", "images": []}, {"seen": 1, "images": [2]}])
def test_a_damaged_pool_is_one_sentence(state):
    with pytest.raises(InputError, match="expects a pool of pictures, got a damaged one"):
        ImagePool(2).set_extra_state(state)
