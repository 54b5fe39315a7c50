"""``flowcolor test``: two checkpoints on one set of images, and pictures for other programs."""

import csv
import json

import pytest

from flowcolor.io.images import read_image
from flowcolor.models import Guided
from flowcolor.models.checkpoint import export_weights
from tests.training.helpers import SIZE, TWO_PROCESSES, flowcolor, write_config


@pytest.fixture(scope="module")
def tested(run, tmp_path_factory):
    """A test of the last checkpoint against the exported one of another architecture."""
    base = tmp_path_factory.mktemp("tested")
    config = json.loads(write_config(base / "other.yaml", run.photos).read_text())
    config["model"]["colorizer"]["init_args"] |= {"ccbs": 1, "aggregation": "adain"}
    config["trainer"]["max_epochs"] = 1
    (base / "other.yaml").write_text(json.dumps(config))
    root = ("--trainer.default_root_dir", base / "runs")
    assert flowcolor("fit", "--config", base / "other.yaml", *root) == 0
    other = base / "runs/version_0/checkpoints/last.ckpt"
    words = ("--compare", other, "--pictures.write_all", "true", "--pictures.extremes", 1)
    folder = base / "test"
    out = ("--trainer.default_root_dir", folder)
    assert flowcolor("test", "--ckpt_path", run.last, *words, *out) == 0
    return folder, other


def test_two_checkpoints_are_compared_on_the_images_of_the_first(run, tested):
    folder, other = tested
    a, b = (json.loads((folder / x).read_text()) for x in ("test.json", "compared/test.json"))
    assert a["about"]["checkpoint"] == str(run.last)
    assert b["about"]["checkpoint"] == str(other)
    assert a["about"]["parameters"] > b["about"]["parameters"] > 0
    for one, two in zip(a["pairs"], b["pairs"], strict=True):
        assert (one["name"], one["checksums"]) == (two["name"], two["checksums"])
        assert one["scores"]["ssim_sketch"] == two["scores"]["ssim_sketch"]
        assert one["scores"]["ssim"] != two["scores"]["ssim"]
    found = json.loads((folder / "comparison.json").read_text())["settings"]
    for setting in ("self", "cross"):
        for name in ("ssim", "psnr", "lines", "colors"):
            values = found[setting][name]
            assert values["a"] == pytest.approx(a["summary"][setting][name])
            assert values["b"] == pytest.approx(b["summary"][setting][name])
            assert values["low"] <= values["b"] - values["a"] <= values["high"]


def test_the_other_s_numbers_are_those_of_its_own_test(tested, tmp_path):
    folder, other = tested
    out = ("--trainer.default_root_dir", tmp_path)
    words = ("--compare", folder / "test.json")
    assert flowcolor("test", "--ckpt_path", other, *words, *out) == 0
    alone = json.loads((tmp_path / "test.json").read_text())
    assert alone["summary"] == json.loads((folder / "compared/test.json").read_text())["summary"]
    swapped = json.loads((tmp_path / "comparison.json").read_text())["settings"]["cross"]["ssim"]
    found = json.loads((folder / "comparison.json").read_text())["settings"]["cross"]["ssim"]
    assert (swapped["a"], swapped["b"]) == (found["b"], found["a"])
    assert (swapped["low"], swapped["high"]) == pytest.approx((-found["high"], -found["low"]), 1e-2)


@pytest.mark.usefixtures("_leave_the_group")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_two_processes_compare_as_one_does(run, tested, tmp_path):
    folder, other = tested
    words = ("--compare", other, "--data.batch_size", 1)
    out = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("test", "--ckpt_path", run.last, *words, *TWO_PROCESSES, *out) == 0
    found = [
        json.loads((x / "comparison.json").read_text())["settings"] for x in (tmp_path, folder)
    ]
    for setting in ("self", "cross"):
        assert found[0][setting].keys() == found[1][setting].keys() > {"ssim", "lines"}
        for name, difference in found[0][setting].items():
            assert difference == pytest.approx(found[1][setting][name], rel=1e-5, abs=1e-6), name


def test_other_images_are_refused(run, tested, tmp_path, capsys):
    folder, _ = tested
    words = ("--data.seed", 1, "--compare", folder / "test.json")
    out = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("test", "--ckpt_path", run.last, *words, *out) == 2
    assert "A comparison expects the same" in capsys.readouterr().err
    assert not (tmp_path / "test.csv").exists()  # Before anything is painted.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test.json", "which this very call reads and would overwrite: give another --trainer.d"),
        ("other.json", "other.json expects the JSON of `flowcolor test` or"),
        ("gone.ckpt", "gone.ckpt expects a file, got no such file."),
        ("gray.json", "A comparison expects one kind of content, got drawing and gray: drawings"),
        ("neither.json", "expects a setting that both have, got self, cross and none."),
        ("gray.safetensors", "on the same images: Guided expects data.content to be gray, got dr"),
    ],
)
def test_what_cannot_be_compared_with_is_refused_before_the_test(
    name, expected, run, tested, tmp_path, capsys
):
    earlier = (tested[0] / "test.json").read_bytes()
    (tmp_path / "test.json").write_bytes(earlier)
    (tmp_path / "other.json").write_text("{}")
    content = json.loads(earlier)
    content["about"]["content"] = "gray"
    (tmp_path / "gray.json").write_text(json.dumps(content))
    (tmp_path / "neither.json").write_text(json.dumps(json.loads(earlier) | {"pairs": []}))
    export_weights(Guided(1), tmp_path / "gray.safetensors", SIZE)
    out = ("--trainer.default_root_dir", tmp_path, "--compare", tmp_path / name)
    assert flowcolor("test", "--ckpt_path", run.last, *out) == 2
    assert expected in capsys.readouterr().err
    assert (tmp_path / "test.json").read_bytes() == earlier
    assert not (tmp_path / "test.csv").exists()


def test_only_a_test_compares(run, capsys):
    assert flowcolor("validate", "--ckpt_path", run.last, "--compare", run.last) == 2
    assert "There is no option 'compare'" in capsys.readouterr().err


def test_written_pictures_score_as_the_test_did(tested, tmp_path):
    folder, _ = tested
    test = json.loads((folder / "test.json").read_text())
    for setting in ("self", "cross"):
        images = folder / "images" / setting
        words = ["--results", images / "result", "--truth", images / "truth"]
        words += ["--references", images / "reference", "--sketches", images / "content"]
        words += ["--setting", setting, "--output", tmp_path / setting]
        assert flowcolor("score", *words) == 0
        scored = json.loads((tmp_path / setting / "score.json").read_text())
        for name in ("ssim", "psnr", "psnr_tint", "mean_color"):
            value = scored["summary"][setting][name]
            assert value == pytest.approx(test["summary"][setting][name], rel=0.02)


def test_the_rows_name_whose_colours_were_lent(tested):
    folder, _ = tested
    with (folder / "test.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    own = [row for row in rows if row["setting"] == "self"]
    cross = [row for row in rows if row["setting"] == "cross"]
    assert all(row["name"] == row["reference"] for row in own)
    assert {row["name"] for row in cross} == {row["reference"] for row in cross}
    for row in cross:
        assert row["name"] != row["reference"]
        lent = read_image(folder / f"images/cross/reference/{row['name']}.png")
        photo = read_image(folder / f"images/cross/truth/{row['reference']}.png")
        assert lent.equal(photo)


def test_the_extremes_show_the_pairs_as_they_were_scored(tested):
    folder, _ = tested
    pairs = json.loads((folder / "test.json").read_text())["pairs"]
    cross = [pair for pair in pairs if pair["setting"] == "cross"]
    ranked = sorted(cross, key=lambda pair: -pair["scores"]["ssim"])
    picture = read_image(folder / "extremes-cross.png")
    for row, pair in enumerate(ranked):
        for column, kind in enumerate(("content", "reference", "result", "truth")):
            image = read_image(folder / f"images/cross/{kind}/{pair['name']}.png")
            top, left = 2 + 130 * row, 2 + 130 * column
            shown = picture[:, top : top + 128 : 8, left : left + 128 : 8]
            assert (shown - image).abs().max() <= 1.1 / 255
