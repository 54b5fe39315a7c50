"""What a finished run leaves behind."""

from types import SimpleNamespace

import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from flowcolor.models import SketchColorFlow
from flowcolor.models.checkpoint import export_weights, load_model
from flowcolor.training.callbacks.run_keeper import RunKeeper


def test_the_exported_model_has_the_best_weights_and_not_the_last(tmp_path):
    best, last = (SketchColorFlow(downsamplings=1, ccbs=1) for _ in range(2))
    export_weights(best, tmp_path / "best.safetensors", 16)
    callback = ModelCheckpoint(monitor="val/ssim")
    callback.best_model_path = str(tmp_path / "best.safetensors")
    trainer = SimpleNamespace(
        is_global_zero=True,
        fast_dev_run=False,
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
