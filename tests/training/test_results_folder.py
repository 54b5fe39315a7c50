"""What is kept, and what is not, in the folder that predict and test write into."""

from tests.training.helpers import SIZE, flowcolor, write_photos

TINT = ("--config", "models/tint", "--trainer.accelerator=cpu", f"--data.size={SIZE}")


def test_what_was_painted_before_a_broken_drawing_is_kept(tmp_path, capsys):
    drawings, out = write_photos(tmp_path / "drawings", 3), tmp_path / "out"
    (drawings / "photo2.png").write_text("broken")
    photos = write_photos(tmp_path / "photos", 3)
    words = ("--data.predict.sketches", drawings, "--data.predict.photos", photos)
    words = ("predict", *TINT, *words, "--trainer.default_root_dir", out, "--data.batch_size", 1)
    assert flowcolor(*words) == 2
    assert "photo2.png is not an image" in capsys.readouterr().err
    assert {path.name for path in out.rglob("*.png")} == {"photo0.png", "photo1.png"}


def test_pictures_of_an_earlier_test_are_removed_and_nothing_else(tmp_path):
    images = tmp_path / "out/test/images"
    old = write_photos(images / "self/result", 5) / "photo4.png"
    own = write_photos(images / "self", 1) / "photo0.png"
    words = ("test", *TINT, "--data.test", write_photos(tmp_path / "photos", 2))
    words = (*words, "--data.sketch_filter=flowcolor.data.SobelLines", "--pictures.write_all=true")
    words = (*words, "--timed=0", "--probes=0", "--trainer.default_root_dir", tmp_path / "out")
    assert flowcolor(*words) == 0
    assert {path.name for path in old.parent.iterdir()} == {"photo0.png", "photo1.png"}
    assert own.is_file()
