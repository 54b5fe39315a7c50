"""The objective of ChromaGAN against its formula, and a run of it that is interrupted."""

import json
from collections import OrderedDict

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.color import rgb_to_lab, to_gray
from flowcolor.errors import InputError
from flowcolor.models import PatchCritic
from flowcolor.pretrained.vgg_classes import VGGClasses
from flowcolor.training.objectives import WassersteinChroma
from flowcolor.training.objectives.slope_penalty import slope_penalty
from flowcolor.training.objectives.wasserstein_chroma import class_distance
from tests.models.helpers import trained_chromagan, trained_guided
from tests.training.helpers import flowcolor, write_config


class Teacher(VGGClasses):
    """Knows three classes, of which it thinks the same of every picture."""

    classes = 3

    def prepare(self):
        return nn.Identity()

    def __call__(self, images):
        return torch.tensor([0.5, 0.3, 0.2]).expand(len(images), 3)


def drawn(side=32):
    torch.manual_seed(3)
    truth = torch.rand(2, 3, side, side)
    content = to_gray(truth).expand(-1, 3, -1, -1)
    return {"content": content, "reference": truth, "truth": truth, "name": ["a", "b"]}


def small(teacher=None):
    objective = WassersteinChroma(critic=PatchCritic(3, 4, 1, norm="none"))
    if teacher is not None:
        objective.teacher = teacher
    return objective


def test_the_distance_of_classes_is_that_of_kullback_and_leibler():
    expected = torch.rand(4, 5, dtype=torch.float64).softmax(1)
    logits = torch.randn(4, 5, dtype=torch.float64)
    p, q = torch.distributions.Categorical(expected), torch.distributions.Categorical(logits=logits)
    by_hand = torch.distributions.kl_divergence(p, q)
    assert (by_hand > 0).all()
    assert_close(class_distance(expected, logits), by_hand.mean())
    assert_close(class_distance(expected, expected.log() + 7), expected.new_zeros(()))


@pytest.mark.parametrize(("slope", "expected"), [(1.0, 0.0), (3.0, 4.0), (0.0, 1.0)])
def test_the_penalty_is_nothing_for_a_critic_of_slope_one(slope, expected):
    direction = torch.randn(1, 3, 8, 8, dtype=torch.float64)
    direction *= slope / direction.norm()

    class Linear(nn.Module):
        def forward(self, x):
            return (x * direction).sum((1, 2, 3))[:, None, None, None] + 5

    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    penalty = slope_penalty(Linear(), images)
    assert_close(penalty, images.new_tensor(expected), rtol=1e-5, atol=1e-5, check_dtype=False)


def test_the_penalty_lets_the_critic_learn():
    critic = PatchCritic(3, 4, 1, norm="none")
    slope_penalty(critic, torch.rand(2, 3, 16, 16)).backward()
    weights = [part.weight for part in critic.body if isinstance(part, nn.Conv2d)]
    assert all(weight.grad is not None and weight.grad.any() for weight in weights)


def test_the_losses_are_those_of_their_formulas():
    model, batch = trained_chromagan(classes=3), drawn()
    objective = small(teacher=Teacher())
    made = objective.losses(model, batch)
    chroma, logits = model.chroma(batch["content"])
    light = rgb_to_lab(batch["content"])[:, :1] / 100
    fake = torch.cat([light, (chroma + 128) / 255], 1)
    real = torch.cat([light, (rgb_to_lab(batch["truth"])[:, 1:] + 128) / 255], 1)
    q = torch.tensor([0.5, 0.3, 0.2])
    apart = (q * (q.log() - logits.log_softmax(1))).sum(1).mean()
    distance = (fake - real)[:, 1:].square().mean()
    expected = distance + 0.003 * apart - 0.1 * objective.critic(fake).mean()
    assert_close(made["loss"], expected)
    torch.manual_seed(0)
    share = torch.rand(2, 1, 1, 1)
    mixed = share * real + (1 - share) * fake
    away = objective.critic(fake).mean() - objective.critic(real).mean()
    expected = away + 10 * slope_penalty(objective.critic, mixed)
    torch.manual_seed(0)
    assert_close(objective.critic_losses(batch, made)["critic"], expected)


def test_places_of_the_penalty_are_those_of_the_seed_that_training_gives_each_batch():
    model, batch, objective = trained_chromagan(), drawn(), small()
    made = objective.losses(model, batch)

    def slopes(seed):
        torch.manual_seed(seed)
        return [float(objective.critic_losses(batch, made)["slope"].detach()) for _ in range(2)]

    first, again, other = slopes(1), slopes(1), slopes(2)
    assert first == again
    assert not {*first} & {*other}


def test_each_side_moves_itself_alone():
    model, batch, objective = trained_chromagan(classes=3), drawn(), small(teacher=Teacher())
    made = objective.losses(model, batch)
    made["loss"].backward()
    assert all(p.grad is not None for p in model.parameters())
    assert all(p.grad is None for p in objective.critic.parameters())
    model.zero_grad()
    objective.critic_losses(batch, made)["critic"].backward()
    assert not any(p.grad is not None and p.grad.any() for p in model.parameters())


def test_training_without_classes_says_so_once(capsys):
    objective = small()
    objective.check(trained_chromagan())  # The command line asks before there is a training.
    objective.check(trained_chromagan())
    objective.prepare()
    expected = "training without the term of classes: ChromaGAN has classes=None\n"
    assert capsys.readouterr().out == expected


def test_what_cannot_be_trained_is_refused_in_words(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"chroma and classes, ChromaGAN, got Guided\.$"):
        small().check(trained_guided())
    with pytest.raises(InputError, match=r"classes to be 1000, which its teacher .* got 3\.$"):
        small().check(trained_chromagan(classes=3))
    with pytest.raises(InputError, match=r"one of 3 channels, L, a and b, got 6\.$"):
        WassersteinChroma(critic=PatchCritic(6))
    with pytest.raises(InputError, match=r"^critic expects PatchCritic, got Identity\(\)\.$"):
        WassersteinChroma(critic=torch.nn.Identity())
    with pytest.raises(InputError, match=r"slope expects a finite number of at least 0, got -1"):
        WassersteinChroma(slope=-1.0)
    torch.save(OrderedDict(), tmp_path / "empty.pth")
    with pytest.raises(InputError, match=r"weights of `features\.0\.weight` .*, got nothing\.$"):
        VGGClasses(tmp_path / "empty.pth").prepare()


@pytest.mark.usefixtures("_leave_the_group")
def test_a_resumed_training_ends_where_one_in_one_go_does(run, tmp_path):
    config = json.loads(write_config(tmp_path / "chromagan.yaml", run.photos).read_text())
    config["data"]["content"] = "gray"
    del config["data"]["sketch_filter"]
    config["model"]["colorizer"] = {
        "class_path": "flowcolor.models.ChromaGAN",
        "init_args": {"width": 2, "encoder": "small", "areas": 1},
    }
    critic = {"channels": 3, "width": 4, "layers": 1, "norm": "none"}
    config["model"]["objective"] = {
        "class_path": "flowcolor.training.objectives.WassersteinChroma",
        "init_args": {
            "critic": {"class_path": "flowcolor.models.PatchCritic", "init_args": critic}
        },
    }
    file = tmp_path / "chromagan.yaml"
    file.write_text(json.dumps(config))
    whole, half = tmp_path / "whole", tmp_path / "half"
    assert flowcolor("fit", "--config", file, "--trainer.default_root_dir", whole) == 0
    words = ("--trainer.max_epochs=1", "--trainer.default_root_dir", half)
    assert flowcolor("fit", "--config", file, *words) == 0
    last = half / "version_0/checkpoints/last.ckpt"
    words = ("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false")
    assert flowcolor("fit", "--ckpt_path", last, "--trainer.max_epochs=2", *words) == 0
    states = [
        torch.load(path, weights_only=True)["state_dict"]
        for path in (whole / "version_0/checkpoints/last.ckpt", last)
    ]
    torch.testing.assert_close(*states, rtol=0, atol=0)
