"""The objective of instance-aware colorization against its formula, stage by stage."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.color import rgb_to_lab, to_gray
from flowcolor.data import HintPoints
from flowcolor.errors import InputError
from flowcolor.models import Hints
from flowcolor.models.instance_net import cut_out
from flowcolor.training.objectives import InstanceChroma
from flowcolor.training.objectives.instance_chroma import _random_boxes, chroma_distance
from tests.models.helpers import trained_guided, trained_instance


def drawn(count=2):
    torch.manual_seed(3)
    truth = torch.rand(count, 3, 16, 16)
    content = to_gray(truth).expand(-1, 3, -1, -1)
    return {"content": content, "reference": truth, "truth": truth, "name": ["a"] * count}


@pytest.mark.parametrize(
    ("away", "expected"),
    [(0.0, 0.0), (0.5, 0.125 / 110), (1.0, 0.5 / 110), (11.0, 10.5 / 110), (-110.0, 109.5 / 110)],
)
def test_the_distance_is_smooth_up_to_one_unit_of_chroma(away, expected):
    true = torch.randn(2, 2, 4, 4).double()
    found = true.clone()
    found[:, 0] += away
    assert_close(chroma_distance(found, true), true.new_tensor(expected), atol=1e-9, rtol=1e-9)
    found[:, 1] += away
    assert_close(chroma_distance(found, true), true.new_tensor(2 * expected), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_each_stage_compares_what_it_learns(stage):
    model, batch = trained_instance(stage=stage, find="quadrants"), drawn()
    objective = InstanceChroma(weight=2.0)
    torch.manual_seed(0)
    losses = objective.losses(model, batch)
    content, truth = batch["content"], batch["truth"]
    if stage == 2:
        torch.manual_seed(0)
        boxes = _random_boxes(content)
        found, truth = model.object_chroma(content, boxes), cut_out(truth, boxes)
    else:
        found = model.chroma(content)
    distance = chroma_distance(found, rgb_to_lab(truth)[:, 1:])
    assert_close(losses, {"loss": 2 * distance, "chroma": distance})
    losses["loss"].backward()
    moved = {id(p) for p in model.parameters() if p.grad is not None and p.grad.any()}
    assert {id(p) for p in model.learning.parameters()} <= moved


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_each_stage_sees_colours_at_points(stage):
    model, batch = trained_instance(stage=stage, find="quadrants"), drawn()
    torch.manual_seed(0)
    plain = InstanceChroma().losses(model, batch)["chroma"]
    given = HintPoints(count=40)({**batch, "index": torch.arange(2)}, seed=0, epoch=0)
    torch.manual_seed(0)
    told = InstanceChroma().losses(model, given)["chroma"]
    hints = Hints(given["hint_colors"], given["hint_mask"])
    content, truth = batch["content"], batch["truth"]
    if stage == 2:
        torch.manual_seed(0)
        boxes = _random_boxes(content)
        found, truth = model.object_chroma(content, boxes, hints), cut_out(truth, boxes)
    else:
        found = model.chroma(content, hints)
    assert_close(told, chroma_distance(found, rgb_to_lab(truth)[:, 1:]))
    assert not torch.isclose(told, plain, rtol=1e-4)


def test_validation_asks_what_the_stage_learns_and_always_the_same():
    model, batch, objective = trained_instance(stage=2), drawn(), InstanceChroma()
    quarters = [torch.tensor([[0, 0, 8, 8], [8, 0, 16, 8], [0, 8, 8, 16], [8, 8, 16, 16]])] * 2
    found = model.object_chroma(batch["content"], quarters)
    true = rgb_to_lab(cut_out(batch["truth"], quarters))[:, 1:]
    assert_close(objective.scores(model, batch), {"chroma": chroma_distance(found, true)})
    whole = trained_instance(stage=1)
    distance = chroma_distance(whole.chroma(batch["content"]), rgb_to_lab(batch["truth"])[:, 1:])
    assert_close(objective.scores(whole, batch), {"chroma": distance})


def test_random_boxes_lie_in_the_picture_and_are_new_with_every_batch():
    torch.manual_seed(0)
    content = torch.zeros(400, 3, 8, 16)
    first, second = (torch.cat(_random_boxes(content)) for _ in range(2))
    assert not torch.isclose(first, second).any(1).all()
    assert (first >= 0).all()
    assert (first <= torch.tensor([16, 8, 16, 8])).all()
    sides = (first[:, 2:] - first[:, :2]) / torch.tensor([16, 8])
    assert sides.amin() >= 0.25 - 1e-6
    assert_close(sides.mean(0), torch.full((2,), 0.625), atol=0.04, rtol=0)


def test_random_boxes_are_those_of_the_seed_that_training_gives_each_batch():
    model, batch = trained_instance(stage=2), drawn()

    def losses(seed):
        objective = InstanceChroma()
        torch.manual_seed(seed)
        return [float(objective.losses(model, batch)["chroma"].detach()) for _ in range(2)]

    first, again, other = losses(1), losses(1), losses(2)
    assert first == again
    assert not {*first} & {*other}


def test_what_cannot_be_trained_is_refused_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    objective = InstanceChroma()
    with pytest.raises(InputError, match=r"knows objects, InstanceColorization, got Guided\.$"):
        objective.check(trained_guided())
    for stage in (1, 2, 3):  # Now, not when stage 3 begins.
        with pytest.raises(
            InputError, match=r"expects find to be quadrants or detector .* got none"
        ):
            objective.check(trained_instance(stage=stage))
    with pytest.raises(InputError, match=r"The detector's weights are missing"):
        objective.check(trained_instance(stage=1, find="detector"))
    objective.check(trained_instance(stage=1, find="quadrants"))
