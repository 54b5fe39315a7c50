"""``flowcolor compare``: every method on the same pairs, trained once, going on after a stop."""

import json
import shutil
from functools import partial

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from flowcolor.errors import InputError
from flowcolor.experiments import runner
from flowcolor.experiments.comparison import judge
from flowcolor.experiments.comparison.entries import Entry
from flowcolor.io.images import read_image
from flowcolor.models import LUT
from flowcolor.pretrained import weights
from flowcolor.training.config_files import CONFIGS, read_yaml
from tests.training.helpers import flowcolor

HELD_OUT = 3


def words(run, output, *methods, content="drawing"):
    data = ("--data.train", run.photos, "--data.held_out", HELD_OUT)
    own = ("--content", content, "--size", 16, "--train_steps", 1, "--output", output)
    return ("compare", "--methods", *methods, *data, *own)


class InThisProcess:
    """Runs commands here, which takes seconds, and stops at one of them as Ctrl-C would."""

    def __init__(self, stop_at=None):
        self.calls, self.stop_at = [], stop_at

    def __call__(self, called):
        self.calls.append(list(called))
        if len(self.calls) == self.stop_at:
            raise SystemExit(130)
        assert flowcolor(*called) == 0


def test_methods_are_trained_once_and_stand_in_one_table_with_the_rows_to_read_them_by(
    run, tmp_path, monkeypatch, capsys
):
    output = tmp_path / "out"
    wanted = words(run, output, f"a={run.config}", "tint", f"b={run.config}", f"old={run.last}")
    stopping, going_on = InThisProcess(stop_at=2), InThisProcess()
    monkeypatch.setattr(runner, "call_in_process_of_its_own", stopping)
    with pytest.raises(SystemExit):
        flowcolor(*wanted)
    assert not (output / "table.json").exists()
    monkeypatch.setattr(runner, "call_in_process_of_its_own", going_on)
    assert flowcolor(*wanted) == 0
    (call,) = going_on.calls
    assert f"--trainer.default_root_dir={output}/runs/b/seed_0" in call

    printed = capsys.readouterr().out
    assert f"Drawings at 16x16, N = {HELD_OUT}, 1 step of training a network, seed 0." in printed
    assert "not the quality of the papers" in printed
    content = json.loads((output / "table.json").read_text())
    assert [(t["block"], t["setting"]) for t in content["tables"]] == [
        ("exemplar", "self"),
        ("exemplar", "cross"),
    ]
    rows = {row["method"]: row for row in content["tables"][1]["rows"]}
    kinds = {label: row["kind"] for label, row in rows.items()}
    assert kinds == {
        "content": "reading",
        "a": "trained",
        "tint": "untrained",
        "b": "trained",
        "old": "given",
    }
    assert rows["a"]["costs"]["steps"] == 1
    assert 0 < rows["a"]["costs"]["minutes"] < 1
    assert rows["a"]["costs"]["parameters"] == rows["old"]["costs"]["parameters"] > 0
    # The same configuration, seed and photographs: the same model.
    assert rows["a"]["scores"]["ssim"]["mean"] == rows["b"]["scores"]["ssim"]["mean"]
    # The tint follows its reference; how well is known without a network.
    assert 0.3 < rows["tint"]["scores"]["sensitivity"]["mean"] < 2
    assert rows["content"]["scores"]["gamut"]["mean"] == 0
    best = [label for label, row in rows.items() if row["scores"]["psnr"]["best"]]
    assert len(best) == 1
    assert best[0] != "content"

    folder = output / "pictures" / "exemplar-cross"
    drawing, photo = (
        read_image(next((folder / c).glob("*.png"))) for c in ("content", "reference")
    )
    tinted = read_image(next((folder / "tint").glob("*.png")))
    expected = drawing * photo.mean(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(tinted, expected, atol=0.01, rtol=0)
    sheet = read_image(output / "sheet-exemplar-cross.png")
    assert sheet.shape == (3, 22 + HELD_OUT * 130 + 2, 7 * 130 + 2)
    assert "| old + |" in (output / "table.md").read_text()
    assert (output / "table.csv").read_text().count("\n") == 1 + 2 * 5

    again = InThisProcess()
    monkeypatch.setattr(runner, "call_in_process_of_its_own", again)
    assert flowcolor(*wanted, "--seeds", "0,1") == 0
    assert [word for call in again.calls for word in call if "seed_every" in word] == [
        "--seed_everything=1"
    ] * 2
    content = json.loads((output / "table.json").read_text())
    rows = {row["method"]: row for row in content["tables"][1]["rows"]}
    assert len(rows["a"]["scores"]["ssim"]["seeds"]) == 2
    capsys.readouterr()
    for other, message in (
        ((*wanted, "--pairs", "2"), "holds runs with another pairs (None instead of 2)"),
        ((*wanted, "--data.batch_size", "3"), "holds runs with another options"),
        (words(run, output, "a=tint"), "holds runs of a with another method"),
    ):
        assert flowcolor(*other) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1


def test_a_training_that_fails_does_not_keep_the_others_waiting(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        runner, "call_in_process_of_its_own", lambda words: runner.train_once((), tmp_path, print)
    )
    output = tmp_path / "out"
    wanted = words(run, output, "levin", f"bad={run.config}", "unchanged")
    assert flowcolor(*wanted) == 2
    printed = capsys.readouterr()
    assert "1 of 3 methods are in no table: bad; the same command" in printed.err
    content = json.loads((output / "table.json").read_text())
    assert "without writing a model" in content["failed"]["bad"]
    assert [t["block"] for t in content["tables"]] == ["automatic", "hints"]
    columns = content["tables"][1]["rows"][0]["scores"]
    assert "ssim" in columns
    assert "colors" not in columns


def test_pairs_beyond_those_that_are_painted_again_are_scored_too(run, tmp_path, monkeypatch):
    monkeypatch.setattr(judge, "PROBES", 1)
    assert flowcolor(*words(run, tmp_path, "tint"), "--data.batch_size", 1) == 0
    (path,) = tmp_path.glob("scores/exemplar/tint/*.json")
    pairs = json.loads(path.read_text())["pairs"]
    cross = [pair["scores"] for pair in pairs if pair["setting"] == "cross"]
    assert ["sensitivity" in scores for scores in cross] == [True, False, False]
    assert all("ssim" in scores for scores in cross)


def test_pictures_to_which_a_link_among_those_of_a_comparison_leads_are_left(run, tmp_path, capsys):
    output, mine = tmp_path / "out", tmp_path / "mine"
    shutil.copytree(run.photos, mine)
    before = {path: path.read_bytes() for path in mine.iterdir()}
    folder = output / "pictures/exemplar-cross"
    assert flowcolor(*words(run, output, "unchanged")) == 0
    folder.mkdir()
    for name in ("reference", "tint"):
        (folder / name).symlink_to(mine, target_is_directory=True)
        assert flowcolor(*words(run, output, "unchanged", "tint")) == 2
        expected = f"{folder / name} expects a folder of its own, got a link to {mine}, where"
        printed = capsys.readouterr()
        assert expected in printed.out + printed.err
        assert {path: path.read_bytes() for path in mine.iterdir()} == before
        (folder / name).unlink()
    assert flowcolor(*words(run, output, "unchanged", "tint")) == 0


def test_a_method_that_is_called_like_an_answer_to_read_by_may_come_later(run, tmp_path):
    assert flowcolor(*words(run, tmp_path, "a=tint")) == 0
    assert flowcolor(*words(run, tmp_path, "a=tint", "tint")) == 0
    (_, cross) = json.loads((tmp_path / "table.json").read_text())["tables"]
    rows = {row["method"]: row for row in cross["rows"]}
    for part in ("scores", "costs"):
        assert rows["tint"][part].keys() == rows["a"][part].keys()


def test_weights_that_cannot_be_inverted_leave_the_others_their_tables(run, tmp_path, capsys):
    tensors = load_file(run.folder / "model.safetensors")
    for value in tensors.values():
        value.fill_(1e30)  # Finite, but no matrix of them has an inverse.
    with safe_open(run.folder / "model.safetensors", "pt") as file:
        save_file(tensors, tmp_path / "huge.safetensors", file.metadata())
    wanted = words(run, tmp_path / "out", "unchanged", str(tmp_path / "huge.safetensors"))
    assert flowcolor(*wanted) == 2
    said = capsys.readouterr()
    assert "1 of 2 methods are in no table: huge; the same command" in said.err
    assert "huge is left out: its weights cannot be inverted\n" in said.out
    failed = json.loads((tmp_path / "out/table.json").read_text())["failed"]
    assert failed == {"huge": "its weights cannot be inverted"}


@pytest.mark.parametrize(
    ("methods", "options", "message"),
    [
        (("lutt", "tint"), (), "--methods expects files or some of ours,"),
        (("nothing.ckpt",), (), "expects a file of weights, got nothing.ckpt"),
        (("tint", "tint"), (), "got 'tint' twice"),
        (("truth=tint",), (), "got 'truth'"),
        (("cic-small",), (), "--methods cic-small: CIC expects --content gray, got drawing."),
        (("gatys",), (), "--methods gatys: "),
        (("tint",), ("--data.held_out", "1"), "at least 2 photographs that nothing was trained on"),
        (("tint",), ("--pairs", "1"), "got --pairs 1"),
        (("tint",), ("--trainer.num_sanity_val_steps", "-1", "--pairs", "1"), "got --pairs 1"),
        (("tint",), ("--pairs", "9"), "at least 9 photographs that nothing was trained on, got 3"),
        (("tint",), ("--data.content", "gray"), "decides --data.content itself"),
        (("tint",), ("--content", "photo"), "invalid choice: 'photo'"),
        (("tint",), ("--model.weights", "x"), "there is no option '--model.weights'"),
        (("tint",), ("--data.test.labels", "x"), "no --data.test.labels, which has no effect"),
        (("tint",), ("--data.predict.photos=x",), "no --data.predict, which has no effect"),
        (
            ("tint",),
            ("--trainer.limit_test_batches=2",),
            "the test photographs, or --pairs of them",
        ),
        (("tint",), ("--data.share", "5"), "data.share expects a part above 0 and at most 1, got"),
        (("tint",), ("--data.repeat", "0"), "data.repeat expects a whole number from 1 to "),
        (("tint",), ("--sede", "1"), "there is no option '--sede'; did you mean '--seeds'"),
        (("tint",), ("--train_minutes", "1"), "--train_minutes or --train_steps, got both"),
        (("tint",), ("--train_steps", "0"), "--train_steps"),
        (("pix2pix-small",), (), "--size expects a multiple of 64"),
    ],
)
def test_what_cannot_work_is_one_sentence_before_anything_is_trained(
    methods, options, message, run, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(runner, "call_in_process_of_its_own", lambda _: pytest.fail("trained"))
    monkeypatch.setattr(weights, "weights_folder", lambda: tmp_path / "none")
    assert flowcolor(*words(run, tmp_path / "out", *methods), *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


SMALL = sorted(CONFIGS.glob("models/*-small.yaml"))


@pytest.mark.parametrize("config", SMALL, ids=lambda path: path.stem)
def test_small_networks_take_part_without_a_download(config, run, tmp_path, monkeypatch):
    def start(_):
        raise SystemExit(130)

    monkeypatch.setattr(runner, "call_in_process_of_its_own", start)
    monkeypatch.setattr(weights, "weights_folder", lambda: tmp_path / "none")
    content = read_yaml(config)["data"].get("content", "drawing")
    asked = words(run, tmp_path / "out", config.stem, content=content)
    with pytest.raises(SystemExit):
        flowcolor(*(64 if word == 16 else word for word in asked))


def test_photographs_that_were_exchanged_under_their_names_are_noticed(run, tmp_path, capsys):
    folder, output = tmp_path / "photos", tmp_path / "out"
    shutil.copytree(run.photos, folder)
    data = ("--data.train", folder, "--data.held_out", HELD_OUT, "--size", 16, "--output", output)
    assert flowcolor("compare", "--methods", "tint", *data) == 0
    assert flowcolor("compare", "--methods", "unchanged", *data) == 0
    before = (output / "compare.json").read_bytes()
    first, second, *_ = sorted(folder.iterdir())
    pixels = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(pixels)
    capsys.readouterr()
    assert flowcolor("compare", "--methods", "tint", "unchanged", *data) == 2
    error = capsys.readouterr().err
    assert f"{output} holds runs with another set of photographs" in error
    assert "give another --output" in error
    assert error.count("\n") == 1
    assert (output / "compare.json").read_bytes() == before


def test_photographs_that_could_not_be_read_may_be_replaced(run, tmp_path, capsys):
    folder, output = tmp_path / "photos", tmp_path / "out"
    shutil.copytree(run.photos, folder)
    for photo in folder.iterdir():
        photo.write_bytes(b"")
    data = ("--data.train", folder, "--data.held_out", HELD_OUT, "--size", 16, "--output", output)
    assert flowcolor("compare", "--methods", "tint", *data) == 2
    assert "is empty; expected an image file." in capsys.readouterr().err
    shutil.copytree(run.photos, folder, dirs_exist_ok=True)
    assert flowcolor("compare", "--methods", "tint", *data) == 0


def test_weights_that_a_configuration_names_are_noticed_when_others_take_their_name(
    run, tmp_path, monkeypatch, capsys
):
    weights_file, config = tmp_path / "w.safetensors", tmp_path / "named.yaml"
    shutil.copyfile(run.folder / "model.safetensors", weights_file)
    content = read_yaml(run.config)
    content["model"]["weights"] = str(weights_file)
    config.write_text(json.dumps(content))
    tensors = {name: 1.5 * value for name, value in load_file(weights_file).items()}
    with safe_open(weights_file, "pt") as file:
        about = file.metadata()

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "call_in_process_of_its_own", stop)
    wanted = words(run, tmp_path / "out", f"a={config}")
    assert flowcolor(*wanted) == 130
    save_file(tensors, weights_file, about)
    capsys.readouterr()
    assert flowcolor(*wanted) == 2
    assert f"holds runs of {weights_file} with another checksum" in capsys.readouterr().err


def test_two_comparisons_at_one_moment_do_not_share_a_folder(run, tmp_path, monkeypatch, capsys):
    wanted, meanwhile = words(run, tmp_path / "out", f"a={run.config}"), []

    def call(_):
        if not meanwhile:
            meanwhile.append(None)
            meanwhile.append(flowcolor(*wanted))
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "call_in_process_of_its_own", call)
    assert flowcolor(*wanted) == 130
    assert meanwhile == [None, 2]
    assert "Another `flowcolor compare` is writing to" in capsys.readouterr().err


def test_a_network_without_a_budget_is_not_trained(run, tmp_path, capsys):
    wanted = [w for w in words(run, tmp_path, f"a={run.config}") if w not in ("--train_steps", 1)]
    assert flowcolor(*wanted) == 2
    assert "expects --train_minutes or --train_steps, to train a, got" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "needs"), [("flowcolor_tiny", True), ("SketchColorFlow", True), ("LUT", False)]
)
def test_classes_and_functions_tell_whether_there_is_something_to_train(name, needs, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(json.dumps({"model": {"colorizer": f"flowcolor.models.{name}"}}))
    assert Entry("own", file).needs_training() == needs


HALF_BUILT = partial(LUT, edges=1.0)  # Callable, and says nothing of what it returns.
NOWHERE = [f"{__name__}.HALF_BUILT", "..", ".own.Model", "nowhere.Model", 5, "torch.nn.Linear"]


@pytest.mark.parametrize("path", NOWHERE)
def test_a_configuration_without_the_class_of_a_colorizer_is_one_sentence(path, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(json.dumps({"model": {"colorizer": {"class_path": path}}}))
    with pytest.raises(InputError, match=r"own\.yaml expects the class of a colorizer under model"):
        Entry("own", file).needs_training()
