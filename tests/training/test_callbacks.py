"""What a finished run leaves behind."""

from types import SimpleNamespace

import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from flowcolor.losses import ColorizationLoss
from flowcolor.models import SketchColorFlow
from flowcolor.models.checkpoint import export_weights, load_model
from flowcolor.training.build_task import build_task
from flowcolor.training.callbacks import curves, roundtrip_monitor
from flowcolor.training.callbacks.curves import Curves
from flowcolor.training.callbacks.picture_grid import PictureGrid
from flowcolor.training.callbacks.roundtrip_monitor import RoundTripMonitor
from flowcolor.training.callbacks.run_keeper import RunKeeper
from flowcolor.training.objectives import Paired
from tests.training.few_steps import fit


def test_the_exported_model_has_the_best_weights_and_not_the_last(tmp_path):
    best, last = (SketchColorFlow(downsamplings=1, ccbs=1) for _ in range(2))
    export_weights(best, tmp_path / "best.safetensors", 16)
    callback = ModelCheckpoint(monitor="val/ssim")
    callback.best_model_path = str(tmp_path / "best.safetensors")
    trainer = SimpleNamespace(
        is_global_zero=True,
        fast_dev_run=False,
        global_step=0,
        callbacks=[callback],
        checkpoint_callbacks=[callback],
        log_dir=str(tmp_path),
        logger=SimpleNamespace(log_dir=str(tmp_path)),
        loggers=[],
        default_root_dir=str(tmp_path),
    )
    task = SimpleNamespace(colorizer=last, size=16)
    RunKeeper().on_fit_end(trainer, task)
    exported = load_model(tmp_path / "model.safetensors").state_dict()
    assert all(torch.equal(exported[name], value) for name, value in best.state_dict().items())


def test_what_happens_every_few_steps_happens_once_where_gradients_accumulate(
    monkeypatch, tmp_path
):
    served = {name: [] for name in ("picture", "roundtrip", "scores", "losses")}

    def serve(name):
        return lambda *given: served[name].append(task.steps) or {}

    monkeypatch.setattr(PictureGrid, "_draw", serve("picture"))
    monkeypatch.setattr(roundtrip_monitor, "_errors", serve("roundtrip"))
    monkeypatch.setattr(Curves, "_score", serve("scores"))
    monkeypatch.setattr(Curves, "_note", serve("losses"))
    for name in ("sketch_filter_of", "Evaluation"):
        monkeypatch.setattr(curves, name, lambda *given: None)
    objective = Paired(ColorizationLoss(perceptual=0.0))
    task = build_task(SketchColorFlow(1, nccbs=0, ccbs=1).train(), objective)
    names = ("content", "reference", "truth")
    samples = [
        dict(zip(names, torch.rand(3, 3, 8, 8), strict=True)) | {"name": str(i)} for i in range(8)
    ]
    fit(
        task,
        samples,
        batch=1,
        accumulate_grad_batches=2,
        log_every_n_steps=2,
        default_root_dir=tmp_path,
        callbacks=[PictureGrid(2), RoundTripMonitor(2), Curves(2)],
    )
    assert task.steps == 4
    assert served == {name: [2, 4] for name in served}
