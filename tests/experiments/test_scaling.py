"""``flowcolor scaling``: nested parts, as many steps, and slopes of what was measured."""

import json
import math
import shutil

import pytest

from flowcolor.data import ColorizationDataModule
from flowcolor.errors import InputError
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import write_report
from flowcolor.evaluation.scores import PairScore
from flowcolor.experiments import runner
from flowcolor.experiments.scaling import Scaling, check
from flowcolor.experiments.scaling_errors import error_of
from flowcolor.experiments.scaling_report import ScalingResults, scaling_table, write_scaling
from flowcolor.io.images import read_image
from tests.training.helpers import flowcolor, write_photos


def test_parts_are_nested_seeded_and_leave_what_is_held_out(tmp_path):
    photos = write_photos(tmp_path, 19)

    def names(share, seed=0):
        data = ColorizationDataModule(str(photos), 16, held_out=3, share=share, seed=seed)
        return data.train_names, data.held_out_names

    whole, held_out = names(1.0)
    parts = {share: names(share) for share in (0.125, 0.25, 0.5)}
    assert [len(part) for part, _ in parts.values()] == [2, 4, 8]
    before = set(whole)
    for part, others in reversed(parts.values()):
        assert set(part) < before
        assert others == held_out
        before = set(part)
    assert names(0.5)[0] == parts[0.5][0]
    assert len({tuple(names(0.5, seed)[0]) for seed in range(5)}) > 1
    for share in (0.0, 1.5, float("nan")):
        with pytest.raises(InputError, match=r"data\.share expects a part above 0 and at most 1"):
            names(share)


def scaling(run, folder, *words, shares=(0.5, 1.0)):
    shared = ("--config", str(run.config), "--trainer.max_steps=4", *words)
    return Scaling(shared, shares, (0, 1), folder)


def leave_behind(words):
    """Do as the commands would: a model of a training, and scores of a known power law."""
    options = dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)
    folder = options["--trainer.default_root_dir"]
    if words[0] == "fit":
        assert options["--trainer.max_epochs"] == "-1"
        path = f"{folder}/version_0/model.safetensors"
        runner.write_text("", runner.Path(path))
        return
    assert words[-1].endswith("version_0/checkpoints/last.ckpt")
    assert "--data.share" not in options  # It has no effect on a test.
    share = float(runner.Path(folder).parents[1].name.removeprefix("share_"))
    seed = int(options["--seed_everything"])
    pairs = []
    for index in range(3):
        error = (1 + index) * (1 + 0.1 * seed) * share**-0.25 / 8
        scores = {"ssim": 1 - error, "mean_color": 4.0, "lines_control": 0.5}
        scores["psnr"] = -20 * math.log10(error)  # Of a mean squared error of error ** 2.
        scores["sharpness"] = 1 + (-1) ** seed * error  # Too sharp is not the best, either.
        pairs.append(PairScore("cross", index, str(index), "x", {}, scores, [0.0] * 3, [0.0] * 3))
    sets = {"cross": {"fid": 8 * share**-0.5, "kid": -0.1, "is": 2 * share**0.125}}
    # In which order a test has shown its pairs says nothing.
    shown = pairs[:: -1 if share == 0.5 else 1]
    write_report(Report(shown, sets), runner.Path(folder), "test")


def test_slopes_are_those_of_the_runs(run, tmp_path):
    everything = scaling(run, tmp_path / "out")
    counts = check(everything)
    assert counts == {0.5: 2, 1.0: 4}
    for each in everything:
        each.finish(leave_behind)
        each.finish(pytest.fail)  # What is done is kept.
    results = ScalingResults(everything, counts)
    slopes = results.slopes("cross")
    # A KID below 0 has no logarithm.
    assert slopes.keys() == {"ssim", "mean_color", "psnr", "sharpness", "fid", "is"}
    for name, slope in (("ssim", -0.25), ("sharpness", -0.25), ("psnr", -0.5)):
        found = slopes[name]
        assert (found.slope, found.low, found.high) == pytest.approx((slope,) * 3)
    assert slopes["fid"].slope == pytest.approx(-0.5)
    assert slopes["is"].slope == pytest.approx(-0.125)  # Of its inverse, which is better low.
    assert slopes["mean_color"].slope == pytest.approx(0, abs=1e-9)
    assert "1 - SSIM" in (text := scaling_table(results))
    assert "-0.250" in text
    assert [line.split()[-2:] for line in text.splitlines() if " FID " in line] == [["-0.500", "-"]]
    paths = write_scaling(results, tmp_path / "out")
    found = json.loads(paths[0].read_text())
    assert found["photographs"] == [2, 4]
    assert found["settings"]["cross"]["fid"]["low"] is None
    mean = found["settings"]["cross"]["ssim"]["errors"]
    assert mean == pytest.approx([2 * 1.05 / 8 * 2**0.25, 2 * 1.05 / 8])
    assert read_image(paths[1]).std() > 0.01
    other = scaling(run, tmp_path / "out", "--data.batch_size=1")
    with pytest.raises(InputError, match="holds runs with another options"):
        check(other)


def test_a_test_of_other_pairs_is_named(run, tmp_path):
    everything = scaling(run, tmp_path / "out")
    for each in everything:
        each.finish(leave_behind)
    read = json.loads(each.result.read_text())
    each.result.write_text(json.dumps(read | {"pairs": read["pairs"][1:]}))
    with pytest.raises(InputError, match=r"share_1.seed_1.test.test\.json does not go with .*that"):
        ScalingResults(everything, {0.5: 2, 1.0: 4})


def test_scores_of_which_no_float_holds_the_error_have_no_slope():
    assert error_of("psnr", -1e5) == error_of("is", 0.0) == math.inf


def test_every_part_is_validated_equally_often_unless_told_otherwise(run, tmp_path):
    def words_of(*words):
        shared = ("--config", str(run.config), *words)
        first, second = Scaling(shared, (0.5, 1.0), (0,), tmp_path / "out")
        said = [word for word in first.words if "val" in word]
        assert said == [word for word in second.words if "val" in word]
        return said

    never = "--trainer.check_val_every_n_epoch=null"
    for steps, every in (("4000", 800), ("4", 1), ("abc", 1), ("9" * 5000, 1)):
        said = words_of(f"--trainer.max_steps={steps}")
        assert said == [never, f"--trainer.val_check_interval={every}"]
    for own in ("--trainer.check_val_every_n_epoch=3", "--trainer.val_check_interval=0.5"):
        assert words_of("--trainer.max_steps", "9", own) == [own]


def test_networks_look_at_tests_alone_and_are_missed_before_any_training(tmp_path):
    shared = ("--config", "portraits", "--trainer.max_steps=4")

    def scaling(*words):
        return Scaling((*shared, *words), (0.5, 1.0), (0,), tmp_path / "out")

    words = ("--networks.random_weights", "true", "--trainer.log_every_n_steps=1")
    one = next(iter(scaling(*words)))
    assert one.words == [word for word in one.test_words if word not in words[:2]]
    assert one.test_words[2:5] == ["--trainer.max_steps=4", *words[:2]]
    assert {*words[:2]} <= {*one.test_words} - {*one.words}
    missing = f"--networks.inception={tmp_path / 'none.pth'}"
    with pytest.raises(InputError, match=r"none\.pth"):
        check(scaling(missing))
    with pytest.raises(InputError, match="networks"):
        check(scaling("--networks.insception", "none.pth"))
    assert not (tmp_path / "out").exists()


def test_a_folder_belongs_to_one_set_of_photographs(run, tmp_path):
    photos, folder = tmp_path / "photos", tmp_path / "out"
    shutil.copytree(run.photos, photos)
    check(scaling(run, folder, f"--data.train={photos}"))
    # Other parts of the same photographs may be added.
    check(scaling(run, folder, f"--data.train={photos}", shares=(0.25, 0.5, 1.0)))
    first, second, *_ = sorted(photos.iterdir())
    first.write_bytes(second.read_bytes())
    with pytest.raises(InputError, match=r"holds runs with another set of photographs \(\d+ with"):
        check(scaling(run, folder, f"--data.train={photos}"))


COMMANDS = ["ablate --table 4.3", "compare --methods lut", "scaling --shares 0.5,1"]


@pytest.mark.parametrize("command", COMMANDS)
def test_results_are_not_written_where_they_would_be_found_as_photographs(
    command, tmp_path, capsys
):
    write_photos(tmp_path / "photos/people", 7)
    words = [*command.split(), "--output", tmp_path / "photos/runs"]
    if "compare" not in command:
        words += ["--config", "quickstart", "--trainer.max_steps=4"]
    words += [f"--data.train={tmp_path / 'photos'}", "--data.held_out=2"]
    assert flowcolor(*words) == 2
    assert "--output expects a folder outside of " in capsys.readouterr().err
    assert not (tmp_path / "photos/runs").exists()


def test_bad_words_are_one_sentence(run, tmp_path, capsys):
    words = ("--config", run.config, "--output", tmp_path / "out")
    few = ("--trainer.max_steps=4", "--shares=0.5,1")
    stopping = {"class_path": "EarlyStopping", "init_args": {"monitor": "val/ssim"}}
    early = json.dumps(stopping)
    cases = {
        "--config NAME_OR_FILE": ("--output", tmp_path / "out"),
        "--trainer.max_steps N, the same": words,
        "--trainer.max_steps expects a number of at least 1, got -1": (
            *words,
            "--trainer.max_steps=-1",
        ),
        "expects no --data.predict, which": (
            *words,
            "--trainer.max_steps=4",
            "--data.predict.photos=a",
        ),
        "decides --data.share itself": (*words, "--trainer.max_steps=4", "--data.share=0.5"),
        "for --trainer.max_steps, got Timer": (*words, *few, "--trainer.max_time=00:00:01:00"),
        "for --trainer.max_steps, got EarlyStopping": (
            *words,
            *few,
            f"--trainer.callbacks={early}",
        ),
        "would train on as few photographs, got 2": (*words, *few, "--trainer.overfit_batches=2"),
        "--shares expects two or more different parts": (*words, "--shares", "1/2,x"),
        "of different numbers of photographs, got": (
            *(*words, "--trainer.max_steps=4"),
            *("--shares", "0.99,1"),
        ),
    }
    for sentence, given in cases.items():
        assert flowcolor("scaling", *given) == 2
        error = capsys.readouterr().err
        assert sentence in error.splitlines()[-1], error
    assert not (tmp_path / "out").exists()


def test_an_experiment_that_cannot_begin_leaves_its_folder_to_others(run, tmp_path, monkeypatch):
    def fail(_):
        raise InputError("No such photographs.")

    monkeypatch.setattr(runner, "call_in_process_of_its_own", fail)
    words = ["scaling", "--config", run.config, "--trainer.max_steps=4", "--shares=0.5,1"]
    assert flowcolor(*words, "--output", tmp_path) == 2
    assert not list(tmp_path.iterdir())


def test_two_experiments_at_one_moment_do_not_share_a_folder(run, tmp_path, monkeypatch, capsys):
    words = ["scaling", "--config", run.config, "--trainer.max_steps=4", "--shares=0.5,1"]
    words += ["--output", tmp_path / "out"]
    meanwhile = []

    def call(options):
        if not meanwhile:
            meanwhile.append(None)
            meanwhile.append(flowcolor(*words))
        leave_behind(options)

    monkeypatch.setattr(runner, "call_in_process_of_its_own", call)
    assert flowcolor(*words) == 0
    assert meanwhile == [None, 2]
    assert "Another `flowcolor scaling` is writing to" in capsys.readouterr().err
    assert flowcolor(*words) == 0
