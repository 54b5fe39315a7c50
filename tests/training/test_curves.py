"""Curves of a training: the numbers that others logged, and the scores of a test."""

import json
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from flowcolor.errors import InputError
from flowcolor.evaluation import network_scores
from flowcolor.evaluation.curves import Point, by_name, draw_curves, read_points, write_points
from flowcolor.evaluation.network_scores import Networks
from flowcolor.evaluation.report import Evaluation
from flowcolor.io.images import read_image
from flowcolor.metrics import FrechetInceptionDistance, KernelInceptionDistance
from flowcolor.models import Tint
from flowcolor.training.build_task import build_task
from flowcolor.training.callbacks import curves as module
from flowcolor.training.callbacks.curves import Curves
from flowcolor.training.objectives import Symbols
from tests.models.helpers import trained_coltran
from tests.training.helpers import flowcolor


def mean_of(images):
    return images.mean((2, 3))


def test_losses_and_validations_are_those_of_tensorboard(run):
    curves = by_name(read_points(run.folder / "curves.csv"))
    events = EventAccumulator(str(run.folder)).Reload()
    assert [step for step, _ in curves["train/loss"]] == [1, 2, 3, 4]
    assert [step for step, _ in curves["val/ssim"]] == [2, 4]
    for name in ("train/loss", "train/l1", "val/ssim", "val/cross_lines"):
        logged = [event.value for event in events.Scalars(name)]
        assert [value for _, value in curves[name]] == pytest.approx(logged, rel=1e-6)
    assert read_image(run.folder / "curves.png").std() > 0.01


def test_without_logging_a_training_has_curves_of_its_validations_alone(run, tmp_path):
    words = ("--trainer.log_every_n_steps", 0, "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", run.config, *words) == 0
    names = set(by_name(read_points(tmp_path / "version_0/curves.csv")))
    assert "val/ssim" in names
    assert not any(name.startswith("train/") for name in names)


def test_a_picture_of_the_curves_can_be_left_out(run, tmp_path):
    words = ("--trainer.default_root_dir", tmp_path, "--curves.picture", "false")
    assert flowcolor("fit", "--config", run.config, *words) == 0
    assert [path.name for path in tmp_path.glob("version_0/curves*")] == ["curves.csv"]
    with pytest.raises(InputError, match=r"^Curves expects picture to be True or False, got 'no'"):
        Curves(picture="no")


@pytest.fixture(scope="module")
def scored(run, tmp_path_factory):
    """Train as the run was, with all scores of three pairs at every second step."""
    root = tmp_path_factory.mktemp("scored")
    words = ("--curves.every_n_steps=2", "--curves.pairs=3")
    folder = ("--trainer.default_root_dir", root)
    assert flowcolor("fit", "--config", run.config, *words, *folder) == 0
    return root / "version_0"


def test_scores_of_the_pairs_are_those_of_a_test(scored, tmp_path):
    last = scored / "checkpoints/last.ckpt"
    assert flowcolor("test", "--ckpt_path", last, "--trainer.default_root_dir", tmp_path) == 0
    summary = json.loads((tmp_path / "test.json").read_text())["summary"]
    curves = by_name(read_points(scored / "curves.csv"))
    for setting in ("self", "cross"):
        for name in ("ssim", "psnr", "lines", "colors", "gamut"):
            (early, late) = curves[f"{setting}/{name}"]
            assert (early[0], late[0]) == (2, 4)
            assert late[1] == pytest.approx(summary[setting][name], rel=1e-4, abs=1e-6)


def test_a_round_trip_stands_at_the_steps_that_measured_it_alone(run):
    curves = by_name(read_points(run.folder / "curves.csv"))
    found = {name: [step for step, _ in each] for name, each in curves.items()}
    steps = [found[name] for name in found if name.startswith("train/roundtrip_")]
    assert len(steps) >= 2
    assert all(each == [2, 4] for each in steps)
    assert found["train/loss"] == [1, 2, 3, 4]


def test_training_is_the_same_whether_pairs_are_scored_or_not(run, scored):
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (scored, run.folder))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_run_that_goes_on_keeps_its_curves_as_far_as_its_checkpoint_goes(tmp_path):
    points = [Point(step, "train/loss", 1.0) for step in (1, 2, 3)]
    write_points(points, tmp_path / "curves.csv")
    curves = Curves()
    trainer = SimpleNamespace(logger=None, log_dir=None, loggers=[], default_root_dir=str(tmp_path))
    curves.on_train_start(trainer, SimpleNamespace(steps=2))
    assert curves.points == points[:2]  # What came after comes again.


def test_a_run_that_is_killed_leaves_its_curves_as_far_as_its_checkpoint_goes(tmp_path):
    """Validations, after which they are written anyway, may be rarer than checkpoints."""
    before, after = (Point(step, "train/loss", 1.0) for step in (1, 2))
    write_points([before], tmp_path / "curves.csv")
    trainer = SimpleNamespace(
        loggers=[], default_root_dir=str(tmp_path), is_global_zero=True, fast_dev_run=False
    )
    curves = Curves()
    curves.on_save_checkpoint(trainer, None, {})  # As of a training that was over at once.
    assert read_points(tmp_path / "curves.csv") == [before]
    curves.on_train_start(trainer, SimpleNamespace(steps=1))
    curves.points.append(after)
    curves.on_save_checkpoint(trainer, None, {})
    assert read_points(tmp_path / "curves.csv") == [before, after]


def test_a_validation_that_is_run_again_stands_in_the_curves_once(run, tmp_path):
    """A checkpoint of the last batch of an epoch is older than the validation that follows."""
    words = ("--trainer.default_root_dir", tmp_path, "--last.every_n_train_steps", 1)
    assert flowcolor("fit", "--config", run.config, *words, "--trainer.max_steps", 2) == 0
    assert flowcolor("fit", "--config", run.config, *words, "--ckpt_path", "last") == 0
    ours, theirs = (
        [point for point in read_points(folder / "curves.csv") if point.name.startswith("val/")]
        for folder in (tmp_path / "version_0", run.folder)
    )
    assert sorted(ours) == sorted(theirs)


def test_each_scoring_knows_the_pairs_of_its_own_step_alone(monkeypatch):
    """The scores of whole sets would gather everything that was ever painted."""
    for kind in (FrechetInceptionDistance, KernelInceptionDistance):
        made = lambda path, kind=kind, **_: kind(features=mean_of, dimensions=3)  # noqa: E731
        monkeypatch.setattr(network_scores, kind.__name__, made)
    monkeypatch.setattr(module, "_ready", lambda trainer, task, batch: batch)
    batches = []
    for _ in range(2):
        content, reference, truth = torch.rand(3, 9, 3, 8, 8)
        batch = {"content": content, "reference": reference, "truth": truth}
        batches.append(batch | {"name": list("abcdefghi"), "index": torch.arange(9)})
    found = []
    for shown in (batches, batches[1:]):
        curves = Curves(1, networks=Networks(random_weights=True))
        curves._evaluation = Evaluation(None, curves.networks, ("self",), side=8)
        for step, batch in enumerate(shown):
            curves._batches = lambda trainer, batch=batch: [("self", batch)]
            task = SimpleNamespace(colorizer=Tint(), device=torch.device("cpu"), steps=step)
            curves._score(None, task)
        found.append({p.name: p.value for p in curves.points if p.step == len(shown) - 1})
    assert {"self/fid", "self/kid", "self/is", "self/ssim"} <= found[0].keys()
    assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_pairs_of_a_method_of_chance_are_painted_as_in_a_test(monkeypatch):
    monkeypatch.setattr(module, "_ready", lambda trainer, task, batch: batch)
    content = torch.rand(3, 1, 4, 4).expand(-1, 3, -1, -1)
    batch = {"content": content, "index": torch.tensor([4, 0, 7]), "name": ["a", "b", "c"]}
    task, seen = build_task(trained_coltran().eval(), Symbols()), []
    curves = Curves(1)
    curves._batches = lambda trainer: [("self", batch)]
    curves._evaluation = SimpleNamespace(
        reset=lambda: None,
        add=lambda setting, whole, result: seen.append(whole["painted"]),
        report=lambda about: SimpleNamespace(summary={}),
    )
    curves._score(None, task)
    assert torch.equal(*seen, task.test_step(batch, 0)["painted"])


def test_networks_that_are_none_are_refused():
    with pytest.raises(InputError, match="Curves expects networks to be of type Networks, got str"):
        Curves(networks="vgg19")


def test_other_files_are_one_sentence_and_gaps_are_drawn(tmp_path):
    for text in ("a,b\n1,2\n", "step,name,value\n1,loss\n", "step,name,value\nx,loss,1\n"):
        (tmp_path / "c.csv").write_text(text)
        with pytest.raises(InputError, match=r"c\.csv expects the columns step, name, value"):
            read_points(tmp_path / "c.csv")
    points = [Point(1, "a", 0.5), Point(2, "a", float("nan")), Point(3, "a", 0.25)]
    write_points(points, tmp_path / "c.csv")
    assert [point.step for point in read_points(tmp_path / "c.csv")] == [1, 2, 3]
    draw_curves(points, tmp_path / "c.png")
    assert read_image(tmp_path / "c.png").std() > 0.01
