"""The monitor says once that latents have become one, and nothing of models that have none."""

from types import SimpleNamespace

import pytest
import torch

from flowcolor.models.collapse import latent_spread
from flowcolor.training.callbacks.collapse_monitor import CollapseMonitor
from tests.models.helpers import trained_pix2pix, trained_unet_adain


def validate(monitor, model, references):
    """Return what one validation in batches of two logs."""
    logged = {}
    task = SimpleNamespace(
        colorizer=model, log=lambda name, value, **_: logged.update({name: value})
    )
    with torch.no_grad():
        monitor.on_validation_epoch_start(None, task)
        for index, batch in enumerate(references.split(2)):
            for loader in (0, 1):
                monitor.on_validation_batch_end(
                    None, task, None, {"reference": batch}, index, loader
                )
        monitor.on_validation_epoch_end(None, task)
    return logged


def test_a_collapse_is_said_once_and_the_spread_is_logged(capsys):
    monitor, model, photos = CollapseMonitor(), trained_unet_adain(), torch.rand(5, 3, 16, 16)
    photos *= torch.rand(5, 3, 1, 1)
    expected = latent_spread(model.encode(photos))
    assert validate(monitor, model, photos) == {"val/latent_spread": pytest.approx(expected)}
    assert capsys.readouterr().out == ""
    with torch.no_grad():
        model.encoder.net[-2].bias.fill_(-100.0)
    for _ in range(2):
        assert validate(monitor, model, photos) == {"val/latent_spread": 0.0}
    said = capsys.readouterr().out
    assert said.count("the latents of 5 references differ by less than 0.001: the model has") == 1


def test_models_without_latents_and_single_photographs_are_passed_over():
    photo = torch.rand(1, 3, 16, 16)
    assert validate(CollapseMonitor(), trained_pix2pix(), photo) == {}
    assert validate(CollapseMonitor(), trained_unet_adain(latent=0), photo) == {}
    assert validate(CollapseMonitor(), trained_unet_adain(), photo) == {}
