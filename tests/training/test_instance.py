"""Instance-aware colorization from one configuration: three stages, each moving its part alone."""

import json

import pytest
import torch

from flowcolor.experiments.staged import fit, plan
from flowcolor.models.checkpoint import load_model
from tests.training.helpers import flowcolor, write_config

pytestmark = pytest.mark.usefixtures("_leave_the_group")


def call(words):
    assert flowcolor(*words) == 0


def test_three_stages_are_one_training_that_goes_on_where_it_stopped(run, tmp_path):
    file = write_config(tmp_path / "instance.yaml", run.photos)
    config = json.loads(file.read_text())
    del config["data"]["sketch_filter"]
    config["data"]["content"] = "gray"
    config["model"]["colorizer"] = {
        "class_path": "flowcolor.models.InstanceColorization",
        "init_args": {"width": 2, "find": "quadrants"},
    }
    config["model"]["objective"] = {"class_path": "flowcolor.training.objectives.InstanceChroma"}
    config |= {"roundtrip": {}, "pictures": {"every_n_steps": 0}}
    config["best"] = {"monitor": "val/chroma", "mode": "min"}
    config["trainer"]["max_epochs"] = 1
    config["stages"] = [
        {"model": {"colorizer": {"init_args": {"stage": stage}}}} for stage in (1, 2, 3)
    ]
    file.write_text(json.dumps(config))
    words = ["--config", str(file), "--trainer.default_root_dir", str(tmp_path / "run")]
    first, second, third = plan(words)
    for stage in (first, second, third):
        stage.claim()
    start = load_model(first.finish(call, None)).net.whole.state_dict()
    middle = load_model(second.finish(call, first.model)).net
    for name, value in start.items():
        assert torch.equal(middle.whole.state_dict()[name], value), name
    assert not torch.equal(middle.objects.chroma.weight, start["chroma.weight"])
    end = load_model(fit(plan(words), call)).net  # As a second call does: two stages are done.
    for name, value in middle.objects.state_dict().items():
        assert torch.equal(end.objects.state_dict()[name], value), name
    moved = {
        name
        for name, value in start.items()
        if not torch.equal(end.whole.state_dict()[name], value)
    }
    assert moved == {name for name in start if name.startswith(("after.2.", "chroma."))}
    content, other = (torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1) for _ in range(2))
    assert not torch.allclose(load_model(third.model)(content), load_model(third.model)(other))
