"""AdaAttN's terms against their formulas, and its encoder, which learns at first."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.models import AdaAttN
from flowcolor.models.attended_moments import plain_transfer
from flowcolor.training.objectives import AttendedStyle
from tests.models.helpers import images, trained_ada_attn, trained_pix2pix


def drawn():
    content, photo = images(2, 32)
    return {"content": content, "reference": photo, "truth": photo}


def test_the_loss_is_that_of_its_formula():
    model, batch = trained_ada_attn(), drawn()
    losses = AttendedStyle(10.0, 3.0, autoencoder=0).losses(model, batch)
    style = batch["reference"].flip(0)  # Of two, the other.
    result = model(batch["content"], style)
    ours, seen, lent = (model.encode(x) for x in (result, batch["content"], style))
    overall = sum(
        (a.mean((2, 3)) - b.mean((2, 3))).square().mean()
        + ((a.var((2, 3)) + 1e-5).sqrt() - (b.var((2, 3)) + 1e-5).sqrt()).square().mean()
        for a, b in zip(ours[1:], lent[1:], strict=True)
    )
    local = sum(
        (ours[i - 1] - plain_transfer(seen[:i], lent[:i])).square().mean() for i in (3, 4, 5)
    )
    assert_close(losses["overall"], overall)
    assert_close(losses["local"], local)
    assert_close(losses["loss"], 10 * overall + 3 * local)


def test_without_local_layers_the_overall_term_is_all():
    losses = AttendedStyle(10.0, 3.0, 0, local_layers=[]).losses(trained_ada_attn(), drawn())
    assert_close(losses["loss"], 10 * losses["overall"])
    assert losses["local"] == 0


@pytest.mark.parametrize("layers", [[3.0], [[3]], [1], [6], ["3"]])
def test_local_layers_that_are_none_are_refused(layers):
    with pytest.raises(InputError, match=r"^local_layers expects layers from 2 to 5, got \["):
        AttendedStyle(local_layers=layers)
    for value in ("", "34", b"", None, 3):
        with pytest.raises(InputError, match=r"^local_layers expects a list of layers, got \w+\.$"):
            AttendedStyle(local_layers=value)


def test_weights_that_were_frozen_before_stay_so():
    model, batch = trained_ada_attn(), drawn()
    first, *others = model.encoder.parameters()
    first.requires_grad_(False)
    AttendedStyle(autoencoder=0).losses(model, batch)
    assert not first.requires_grad
    assert all(parameter.requires_grad for parameter in others)


def test_the_encoder_learns_first_and_is_frozen_then():
    torch.manual_seed(0)
    model, objective, batch = AdaAttN("own", 2), AttendedStyle(autoencoder=2), drawn()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    moved = []
    for _ in range(4):
        before = {name: value.clone() for name, value in model.state_dict().items()}
        optimizer.zero_grad()
        losses = objective.losses(model, batch)
        losses["loss"].backward()
        optimizer.step()
        state = model.state_dict()
        changed = {name.split(".")[0] for name in state if not state[name].equal(before[name])}
        moved.append((changed, "autoencoder" in losses))
    assert moved[:2] == [({"encoder", "decoder"}, True)] * 2
    assert moved[2:] == [({"norms", "decoder"}, False)] * 2
    again = AttendedStyle(autoencoder=2)
    again.load_state_dict(objective.state_dict())
    assert "local" in again.losses(model, batch)


def test_an_encoder_that_is_trained_is_said_to_be_once(capsys):
    model, batch, objective = AdaAttN("own", 2), drawn(), AttendedStyle(autoencoder=2)
    objective.check(model)
    for _ in range(3):
        objective.losses(model, batch)
    said = capsys.readouterr().out
    assert said.startswith("training the encoder first, for 2 batches; with --model.weights of a")
    assert said.endswith("give --model.objective.init_args.autoencoder=0\n")
    assert said.count("\n") == 1
    resumed = AttendedStyle(autoencoder=4)
    resumed.load_state_dict(objective.state_dict())
    assert "autoencoder" in resumed.losses(model, batch)
    assert "local" in AttendedStyle(autoencoder=0).losses(model, batch)
    assert capsys.readouterr().out == ""


def test_the_autoencoder_comes_to_know_its_pictures():
    torch.manual_seed(0)
    model, objective, batch = AdaAttN("own", 4), AttendedStyle(autoencoder=60), drawn()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        losses.append(objective.losses(model, batch)["loss"])
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0] / 2


def test_what_it_cannot_train_is_refused_in_words():
    with pytest.raises(InputError, match=r"^AttendedStyle expects AdaAttN, got Pix2Pix\.$"):
        AttendedStyle().check(trained_pix2pix())
    with pytest.raises(InputError, match=r"^overall expects a finite number .* got -1\.0\.$"):
        AttendedStyle(overall=-1.0)
    with pytest.raises(InputError, match=r"layers from 2 to 5, got \[1\]\.$"):
        AttendedStyle(local_layers=[1])
    with pytest.raises(InputError, match=r"^local_layers expects a list of layers, got None\.$"):
        AttendedStyle(local_layers=None)
