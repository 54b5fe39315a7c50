"""The terms of both stages of self-supervised sketch-to-image, sample by sample, and gradients."""

import pytest
import torch
from scipy.ndimage import minimum_filter
from torch import nn
from torch.nn.functional import avg_pool2d
from torch.testing import assert_close

from flowcolor.training.objectives import Refining, SelfSupervised, self_supervised
from flowcolor.training.objectives.erased import erased
from tests.models.helpers import images, trained_s2i


class Plain(nn.Module):
    """Stands for the autoencoder: linear, and blind to where things lie in a photograph."""

    def __init__(self):
        super().__init__()
        self.styles = nn.ParameterList(torch.randn(3, n).double() for n in (2, 4, 8))
        self.scales = nn.Parameter(torch.tensor([0.5, 4.0, 20.0], dtype=torch.float64))

    def vectors(self, photo):
        return [photo.mean((2, 3)) @ weight for weight in self.styles]

    def maps(self, drawing):
        return [scale * avg_pool2d(drawing[:, :1], 2) for scale in self.scales]

    def decode(self, maps, vectors):
        return (maps[0].mean((2, 3)) * vectors[2][:, :3])[:, :, None, None].expand(-1, -1, 8, 8)


class Squares(nn.Module):
    def forward(self, result, truth):
        return {"loss": (result - truth).square().mean()}


def given():
    torch.manual_seed(2)
    content, photo, reference = torch.rand(3, 2, 3, 8, 8, dtype=torch.float64)
    content[0] /= 4  # One drawing is dark, one is light.
    index = torch.tensor([3, 2**32 + 6])
    return {"content": content, "truth": photo, "reference": reference, "index": index}


def by_hand(model, head, batch, chosen):
    """Return the loss of the first turn as the docstring writes it, over single samples."""
    photo, drawing = batch["truth"], batch["content"]
    thin = minimum_filter(drawing.numpy(), (1, 1, 3, 3), mode="constant", cval=9.0)
    bold = torch.from_numpy(thin)
    variants = [bold, drawing.flip(3) / 2, bold.flip(3) / 2]  # As ``erased`` is replaced.
    own, moved = model.vectors(photo), model.vectors(batch["reference"])
    total = torch.zeros((), dtype=torch.float64)
    for s, t in zip(own, moved, strict=True):
        for b in (0, 1):
            wrong, right = (
                torch.dot(t[b], aim.detach()) / t[b].norm() / aim.detach().norm()
                for aim in (s[1 - b], s[b])
            )
            total = total + (wrong - right) / 2
    hinges = []
    for variant in variants:
        for c, found in zip(model.maps(drawing), model.maps(variant), strict=True):
            aim = c.detach()
            right = ((found[0] - aim[0]) ** 2).mean() / 2 + ((found[1] - aim[1]) ** 2).mean() / 2
            wrong = ((found[1] - aim[0]) ** 2).mean() / 2 + ((found[0] - aim[1]) ** 2).mean() / 2
            hinges.append(max(torch.zeros(()).double(), 2 + right - wrong))
    assert {bool(hinge > 0) for hinge in hinges} == {True, False}
    for style in (own[-1], moved[-1]):
        for b, label in enumerate((3, 1)):  # 6 modulo 5.
            total = total - head(style[b]).log_softmax(0)[label] / 2
    image = (model.decode(model.maps(variants[chosen]), moved) + 1) / 2
    return total + sum(hinges) + ((image - photo) ** 2).mean()


@pytest.fixture
def stage_1(monkeypatch):
    monkeypatch.setattr(self_supervised, "erased", lambda drawing: drawing.flip(3) / 2)
    torch.manual_seed(1)
    return Plain(), SelfSupervised(1, 5, Squares()).double()


def test_the_first_turn_and_its_gradients_are_those_of_the_formula(stage_1):
    model, objective = stage_1
    weights, batch = [*model.parameters(), *objective.head.parameters()], given()
    seen = set()
    for _ in range(12):
        objective.turns.zero_()
        loss = objective.losses(model, batch)["loss"]
        expected = [by_hand(model, objective.head, batch, chosen) for chosen in range(3)]
        (chosen,) = (i for i, e in enumerate(expected) if torch.isclose(loss, e, rtol=1e-9))
        seen.add(chosen)
        grads = torch.autograd.grad(loss, weights)
        assert_close(grads, torch.autograd.grad(expected[chosen], weights))
    assert seen == {0, 1, 2}


def test_the_second_turn_decodes_the_drawing_in_its_own_style(stage_1):
    model, objective = stage_1
    objective.turns.fill_(5)
    batch = given()
    found = objective.losses(model, batch)
    image = (model.decode(model.maps(batch["content"]), model.vectors(batch["truth"])) + 1) / 2
    assert_close(found["loss"], ((image - batch["truth"]) ** 2).mean())
    assert found.keys() == {"loss"}


def test_deformed_copies_are_perhaps_mirrored_each_for_itself(stage_1):
    model, objective = stage_1
    batch, seen = given(), []
    model.vectors = lambda photo: seen.append(photo) or Plain.vectors(model, photo)
    ways = set()
    for _ in range(40):
        objective.turns.zero_()
        objective.losses(model, batch)
        moved, photo = seen[-1], batch["reference"]
        flipped = tuple(torch.equal(m, p.flip(2)) for m, p in zip(moved, photo, strict=True))
        assert all(f or torch.equal(m, p) for f, m, p in zip(flipped, moved, photo, strict=True))
        ways.add(flipped)
    assert len(ways) == 4


def test_erased_boxes_are_whole_of_any_shape_and_of_each_drawing_its_own():
    gone = erased(torch.zeros(40, 3, 48, 72), boxes=1, share=1.0)[:, 0] == 1
    shapes = []
    for box in gone:
        rows, columns = box.any(1).nonzero()[:, 0], box.any(0).nonzero()[:, 0]
        assert box.sum() == len(rows) * len(columns) == (rows[-1] - rows[0] + 1) * len(columns)
        shapes.append((len(rows) / 48, len(columns) / 72))
        assert all(1 / 8 - 1 / 48 <= side <= 1 / 3 + 1 / 48 for side in shapes[-1])
    assert len(set(shapes)) > 20
    assert any(abs(tall - wide) > 0.1 for tall, wide in shapes)
    assert not erased(torch.zeros(9, 3, 48, 48), share=0.0).any()
    assert 0.05 < erased(torch.zeros(200, 3, 8, 8), 1, 0.2).flatten(1).any(1).float().mean() < 0.35


def test_the_refiner_and_its_critic_minimise_their_hinges_on_images_from_minus_1_to_1():
    model, objective = trained_s2i(), Refining(2, 64, loss=Squares(), weight=0.5)
    objective.critic = nn.Conv2d(3, 1, 4, 4).requires_grad_(True)
    with torch.no_grad():
        objective.critic.weight.mul_(6)
    content, truth = images(side=64)
    batch = {"content": content, "truth": truth, "reference": truth.flip(3)}
    made = objective.losses(model, batch)
    result = made["result"]
    real, fake = (objective.critic(2 * x - 1) for x in (truth, result))
    assert_close(made["loss"], ((result - truth) ** 2).mean() - 0.5 * fake.mean())
    weights = list(objective.critic.parameters())
    assert not any(
        grad is not None
        for grad in torch.autograd.grad(made["loss"], weights, allow_unused=True, retain_graph=True)
    )
    critic = objective.critic_losses(batch, made)["critic"]
    expected = ((1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean()) / 2
    assert_close(critic, expected)
    own = torch.autograd.grad(critic, list(model.parameters()), allow_unused=True)
    assert all(grad is None for grad in own)
