"""What fit, validate, test and predict leave behind."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torchmetrics.functional.image import structural_similarity_index_measure

from flowcolor.io.images import read_image, read_sketch
from flowcolor.metrics import region_color_distance
from flowcolor.models.checkpoint import KEY, load_model
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet
from tests.training.helpers import SIZE, flowcolor, write_photos

KINDS = ("smooth", "flat", "real")
ROUNDTRIPS = {f"{stage}/roundtrip_{kind}" for stage in ("train", "val") for kind in KINDS}


def test_training_logs_losses_scores_round_trips_and_pictures(run):
    events = EventAccumulator(str(run.folder)).Reload()
    scalars = set(events.Tags()["scalars"])
    assert {"train/loss", "train/l1", "val/ssim", "val/psnr", *ROUNDTRIPS} <= scalars
    assert {"val/cross_lines", "val/cross_lines_control", "val/cross_color_distance"} <= scalars
    assert set(events.Tags()["images"]) == {"train", "val-self", "val-cross"}
    for name in ROUNDTRIPS:
        assert max(event.value for event in events.Scalars(name)) < 1e-4


def test_the_run_folder_is_complete(run):
    names = {path.name for path in run.folder.iterdir()}
    assert {"checkpoints", "pictures", "model.safetensors", "config.yaml"} <= names
    assert {p.name for p in run.last.parent.iterdir()} == {"best.ckpt", "last.ckpt"}


def test_validation_logs_the_ssim_of_the_held_out_photographs(run, tmp_path):
    with quiet():
        cli = TrainingCLI(["fit", "--config", str(run.config)], run=False)
    model, data = load_model(run.last), cli.datamodule
    data.setup("validate")
    values = []
    for batch in data.val_dataloader()[0]:
        whole = data.complete(batch, training=False)
        result = model(whole["content"], whole["reference"]).detach().clamp(0, 1)
        values += [
            float(structural_similarity_index_measure(a[None], b[None], data_range=1.0))
            for a, b in zip(result, whole["truth"], strict=True)
        ]
    assert len(values) == 3
    events = EventAccumulator(str(run.folder)).Reload()
    logged = events.Scalars("val/ssim")[-1].value
    assert abs(logged - sum(values) / 3) < 1e-5


def test_validate_prints_each_number_once(run, tmp_path, capsys):
    here = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("validate", "--ckpt_path", run.last, *here) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "val/" in line]
    printed = {name: float(value) for name, value in lines}
    assert len(printed) == len(lines)
    assert printed.keys() >= {"val/ssim", "val/psnr", "val/cross_lines", "val/roundtrip_flat"}
    events = EventAccumulator(str(run.folder)).Reload()
    assert printed["val/ssim"] == pytest.approx(events.Scalars("val/ssim")[-1].value, rel=1e-3)
    assert 0 < printed["val/roundtrip_flat"] < 1e-4


def test_the_test_prints_a_table_and_writes_scores_and_pictures(run, tmp_path, capsys):
    assert flowcolor("test", "--ckpt_path", run.last, "--trainer.default_root_dir", tmp_path) == 0
    printed = capsys.readouterr().out
    assert "sketch tinted by the reference" in printed
    assert "of 3" in printed
    content = json.loads((tmp_path / "test.json").read_text())
    assert [pair["setting"] for pair in content["pairs"]] == ["cross"] * 3 + ["self"] * 3
    assert content["summary"]["self"]["pairs"] == content["summary"]["cross"]["pairs"] == 3
    assert max(content["roundtrip"].values()) < 1e-4
    costs = content["about"]["costs"]
    assert (costs["runs"], costs["size"]) == (10, [SIZE, SIZE])
    assert costs["parameters"] == content["about"]["parameters"]
    assert 0 < costs["seconds"] < 60
    assert 0 < costs["gmacs"] < 1
    assert costs["peak_bytes"] > 3 * 4 * SIZE**2
    assert f"costs of a picture of {SIZE}x{SIZE}: " in printed
    for setting in ("self", "cross"):
        assert read_image(tmp_path / f"pairs-{setting}.png").shape == (3, 392, 522)


def test_what_says_that_a_test_is_done_is_written_last(run, tmp_path, monkeypatch):
    """Experiments that are killed begin a test anew unless it is there."""
    replace, moved = Path.replace, []

    def noted(self, target):
        moved.append(Path(target).name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    assert flowcolor("test", "--ckpt_path", run.last, "--trainer.default_root_dir", tmp_path) == 0
    assert {"test.csv", "extremes-cross.png", "pairs-self.png"} <= set(moved[:-1])
    assert moved[-1] == "test.json"


def test_a_meaning_of_label_maps_without_any_is_refused(run, tmp_path, capsys):
    root = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("test", "--ckpt_path", run.last, "--regions", "celeba", *root) == 2
    assert "--regions celeba expects label maps, as data.test.labels" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_test_scores_colours_by_region_where_there_are_label_maps(run, tmp_path, capsys):
    (tmp_path / "maps").mkdir()
    maps = np.random.default_rng(0).integers(0, 3, (7, SIZE, SIZE), dtype=np.uint8)
    for index, labels in enumerate(maps):
        Image.fromarray(labels).save(tmp_path / f"maps/photo{index}.png")
    words = ("test", "--ckpt_path", run.last, "--data.train.labels", tmp_path / "maps")
    words = (*words, "--trainer.default_root_dir", tmp_path / "out", "--pictures.write_all", "true")
    assert flowcolor(*words) == 0
    assert "colour of skin, distance" in capsys.readouterr().out
    content = json.loads((tmp_path / "out/test.json").read_text())
    for pair in content["pairs"]:
        images = tmp_path / "out/images" / pair["setting"]
        kind = "reference" if pair["setting"] == "cross" else "truth"
        result, other = (
            read_image(images / part / f"{pair['name']}.png")[None] for part in ("result", kind)
        )
        own, reference = (
            torch.from_numpy(maps[int(pair[key].removeprefix("photo"))])[None]
            for key in ("name", "reference")
        )
        expected = region_color_distance(result, other, own, reference)
        for region in ("skin", "hair_clothes", "background"):
            found = pair["scores"][f"region_{region}"]
            assert found == pytest.approx(float(expected[region]), abs=0.2)  # Files have 8 bits.
        assert "region_lips" not in pair["scores"]
        assert {"bleeding", "sharpness"} <= pair["scores"].keys()
    for index in range(7):
        (tmp_path / f"maps/photo{index}.png").unlink()
    Image.fromarray(maps[0]).save(tmp_path / "maps/other.png")
    assert flowcolor(*words) == 2
    assert "lacks the label map of 3 of 3 photographs" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["predict", "test", "validate"])
@pytest.mark.parametrize("place", ["photos", "photos/images/self/truth"])
def test_results_do_not_go_where_they_are_found_as_inputs(run, command, place, tmp_path, capsys):
    root = tmp_path / "photos"
    shutil.copytree(run.photos, tmp_path / place)
    before = {path: path.read_bytes() for path in root.rglob("*.png")}
    pairs = ("--data.predict.sketches", tmp_path / place, "--data.predict.photos", run.photos)
    words = {
        "test": ("--data.test", tmp_path / place, "--pictures.write_all", "true"),
        "validate": ("--data.test", tmp_path / place),
        "predict": pairs,
    }[command]
    words = (command, "--ckpt_path", run.last, *words, "--trainer.default_root_dir", root)
    assert flowcolor(*words) == 2
    expected = f"--trainer.default_root_dir expects a folder that holds no input, got {root}, where"
    assert expected in capsys.readouterr().err
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("command", "link", "target"),
    [
        ("predict", "photos", "out"),  # Of each file.
        ("test", "photos", "out"),
        ("test", "out/images/cross/result", "photos"),
        ("predict", "out/inner", "photos/inner"),
        ("test", "out/images/cross/result/inner", "photos/inner"),
    ],
)
def test_nor_are_inputs_replaced_to_which_links_lead(run, command, link, target, tmp_path, capsys):
    shutil.copytree(run.photos, tmp_path / target)
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    if link == "photos":
        (tmp_path / link).mkdir()
        for path in (tmp_path / target).iterdir():
            (tmp_path / link / path.name).symlink_to(path)
    else:
        (tmp_path / link).symlink_to(tmp_path / target)
    before = {path: path.read_bytes() for path in (tmp_path / target).iterdir()}
    photos, out, one = tmp_path / "photos", tmp_path / "out", run.photos / "photo0.png"
    words = {
        "test": ("--data.test", photos, "--pictures.write_all", "true"),
        "predict": ("--data.predict.sketches", photos, "--data.predict.photos", one),
    }[command]
    words = ("--ckpt_path", run.last, *words, "--trainer.default_root_dir", out)
    assert flowcolor(command, *words) == 2
    expected = "--trainer.default_root_dir expects a folder that holds no input, got "
    assert f"{expected}{tmp_path / ('out' if link == 'photos' else link)}, where this very" in (
        capsys.readouterr().err
    )
    assert {path: path.read_bytes() for path in (tmp_path / target).iterdir()} == before


@pytest.mark.parametrize(
    ("command", "link", "inside"),
    [
        ("test", "out/images/self/result", ""),
        ("test", "out/images/self/result", "/hall"),
        ("predict", "out", "/hall"),
    ],
)
def test_no_pictures_are_removed_or_replaced_to_which_a_link_leads(
    run, tmp_path, capsys, command, link, inside
):
    photos = shutil.copytree(run.photos, tmp_path / f"photos{inside}")
    shutil.copytree(run.photos, tmp_path / "own")
    before = {path: path.read_bytes() for path in (tmp_path / "own").iterdir()}
    link = tmp_path / f"{link}{inside}"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "own")
    one = photos / "photo0.png"
    words = {
        "test": ("--data.test", tmp_path / "photos", "--pictures.write_all", "true"),
        "predict": ("--data.predict.sketches", tmp_path / "photos", "--data.predict.photos", one),
    }[command]
    words = ("--ckpt_path", run.last, *words, "--trainer.default_root_dir", tmp_path / "out")
    assert flowcolor(command, *words) == 2
    said = f"{link} expects a folder of its own, got a link to {tmp_path}/own, where pictures would"
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (tmp_path / "own").iterdir()} == before


def test_predict_paints_each_drawing_once_under_its_name(run, tmp_path, capsys):
    out = tmp_path / "out"
    write_photos(out, 8)  # Of an earlier prediction, by another model.
    words = ("--data.predict.sketches", run.photos, "--data.predict.photos", run.photos)
    weights = ("--ckpt_path", run.folder / "model.safetensors", "--trainer.accelerator=cpu")
    assert flowcolor("predict", *weights, *words, "--trainer.default_root_dir", out) == 0
    assert {p.name for p in out.glob("*.png")} == {f"photo{i}.png" for i in range(8)}
    notice = "notice: pictures there that are not of this prediction: photo7.png\n"
    assert notice in capsys.readouterr().out
    model = load_model(run.folder / "model.safetensors")
    photo = read_image(run.photos / "photo3.png")[None]
    expected = model(read_sketch(run.photos / "photo3.png")[None], photo).detach().clamp(0, 1)
    assert torch.allclose(read_image(out / "photo3.png"), expected[0], atol=0.6 / 255)


def test_validate_works_with_the_checkpoint_alone(run, tmp_path):
    assert (
        flowcolor("validate", "--ckpt_path", run.last, "--trainer.default_root_dir", tmp_path) == 0
    )


def test_what_belongs_to_the_photographs_is_added_to_those_of_the_checkpoint(
    run, tmp_path, capsys, caplog
):
    masks = tmp_path / "masks"
    write_photos(masks, 6)
    words = ("test", "--ckpt_path", run.last, "--trainer.default_root_dir", tmp_path / "out")
    assert flowcolor(*words, "--data.train.masks", masks) == 0
    assert "lacks the mask of 1 of 7 photographs" in caplog.text
    assert f"data.train.masks: {masks} instead of None" in capsys.readouterr().out
    caplog.clear()
    again = ("test", "--ckpt_path", tmp_path / "own.ckpt", *words[3:])
    checkpoint = torch.load(run.last, weights_only=True)
    checkpoint[KEY]["run"]["data"]["train"] = {"photos": str(run.photos), "masks": str(masks)}
    torch.save(checkpoint, tmp_path / "own.ckpt")
    assert flowcolor(*again) == 0
    assert "lacks the mask of 1 of 7 photographs" in caplog.text
