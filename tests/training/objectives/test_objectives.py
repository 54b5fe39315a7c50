"""Objectives against their formulas, and whose weights their gradients reach."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss
from flowcolor.models import PatchCritic, SketchColorFlow, Tint, Unchanged
from flowcolor.training.callbacks.curves import Curves
from flowcolor.training.objectives import Adversarial, Denoising, Exchanged, Likelihood, Paired
from flowcolor.training.objectives.base import Objective, colorize_batch
from tests.models.helpers import images, trained_pix2pix

L1 = {"l1": 10.0, "perceptual": 0.0}


def drawn(size=16):
    torch.manual_seed(3)
    images = torch.rand(3, 2, 3, size, size)
    batch = dict(zip(("content", "reference", "truth"), images, strict=True)) | {"name": ["a", "b"]}
    return SketchColorFlow(downsamplings=1, nccbs=0, ccbs=1), batch


def adversarial(**options):
    return Adversarial(Paired(ColorizationLoss(**L1)), PatchCritic(6, 4, 1), **options)


def test_paired_is_the_distance_of_the_coloured_batch_to_its_truth():
    flow, batch = drawn()
    losses = Paired(ColorizationLoss(**L1)).losses(flow, batch)
    expected = l1_loss(flow.colorize(batch["content"], batch["reference"]), batch["truth"])
    assert losses.keys() == {"loss", "l1", "result"}
    assert_close(losses["loss"], 10 * expected)


def test_a_method_without_reference_is_not_given_one():
    _, batch = drawn()
    assert torch.equal(colorize_batch(Unchanged(), batch), batch["content"])
    tinted = colorize_batch(Tint(), batch)
    assert_close(tinted, batch["content"] * batch["reference"].mean((2, 3), keepdim=True))


def test_modules_and_their_hooks_see_the_call():
    flow, batch = drawn()
    seen = []
    flow.register_forward_hook(lambda *_: seen.append(1))
    Paired(ColorizationLoss(**L1)).losses(flow, batch)
    adversarial().losses(flow, batch)
    assert seen == [1, 1]


def by_hand(kind, real, fake):
    """What the critic minimises and what the colorizer adds."""
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    if kind == "least_squares":
        tell = ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2
        return tell, ((fake - 1) ** 2).mean()
    if kind == "hinge":
        tell = torch.maximum(zeros, 1 - real).mean() / 2 + torch.maximum(zeros, 1 + fake).mean() / 2
        return tell, -fake.mean()
    bce = binary_cross_entropy_with_logits
    return bce(real, ones) / 2 + bce(fake, zeros) / 2, bce(fake, ones)


def test_the_critic_judges_what_was_coloured_with_references_of_others_beside_its_own_drawing():
    flow, batch = drawn()
    exchanged = Exchanged(ColorizationLoss(**L1), share=0.5)
    objective = Adversarial(exchanged, PatchCritic(6, 4, 1), weight=0.5)
    losses, inner = objective.losses(flow, batch), exchanged.losses(flow, batch)
    content, reference = batch["content"], batch["reference"]
    results = flow.colorize(content[[0, 1, 0]], reference[[0, 1, 1]])
    assert_close(losses["result"], results)
    _, fool = by_hand(
        "least_squares",
        results[:, :1],
        objective.critic(torch.cat([content[[0, 1, 0]], results], 1)),
    )
    assert_close(losses["loss"], inner["loss"] + 0.5 * fool)
    for other in (objective, Likelihood()):
        with pytest.raises(InputError, match=f"a critic can judge, .*got {type(other).__name__}"):
            Adversarial(other)
    flow.reference = "unused"
    with pytest.raises(InputError, match="Exchanged expects a colorizer that takes a reference"):
        objective.check(flow)


@pytest.mark.parametrize("kind", ["least_squares", "hinge", "bce"])
def test_the_game_is_that_of_its_papers(kind):
    flow, batch = drawn()
    objective = adversarial(kind=kind, weight=0.5)
    with torch.no_grad():
        objective.critic.body[-1].weight.mul_(30)  # On both sides of the hinges.
    losses = objective.losses(flow, batch)
    result = losses["result"]
    real, fake = (
        objective.critic(torch.cat([batch["content"], image], 1))
        for image in (batch["truth"], result)
    )
    tell, fool = by_hand(kind, real, fake)
    assert_close(losses["adversarial"], fool)
    assert_close(losses["loss"], 10 * l1_loss(result, batch["truth"]) + 0.5 * fool)
    assert_close(objective.critic_losses(batch, losses)["critic"], tell)


def test_each_loss_moves_its_own_player_only():
    flow, batch = drawn()
    objective = adversarial()
    losses = objective.losses(flow, batch)
    losses["loss"].backward(retain_graph=True)
    assert any(p.grad is not None and p.grad.any() for p in flow.parameters())
    assert all(p.grad is None for p in objective.critic.parameters())
    flow.zero_grad()
    objective.critic_losses(batch, losses)["critic"].backward()
    assert all(p.grad is None for p in flow.parameters())
    assert all(p.grad is not None for p in objective.critic.parameters())


def test_the_critic_s_opinion_reaches_the_colorizer():
    flow, batch = drawn()
    gradients = []
    for weight in (0.0, 1.0):
        flow.zero_grad()
        torch.manual_seed(0)
        adversarial(weight=weight).losses(flow, batch)["loss"].backward()
        gradients.append(
            torch.cat([p.grad.flatten() for p in flow.parameters() if p.grad is not None])
        )
    assert (gradients[0] - gradients[1]).abs().max() > 1e-4


class Answering(Objective):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def losses(self, colorizer, batch):
        return self.answer


ONE = torch.tensor(1.0)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ONE, "a dictionary with loss, got Tensor."),
        (None, "a dictionary with loss, got NoneType."),
        ({}, "a dictionary with loss, got an empty one."),
        ({"total": ONE, "l1": ONE}, "a dictionary with loss, got total, l1."),
        ({"loss": 1.0}, "tensors, got float as loss."),
        ({"loss": ONE, "l1": 1.0}, "tensors, got float as l1."),
        (
            {"loss": ONE.repeat(2)},
            "led by one float number as loss, got torch.float32 of shape (2,).",
        ),
        ({"loss": ONE.long()}, "led by one float number as loss, got torch.int64 of shape ()."),
    ],
)
def test_answers_of_which_nothing_can_be_minimised_are_refused(answer, expected):
    with pytest.raises(InputError) as refused:
        Answering(answer).losses(Tint(), {})
    assert str(refused.value) == f"Answering expects its losses to be {expected}"
    assert Answering({"loss": ONE}).losses(Tint(), {}) == {"loss": ONE}


class Scoring(Answering):
    def scores(self, colorizer, batch):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, "a dictionary, got None."),
        (ONE, "a dictionary, got Tensor."),
        ({"noise": ONE, "each": ONE.repeat(2)}, "one number each, got shape (2,) as each."),
        ({"noise": "low"}, "one number each, got str as noise."),
    ],
)
def test_scores_that_are_no_numbers_are_refused(answer, expected):
    with pytest.raises(InputError) as refused:
        Scoring(answer).scores(Tint(), {})
    assert str(refused.value) == f"Scoring expects its scores to be {expected}"
    numbers = {"noise": ONE, "mean": ONE.reshape(1, 1), "count": 3, "none": float("nan")}
    assert Scoring(numbers).scores(Tint(), {}) is numbers


def test_a_colorizer_without_weights_cannot_be_trained():
    for objective in (Paired(ColorizationLoss(**L1)), adversarial()):
        with pytest.raises(
            InputError, match=r"expects a colorizer with weights .* got Tint, which"
        ):
            objective.check(Tint())
        objective.check(SketchColorFlow(1, 0, 1))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "wasserstein"}, "kind expects one of least_squares, hinge, bce, got 'wasserst"),
        ({"weight": -1.0}, "weight expects a finite number of at least 0, got -1.0"),
        ({"gradient_clip_val": float("nan")}, "gradient_clip_val expects .* got nan"),
        ({"gradient_clip_val": 0.0}, "gradient_clip_val expects .* above 0, or null .* got 0.0"),
    ],
)
def test_impossible_games_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        adversarial(**options)


@pytest.mark.parametrize(
    "build",
    [
        lambda wrong: adversarial(kind=wrong),
        lambda wrong: adversarial(gradient_clip_val=wrong),
        lambda wrong: Denoising(first=wrong),
        lambda wrong: Denoising(last=wrong),
        lambda wrong: Curves(picture=wrong),
    ],
)
def test_what_is_long_is_refused_in_one_line(build):
    with pytest.raises(InputError, match=r" expects .*, got .*Tensor") as refused:
        build(torch.zeros(9, 9))
    assert "\n" not in str(refused.value)


def test_all_terms_of_the_game_are_log_2_while_the_critic_says_nothing():
    objective = Adversarial(
        Paired(ColorizationLoss(l1=200.0, perceptual=0)), PatchCritic(6, 4, 1), "bce", weight=1.0
    )
    for parameter in objective.critic.body[-1].parameters():
        torch.nn.init.zeros_(parameter)
    content, truth = images()
    batch = {"content": content, "reference": truth, "truth": truth, "name": ["a", "b"]}
    made = objective.losses(trained_pix2pix(), batch)
    critic = objective.critic_losses(batch, made)["critic"]
    assert_close(made["adversarial"], torch.tensor(math.log(2)))
    assert_close(critic, torch.tensor(math.log(2)))
    assert_close(made["loss"], 200 * made["l1"] + math.log(2))
