"""Two processes give the numbers of one, and write each file once."""

import gc
import json

import pytest
from torch import distributed

from tests.training.helpers import flowcolor, write_photos

TWO = ("--trainer.strategy=ddp_fork", "--trainer.devices=2", "--trainer.accelerator=cpu")


@pytest.fixture(autouse=True)
def _leave_the_group():
    yield
    gc.collect()
    if distributed.is_initialized():
        distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_test_gives_the_same_scores_on_two_processes(run, tmp_path):
    for name, words in (("one", ()), ("two", TWO)):
        out = ("--trainer.default_root_dir", tmp_path / name)
        assert flowcolor("test", "--ckpt_path", run.last, *out, *words) == 0
    one, two = (json.loads((tmp_path / n / "test.json").read_text()) for n in ("one", "two"))
    assert one["summary"].keys() == two["summary"].keys()
    for a, b in zip(one["pairs"], two["pairs"], strict=True):
        assert (a["name"], a["setting"]) == (b["name"], b["setting"])
        assert a["ssim"] == pytest.approx(b["ssim"], abs=1e-5)
        assert a["lines"] == pytest.approx(b["lines"], abs=1e-5)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_predict_on_two_processes_writes_each_file_once(run, tmp_path, monkeypatch):
    from flowcolor.training import callbacks

    write_image = callbacks.write_image

    def counted(image, path):
        with path.with_suffix(".count").open("a") as file:
            file.write("x")
        write_image(image, path)

    monkeypatch.setattr(callbacks, "write_image", counted)
    drawings = write_photos(tmp_path / "drawings", 5)  # uneven: three and two
    words = ("--data.predict_sketches", drawings, "--data.predict_references", drawings)
    out = tmp_path / "out"
    out.mkdir()
    checkpoint = ("--ckpt_path", run.last, "--trainer.default_root_dir", out)
    assert flowcolor("predict", *checkpoint, *words, *TWO) == 0
    assert {p.name for p in out.glob("*.png")} == {f"photo{i}.png" for i in range(5)}
    assert all(path.read_text() == "x" for path in out.glob("*.count"))
