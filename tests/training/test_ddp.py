"""Two processes give the numbers of one, and write each file once."""

import json

import pytest
from torch import distributed

from flowcolor.evaluation import network_scores
from flowcolor.metrics import FrechetInceptionDistance, KernelInceptionDistance
from flowcolor.training.callbacks import prediction_writer
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.objectives import Paired
from flowcolor.training.quiet import quiet
from tests.training.helpers import TWO_PROCESSES as TWO
from tests.training.helpers import flowcolor, write_photos

pytestmark = pytest.mark.usefixtures("_leave_the_group")


def toy(images):
    return images.mean((2, 3))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_test_gives_the_same_numbers_on_two_processes(run, tmp_path, monkeypatch):
    """Three pairs on two processes: one of them is shown twice, and may count once."""
    for kind in (FrechetInceptionDistance, KernelInceptionDistance):
        metric = lambda path, kind=kind, **_: kind(features=toy, dimensions=3)  # noqa: E731
        monkeypatch.setattr(network_scores, kind.__name__, metric)
    random = ("--networks.random_weights", "true", "--data.batch_size", 1)
    for name, words in (("one", ()), ("two", TWO)):
        out = ("--trainer.default_root_dir", tmp_path / name)
        assert flowcolor("test", "--ckpt_path", run.last, *out, *random, *words) == 0
    one, two = (json.loads((tmp_path / n / "test.json").read_text()) for n in ("one", "two"))
    for setting in ("self", "cross"):
        a, b = one["summary"][setting], two["summary"][setting]
        assert {"fid", "kid", "sr", "cr", "ssim", "psnr_tint", "lines"} <= a.keys()
        assert a["pairs"] == a["fid_n"] == 3
        assert a == pytest.approx(b, rel=1e-6, abs=1e-6)
    for a, b in zip(one["pairs"], two["pairs"], strict=True):
        for key in ("name", "setting", "reference", "checksums"):
            assert a[key] == b[key]
        assert a["scores"] == pytest.approx(b["scores"], rel=1e-6, abs=1e-6)
    for setting in ("self", "cross"):
        picture = f"extremes-{setting}.png"
        assert (tmp_path / "one" / picture).read_bytes() == (
            tmp_path / "two" / picture
        ).read_bytes()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_validation_gives_the_same_numbers_on_two_processes(run, tmp_path, monkeypatch):
    """Three photographs: what an objective scores itself, too, counts each of them once."""
    own = lambda self, colorizer, batch: {"own": batch["truth"].mean()}  # noqa: E731
    monkeypatch.setattr(Paired, "scores", own)
    found = []
    for words in ((), TWO):
        options = ["--ckpt_path", str(run.last), "--data.batch_size=2", *words]
        with quiet():
            folder = f"--trainer.default_root_dir={tmp_path / str(len(found))}"
            cli = TrainingCLI(["validate", *options, folder])
        metrics = {key: float(value) for key, value in cli.trainer.callback_metrics.items()}
        found.append({k: v for k, v in metrics.items() if "roundtrip" not in k})
        if distributed.is_initialized():
            distributed.destroy_process_group()
    assert {
        "val/own",
        "val/ssim",
        "val/psnr",
        "val/cross_lines",
        "val/cross_color_distance",
    } <= found[0].keys()
    assert found[0] == pytest.approx(found[1], rel=1e-6)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_every_process_knows_what_another_could_not_read(run, tmp_path, capfd):
    drawings = write_photos(tmp_path / "drawings", 5)
    (drawings / "photo3.png").write_text("broken")  # Of the second process.
    words = ("--data.predict.sketches", drawings, "--data.predict.photos", drawings)
    checkpoint = ("--ckpt_path", run.last, "--trainer.default_root_dir", tmp_path / "out")
    with pytest.raises(SystemExit, match="2"):  # Of the process that has started both.
        flowcolor("predict", *checkpoint, *words, *TWO)
    refused = "flowcolor: 1 of the drawings could not be painted: photo3.\n"
    assert capfd.readouterr().err.count(refused) == 2
    assert len(list((tmp_path / "out").rglob("*.png"))) == 4


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_predict_on_two_processes_writes_each_file_once(run, tmp_path, monkeypatch):
    write_image = prediction_writer.write_image

    def counted(image, path):
        with path.with_suffix(".count").open("a") as file:
            file.write("x")
        write_image(image, path)

    monkeypatch.setattr(prediction_writer, "write_image", counted)
    drawings = write_photos(tmp_path / "drawings", 5)  # uneven: three and two
    words = ("--data.predict.sketches", drawings, "--data.predict.photos", drawings)
    out = tmp_path / "out"
    out.mkdir()
    checkpoint = ("--ckpt_path", run.last, "--trainer.default_root_dir", out)
    assert flowcolor("predict", *checkpoint, *words, *TWO) == 0
    assert {p.name for p in out.glob("*.png")} == {f"photo{i}.png" for i in range(5)}
    assert all(path.read_text() == "x" for path in out.glob("*.count"))
