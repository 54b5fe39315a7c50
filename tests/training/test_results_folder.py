"""What is kept, and what is not, in the folder that predict and test write into."""

import json
import shutil

import pytest

from flowcolor.training.callbacks.evaluator import Evaluator
from flowcolor.training.callbacks.picture_grid import PictureGrid
from flowcolor.training.earlier_files import tell_earlier_test
from tests.training.helpers import SIZE, flowcolor, write_photos

TINT = ("--config", "models/tint", "--trainer.accelerator=cpu", f"--data.size={SIZE}")


@pytest.mark.parametrize(("size", "workers"), [(1, 0), (2, 0), (4, 1)])
def test_what_cannot_be_read_is_left_out_and_the_others_are_painted(
    size, workers, tmp_path, capsys
):
    drawings, out = write_photos(tmp_path / "drawings", 5), tmp_path / "out"
    photos = write_photos(tmp_path / "photos", 5)
    for broken in (drawings / "photo0.png", drawings / "photo1.png", photos / "photo3.png"):
        broken.write_text("broken")
    words = ("--data.predict.sketches", drawings, "--data.predict.photos", photos)
    manner = ("--data.batch_size", size, "--data.num_workers", workers)
    words = ("predict", *TINT, *words, *manner, "--trainer.default_root_dir", out)
    assert flowcolor(*words) == 2
    error = capsys.readouterr().err.splitlines()
    assert error == [
        f"left out photo0: {drawings / 'photo0.png'} is not an image that Pillow can read.",
        f"left out photo1: {drawings / 'photo1.png'} is not an image that Pillow can read.",
        f"left out photo3: {photos / 'photo3.png'} is not an image that Pillow can read.",
        "flowcolor: 3 of the drawings could not be painted: photo0, photo1, photo3.",
    ]
    assert {path.name for path in out.rglob("*.png")} == {"photo2.png", "photo4.png"}


def test_the_only_drawing_that_cannot_be_read_is_one_sentence(tmp_path, capsys):
    drawings, out = write_photos(tmp_path / "drawings", 1), tmp_path / "out"
    (drawings / "photo0.png").write_text("broken")
    words = ("--data.predict.sketches", drawings, "--data.predict.photos", drawings)
    assert flowcolor("predict", *TINT, *words, "--trainer.default_root_dir", out) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith(f"flowcolor: {drawings / 'photo0.png'} is not an image")


def test_pictures_of_an_earlier_test_are_removed_and_nothing_else(tmp_path, capsys):
    out = tmp_path / "out/test"
    results = write_photos(out / "images/self/result", 5)
    own = [write_photos(out / "images/self", 1) / "photo0.png", results / ".own.png"]
    own[1].write_bytes(b"of something else")
    words = ("test", *TINT, "--data.test", write_photos(tmp_path / "photos", 2))
    words = (*words, "--data.sketch_filter=flowcolor.data.SobelLines", "--pictures.write_all=true")
    words = (*words, "--timed=0", "--probes=0", "--trainer.default_root_dir", tmp_path / "out")

    def left():
        return {path.name for path in results.iterdir()} - {".own.png"}

    assert flowcolor(*words) == 2  # There is no earlier test, but photo2.
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{results} expects pictures of a test alone, got {results / 'photo2.png'}" in said
    assert left() == {f"photo{n}.png" for n in range(5)}
    pairs = [{"name": f"photo{n}"} for n in range(5)]
    (out / "test.json").write_text(json.dumps({"about": {"model": "Tint"}, "pairs": pairs}))
    assert flowcolor(*words) == 0
    assert left() == {"photo0.png", "photo1.png"}
    retouched = out / "images/cross/truth/mine.png"
    retouched.write_bytes(b"of something else")
    before = (out / "test.json").read_bytes()
    assert flowcolor(*words) == 2
    assert str(retouched) in capsys.readouterr().err
    assert retouched.is_file()
    assert before == (out / "test.json").read_bytes()
    assert left() == {"photo0.png", "photo1.png"}
    assert all(path.is_file() for path in own)


def test_pictures_of_an_interrupted_test_and_of_one_before_the_last_are_removed(
    tmp_path, capsys, monkeypatch
):
    words = ("test", *TINT, "--data.sketch_filter=flowcolor.data.SobelLines", "--timed=0")
    words = (*words, "--probes=0", "--pictures.test_pairs=0", "--pictures.extremes=0")
    words = (*words, "--trainer.default_root_dir", tmp_path / "out")
    few, many = (write_photos(tmp_path / name, int(name)) for name in "25")
    writing = "--pictures.write_all=true"

    def left():
        folders = (tmp_path / "out/test/images").glob("*/*/")
        return {path.name for folder in folders for path in folder.iterdir()}

    assert flowcolor(*words, "--data.test", many, writing) == 0
    assert flowcolor(*words, "--data.test", few) == 0
    assert "photo4.png" in left()
    assert flowcolor(*words, "--data.test", few, writing) == 0
    assert left() == {"photo0.png", "photo1.png"}

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "on_test_epoch_end", interrupt)
        assert flowcolor(*words, "--data.test", many, writing) == 130
    before = left()
    assert "photo4.png" in before
    record = tmp_path / "out/test/images/.names"
    record.rename(tmp_path / "kept")
    record.mkdir()
    assert flowcolor(*words, "--data.test", many, writing) == 2
    assert left() == before
    record.rmdir()
    (tmp_path / "kept").rename(record)
    assert flowcolor(*words, "--data.test", few, writing) == 0
    assert left() == {"photo0.png", "photo1.png"}
    monkeypatch.setattr(PictureGrid, "on_test_batch_end", interrupt)
    root = ("--trainer.default_root_dir", tmp_path / "new")  # What is known of it is no result.
    assert flowcolor(*words, "--data.test", few, writing, *root) == 130
    assert not (tmp_path / "new").exists()


def test_nothing_of_an_earlier_test_is_taken_for_results_of_another(tmp_path, capsys):
    out = tmp_path / "out/test"
    pictures = write_photos(out / "images/self/result", 2)
    old = [out / name for name in ("comparison.json", "pairs-self.png", "extremes-cross.png")]
    for path in old:
        path.write_text('{"settings": {}}')
    (out / "test.json").write_text('{"about": {"model": "Unchanged"}, "pairs": []}')
    words = ("test", *TINT, "--data.test", write_photos(tmp_path / "photos", 2))
    words = (*words, "--data.sketch_filter=flowcolor.data.SobelLines", "--timed=0", "--probes=0")
    words = (*words, "--pictures.test_pairs=0", "--pictures.extremes=0")
    assert flowcolor(*words, "--trainer.default_root_dir", tmp_path / "out") == 0
    assert json.loads((out / "test.json").read_text())["pairs"]
    assert not [path for path in old if path.exists()]
    assert len([*pictures.iterdir()]) == 2
    said = capsys.readouterr().out
    assert f"notice: the pictures in {out / 'images'} are of an earlier test" in said
    assert "notice: the test of Unchanged on other data is replaced; another --trainer.def" in said


def test_a_test_takes_the_place_of_another_test_alone_and_says_so(tmp_path, capsys):
    words = ("--timed=0", "--probes=0", "--pictures.test_pairs=0", "--pictures.extremes=0")
    words = (*words, "--data.sketch_filter=flowcolor.data.SobelLines", "--trainer.accelerator=cpu")
    words = (*words, f"--data.size={SIZE}", "--trainer.default_root_dir", tmp_path)
    photos = [write_photos(tmp_path / name, 2) for name in ("a", "b")]

    def test(method, data):
        assert flowcolor("test", "--config", method, *words, "--data.test", data) == 0
        lines = capsys.readouterr().out.splitlines()
        return [line.partition(";")[0] for line in lines if "replaced" in line]

    assert test("models/tint", photos[0]) == []
    assert test("models/tint", photos[0]) == []
    assert test("models/tint", photos[1]) == ["notice: the test of Tint on other data is replaced"]
    assert test("models/unchanged", photos[1]) == ["notice: the test of Tint is replaced"]
    own = tmp_path / "test/test.json"
    for text in ('{"images": []}', '{"about": {}, "pairs": 5}', "[]", "{"):
        own.write_text(text)
        words = (*words, "--data.test", photos[0])
        assert flowcolor("test", "--config", "models/tint", *words) == 2
        assert "a folder without a test.json of something else, got" in capsys.readouterr().err
        assert own.read_text() == text
    own.unlink()
    rival = ("--compare", tmp_path / "other.ckpt")
    for name in ("test.csv", "comparison.json", "compared/test.json", "compared/test.csv"):
        other = tmp_path / "test" / name
        other.parent.mkdir(exist_ok=True)
        other.write_text("mine")
        assert flowcolor("test", "--config", "models/tint", *words, *rival) == 2
        expected = f"a folder without a {other.name} of something else, got {other.parent},"
        assert expected in capsys.readouterr().err
        assert other.read_text() == "mine"
        other.unlink()


def test_a_checkpoint_by_another_path_is_no_other_one(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.ckpt").symlink_to(tmp_path / "best.ckpt")
    for before, now, said in (
        (tmp_path / "best.ckpt", "best.ckpt", False),
        ("link.ckpt", "best.ckpt", False),
        ("last.ckpt", "best.ckpt", True),
        ("None", "best.ckpt", True),
    ):
        about = {"model": "Tint", "data": {"size": 16}}
        earlier = {"about": {**about, "checkpoint": str(before)}, "pairs": []}
        (tmp_path / "test.json").write_text(json.dumps(earlier))
        tell_earlier_test(tmp_path, "--output", {**about, "checkpoint": now}, None)
        assert ("is replaced" in capsys.readouterr().out) == said


def test_results_do_not_take_the_place_of_a_configuration_of_ones_own(tmp_path, capsys):
    photos, out = write_photos(tmp_path / "photos", 2), tmp_path / "out"
    words = ("--data.predict.sketches", photos, "--data.predict.photos", photos)
    words = ("predict", *TINT, *words, "--trainer.default_root_dir", out)
    for _ in range(2):
        assert flowcolor(*words) == 0
    (own := next(out.rglob("config.yaml"))).write_text("# mine")
    assert flowcolor(*words) == 2
    assert "expects a folder without a config.yaml of something else" in capsys.readouterr().err
    assert own.read_text() == "# mine"


def test_a_run_below_photographs_in_subfolders_is_refused(run, tmp_path, capsys):
    """The next run would take its pictures for photographs."""
    photos = tmp_path / "photos"
    write_photos(photos / "inner", 7)
    words = ("--data.train", photos, "--trainer.default_root_dir", photos / "runs")
    expected = f"outside of {photos}, whose images are read, got {photos / 'runs'}"
    assert flowcolor("fit", "--config", run.config, *words) == 2
    assert expected in capsys.readouterr().err
    words = ("--data.test", photos, "--trainer.default_root_dir", photos / "runs")
    assert flowcolor("test", *TINT, *words) == 2
    assert expected in capsys.readouterr().err
    words = ("--data.predict.sketches", photos, "--data.predict.photos", photos)
    words = (*words, "--trainer.default_root_dir", photos / "runs")
    assert flowcolor("predict", *TINT, *words) == 2
    assert expected in capsys.readouterr().err
    assert {path.suffix for path in photos.rglob("*") if path.is_file()} == {".png"}


def test_a_run_below_a_folder_that_holds_photographs_itself_is_not_refused(run, tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", 7)
    words = ("--data.train", photos, "--trainer.default_root_dir", photos / "runs")
    assert flowcolor("fit", "--config", run.config, *words, "--trainer.max_steps", 1) == 0
    assert (photos / "runs/version_0/checkpoints/last.ckpt").is_file()


@pytest.mark.parametrize("gone", [False, True])
def test_predictions_do_not_take_the_place_of_photographs_of_the_training(
    gone, run, tmp_path, capsys
):
    photos = write_photos(tmp_path / "photos", 7)
    words = ("--data.train", photos, "--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor("fit", "--config", run.config, *words, "--trainer.max_steps", 1) == 0
    last = tmp_path / "runs/version_0/checkpoints/last.ckpt"
    before = (photos / "photo0.png").read_bytes()
    others = write_photos(tmp_path / "others", 2)
    words = ("--data.predict.sketches", others, "--data.predict.photos", others)
    place = photos
    if gone:
        shutil.move(photos, tmp_path / "moved")
        place = tmp_path / "painted"
    root = ("--trainer.default_root_dir", place)
    assert flowcolor("predict", "--ckpt_path", last, *words, *root) == (0 if gone else 2)
    if not gone:
        expected = f"expects a folder outside of {photos}, whose images are read"
        assert expected in capsys.readouterr().err
        assert (photos / "photo0.png").read_bytes() == before


@pytest.mark.parametrize("place", ["out", "mine"])
def test_a_logger_has_all_of_a_test_in_its_folder_and_a_rival_below_it(
    run, place, tmp_path, capsys
):
    """With a place of its own or without; none leaves an empty folder where nothing is written."""
    folder = tmp_path / place / "lightning_logs/version_0"
    given = ("--trainer.logger=CSVLogger", f"--trainer.logger.save_dir={tmp_path / 'mine'}")
    logger = given if place == "mine" else ("--trainer.logger=true",)
    words = ("--compare", run.last, *logger, "--timed=0", "--probes=0")
    root = ("--trainer.default_root_dir", tmp_path / "out")
    assert flowcolor("test", "--ckpt_path", run.last, *words, *root) == 0
    assert f"writing to {folder}\n" in capsys.readouterr().out
    assert {"test.json", "comparison.json"} < {path.name for path in folder.iterdir()}
    assert (folder / "compared/test.json").is_file()
    assert (tmp_path / "out").exists() == (place == "out")


def test_a_logger_s_folder_is_looked_at_before_a_command_writes_into_it(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", 2)
    logger = (
        '{"class_path": "CSVLogger", "init_args": {"save_dir": "%s", "name": "", "version": ""}}'
    )
    words = ("--data.predict.sketches", photos, "--data.predict.photos", photos)
    words = (
        *words,
        "--trainer.logger",
        logger % photos,
        "--trainer.default_root_dir",
        tmp_path / "out",
    )
    before = (photos / "photo0.png").read_bytes()
    assert flowcolor("predict", *TINT, *words) == 2
    error = capsys.readouterr().err
    assert "flowcolor: --trainer.logger expects a folder that holds no input" in error
    assert (photos / "photo0.png").read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_results_do_not_take_the_place_of_a_training_s_configuration(run, capsys):
    place = ("--trainer.default_root_dir", run.folder)
    before = (run.folder / "config.yaml").read_bytes()
    assert flowcolor("validate", "--ckpt_path", run.last, *place) == 2
    expected = f"default_root_dir expects a folder without a training, got {run.folder}, whose con"
    assert expected in capsys.readouterr().err
    assert (run.folder / "config.yaml").read_bytes() == before


def test_a_new_training_does_not_take_the_place_of_another_s_checkpoint(run, tmp_path, capsys):
    (kept := tmp_path / "kept").mkdir()
    (kept / "best.ckpt").write_text("of another")
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor("fit", *words, "--best.dirpath", kept) == 2
    expected = f"expects a folder without the checkpoint of another training, got {kept}"
    assert expected in capsys.readouterr().err
    assert (kept / "best.ckpt").read_text() == "of another"
    assert not (tmp_path / "runs").exists()


def test_a_new_training_does_not_begin_in_the_folder_of_another(run, tmp_path, capsys):
    """A logger of one version would let it: the other's weights would be gone."""
    shutil.copytree(run.folder, tmp_path / "mine" / "only")
    logger = {"save_dir": str(tmp_path), "name": "mine", "version": "only"}
    logger = json.dumps({"class_path": "TensorBoardLogger", "init_args": logger})
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor("fit", *words, "--trainer.logger", logger) == 2
    folder = tmp_path / "mine/only"
    expected = f"--trainer.logger expects a folder without a training, got {folder}, whose"
    assert expected in capsys.readouterr().err
    kept = "checkpoints/last.ckpt"
    assert (folder / kept).read_bytes() == (run.folder / kept).read_bytes()
    assert not (tmp_path / "runs").exists()
