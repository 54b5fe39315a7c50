"""``flowcolor score``: folders of anybody's results."""

import csv
import json
import subprocess
import sys

import pytest
import torch

from flowcolor.data.sketches import GradientLines
from flowcolor.evaluation import network_scores
from flowcolor.io.images import read_image, write_image
from flowcolor.io.resizing import resize
from flowcolor.metrics import (
    FrechetInceptionDistance,
    KernelInceptionDistance,
    color_wasserstein,
    line_f1,
    ssim,
)
from tests.training.helpers import flowcolor

NAMES = ("anna", "bela", "deep/carl")


@pytest.fixture(autouse=True)
def _no_weights(tmp_path_factory, monkeypatch):
    empty = tmp_path_factory.mktemp("hub")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(empty))


@pytest.fixture
def folders(tmp_path):
    generator = torch.Generator().manual_seed(0)
    for kind in ("results", "truth", "references"):
        for name in NAMES:
            coarse = torch.rand(3, 4, 4, generator=generator)
            write_image(resize(coarse, (24, 24)), tmp_path / kind / f"{name}.png")
    return tmp_path


def score(root, *words):
    three = [
        word for kind in ("results", "truth", "references") for word in (f"--{kind}", root / kind)
    ]
    return flowcolor("score", *three, "--output", root / "out", *words)


def numbers(root):
    pairs = json.loads((root / "out/score.json").read_text())["pairs"]
    return {pair["name"]: pair["scores"] for pair in pairs}


def test_each_result_is_scored_with_the_files_of_its_name(folders, capsys):
    assert score(folders, "--batch_size", 2) == 0
    printed = capsys.readouterr().out
    assert "cross-reference (the photograph of somebody else), N = 3" in printed
    assert "not computed: FID, KID, IS: put weights-inception-2015-12-05" in printed
    found = numbers(folders)
    assert list(found) == list(NAMES)
    for name in NAMES:
        result, truth, reference = (
            read_image(folders / kind / f"{name}.png")[None]
            for kind in ("results", "truth", "references")
        )
        lines = [GradientLines()(image[0], (24, 24))[None] for image in (result, truth, reference)]
        assert found[name]["ssim"] == pytest.approx(float(ssim(result, truth)), abs=1e-5)
        expected = float(color_wasserstein(result, reference))
        assert found[name]["colors"] == pytest.approx(expected, rel=1e-4)
        assert found[name]["lines"] == pytest.approx(float(line_f1(lines[0], lines[1])))
        assert found[name]["lines_control"] == pytest.approx(float(line_f1(lines[0], lines[2])))
    with (folders / "out/score.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == list(NAMES)
    assert read_image(folders / "out/extremes-cross.png").shape == (3, 3 * 122 + 2, 4 * 122 + 2)


def test_a_score_that_takes_long_says_how_far_it_is(folders, capsys, monkeypatch):
    monkeypatch.setattr("flowcolor.cli.score._PAUSE", 0.0)
    assert score(folders, "--batch_size", 1) == 0
    assert "\n1 of 3\n2 of 3\n" in capsys.readouterr().out


def test_costs_of_a_method_stand_beside_its_scores(folders, capsys):
    (folders / "costs.json").write_text('{"seconds": 0.25, "gmacs": 3}')
    assert score(folders, "--costs", folders / "costs.json") == 0
    assert "costs of a picture: 0.25 s, 3 GMACs" in capsys.readouterr().out
    about = json.loads((folders / "out/score.json").read_text())["about"]
    assert about["costs"] == {"seconds": 0.25, "gmacs": 3}
    assert score(folders, "--costs", folders / "truth") == 2
    assert "truth cannot be read" in capsys.readouterr().err
    report = folders / "out/score.json"
    report.write_text('{"seconds": 0.25}')
    assert score(folders, "--costs", report) == 2
    assert f"expects a place that holds no input, got {report}" in capsys.readouterr().err
    assert report.read_text() == '{"seconds": 0.25}'


def test_given_sketches_replace_drawn_ones(folders):
    for name in NAMES:
        lines = GradientLines()(read_image(folders / f"results/{name}.png"), (24, 24))
        write_image(lines, folders / f"drawings/{name}.png")
    words = ("--sketches", folders / "drawings", "--reference_sketches", folders / "drawings")
    assert score(folders, *words) == 0
    for scores in numbers(folders).values():
        assert scores["lines"] == scores["lines_control"] == pytest.approx(1.0)
    about = json.loads((folders / "out/score.json").read_text())["about"]
    assert (about["content"], about["sketches"]) == ("drawing", str(folders / "drawings"))
    (folders / "out").rename(folders / "first")  # Where drawings lie is not what kind they are.
    assert score(folders, "--compare", folders / "first/score.json") == 0


def test_two_methods_are_compared_and_settings_named(folders, capsys):
    assert score(folders, "--setting", "self") == 0
    (folders / "out").rename(folders / "first")
    for name in NAMES:
        write_image(read_image(folders / f"truth/{name}.png"), folders / f"results/{name}.png")
    words = ("--setting", "self", "--compare", folders / "first/score.json")
    assert score(folders, *words) == 0
    assert "self-reference (the drawing's own" in capsys.readouterr().out
    found = json.loads((folders / "out/comparison.json").read_text())["settings"]["self"]
    assert found["ssim"]["a"] == pytest.approx(1.0)
    assert found["ssim"]["won"] == 0
    assert found["ssim"]["high"] < 0


def test_missing_and_extra_files_are_counted_and_named(folders, capsys):
    (folders / "results/anna.png").unlink()
    (folders / "references/bela.png").unlink()
    assert score(folders) == 2
    assert "results expects a result for each photograph" in (error := capsys.readouterr().err)
    assert error.endswith("got none for 1 of 3: anna.\n")
    (folders / "truth/anna.png").unlink()
    (folders / "references/anna.png").unlink()
    assert score(folders) == 2
    assert "got none for 1 of 2: bela." in capsys.readouterr().err
    (folders / "truth/bela.png").unlink()
    assert score(folders) == 2
    error = capsys.readouterr().err
    assert "truth expects a photograph for each result" in error
    assert "got none for 1: bela." in error


@pytest.mark.parametrize("size", [(24, 30), (30, 24)])
def test_a_result_of_another_height_or_width_is_named(folders, capsys, size):
    image = read_image(folders / "results/bela.png")
    write_image(resize(image, size), folders / "results/bela.png")
    assert score(folders) == 2
    assert f"for 1 of 3: bela ({size[1]}x{size[0]} instead of 24x24);" in capsys.readouterr().err


@pytest.mark.parametrize("setting", ["self", "cross"])
def test_sets_are_compared_in_the_setting_that_is_scored(folders, monkeypatch, setting):
    for kind in (FrechetInceptionDistance, KernelInceptionDistance):
        metric = lambda path, kind=kind, **_: kind(features=toy, dimensions=3)  # noqa: E731
        monkeypatch.setattr(network_scores, kind.__name__, metric)
    assert score(folders, "--size", 8, "--setting", setting, "--random_weights") == 0
    summary = json.loads((folders / "out/score.json").read_text())["summary"]
    assert list(summary) == [setting]
    assert summary[setting]["fid_n"] == summary[setting]["kid_n"] == 3


def toy(images):
    return images.mean((2, 3))


def test_results_that_are_turned_against_their_photographs_are_not_resized(folders, capsys):
    write_image(torch.rand(3, 20, 30), folders / "truth/bela.png")
    write_image(torch.rand(3, 30, 20), folders / "results/bela.png")
    assert score(folders, "--size", 16) == 2
    assert "got 1 of 3 turned: bela (20x30 for 30x20)." in capsys.readouterr().err
    write_image(torch.rand(3, 20, 20), folders / "results/bela.png")  # A square of anything.
    write_image(torch.rand(3, 30, 20), folders / "references/bela.png")  # Somebody else's.
    assert score(folders, "--size", 16) == 0


def test_files_of_other_sizes_are_counted_and_named_or_all_are_resized(folders, capsys):
    image = read_image(folders / "results/bela.png")
    write_image(resize(image, (24, 30)), folders / "results/bela.png")
    assert score(folders) == 2
    error = capsys.readouterr().err
    assert "for 1 of 3: bela (30x24 instead of 24x24); --size N resizes all alike." in error
    assert score(folders, "--size", 16) == 0
    expected = resize(read_image(folders / "results/bela.png")[..., 3:27], (16, 16))
    truth = resize(read_image(folders / "truth/bela.png"), (16, 16))
    value = float(ssim(expected[None], truth[None]))
    assert numbers(folders)["bela"]["ssim"] == pytest.approx(value, abs=1e-5)


def test_pairs_may_differ_in_size_from_each_other(folders):
    for kind in ("results", "truth", "references"):
        image = read_image(folders / f"{kind}/bela.png")
        write_image(resize(image, (16, 40)), folders / f"{kind}/bela.png")
    assert score(folders) == 0
    assert len(numbers(folders)) == 3
    assert not (folders / "out/extremes-cross.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--size", 0), "--size expects a number from 1 to 16384, got 0."),
        (("--batch_size", -1), "--batch_size expects a number from 1 to 16384, got -1."),
        (("--refrences", "x"), "there is no option '--refrences'; did you mean '--references'."),
        (("--device", "qpu"), "--device expects a device of this machine, got 'qpu'."),
        (("--truth", "/nowhere"), "/nowhere, for each truth, expects to be a folder, got nothing."),
        (("--vgg19", "/gone.pth"), "must name a file with vgg19 weights"),
    ],
)
def test_a_wrong_option_is_one_sentence(folders, capsys, words, message):
    assert score(folders, *words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_damaged_file_and_twins_are_named(folders, capsys):
    (folders / "results/bela.png").write_bytes(b"no picture")
    assert score(folders) == 2
    assert "bela.png is not an image that Pillow can read." in capsys.readouterr().err
    write_image(torch.rand(3, 24, 24), folders / "results/bela.jpg")
    assert score(folders) == 2
    assert "holds bela.jpg and bela.png" in capsys.readouterr().err


def test_scoring_needs_no_lightning():
    code = "import sys\nimport flowcolor.cli.score, flowcolor.evaluation.report\n"
    code += "import flowcolor.evaluation.compare, flowcolor.evaluation.result_folders\n"
    code += "print({'lightning', 'flowcolor.training.task'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("set()\n", "")


def test_an_earlier_score_is_not_written_over_by_what_is_compared_with_it(folders, capsys):
    assert score(folders) == 0
    earlier = (folders / "out/score.json").read_bytes()
    write_image(torch.rand(3, 24, 24), folders / "results/anna.png")
    (folders / "wrong.json").write_text("[]")
    (folders / "others.json").write_bytes(earlier.replace(b"bela", b"dora"))
    (folders / "gray.json").write_bytes(earlier.replace(b'"drawing"', b'"gray"'))
    (folders / "self.json").write_bytes(earlier.replace(b'"cross"', b'"self"'))
    capsys.readouterr()
    for other, expected in (
        ("out/score.json", "would overwrite: give another --output."),
        ("wrong.json", "wrong.json expects the JSON of"),
        ("others.json", "got 3 and 3, and 2 that only one has: bela, dora."),
        ("gray.json", "expects one kind of content, got drawing and gray"),
        ("self.json", "expects a setting that both have, got cross and self."),
    ):
        assert score(folders, "--compare", folders / other) == 2
        said = capsys.readouterr()
        assert expected in said.err
        assert not said.out  # Before anything is scored.
    assert (folders / "out/score.json").read_bytes() == earlier


@pytest.mark.parametrize("name", ["score.json", "score.csv", "comparison.json"])
def test_a_score_does_not_take_the_place_of_a_file_of_something_else(folders, capsys, name):
    own, earlier = folders / "out" / name, folders / "earlier"
    compare = name == "comparison.json" and score(folders, "--output", earlier) == 0
    own.parent.mkdir()
    own.write_text('{"anna": 3}')
    assert score(folders, *(["--compare", earlier / "score.json"] if compare else [])) == 2
    expected = f"--output expects a folder without a {name} of something else, got {own.parent}"
    assert expected in capsys.readouterr().err
    assert [*own.parent.iterdir()] == [own]
    assert own.read_text() == '{"anna": 3}'


@pytest.mark.parametrize("place", ["results", "references/score"])
def test_a_score_is_not_written_among_what_is_scored(folders, capsys, place):
    before = sorted(folders.rglob("*"))
    assert score(folders, "--output", folders / place) == 2
    assert "--output expects a folder outside of" in capsys.readouterr().err
    assert sorted(folders.rglob("*")) == before


def test_regions_without_label_maps_are_refused(folders, capsys):
    assert score(folders, "--regions", "celeba") == 2
    expected = "--regions celeba expects --labels, without which it does nothing."
    assert expected in capsys.readouterr().err
    assert not (folders / "out").exists()


def test_nothing_of_an_earlier_score_is_left_beside_another(folders):
    out = folders / "out"
    # Somebody's own: no score is here.
    write_image(torch.zeros(3, 8, 8), out / "extremes-self.png")
    assert score(folders) == 0
    assert (out / "extremes-self.png").is_file()
    other = folders / "other.json"
    other.write_bytes((out / "score.json").read_bytes())
    assert score(folders, "--compare", other) == 0
    assert (out / "comparison.json").is_file()
    write_image(torch.rand(3, 24, 24), folders / "results/anna.png")
    (out / "score.csv").unlink()
    (out / "score.csv").mkdir()  # In whose place nothing can be written.
    assert score(folders) == 2
    assert (out / "comparison.json").is_file()
    (out / "score.csv").rmdir()
    assert score(folders, "--setting", "self") == 0
    left = {path.name for path in out.iterdir()}
    assert left == {"extremes-self.png", "score.csv", "score.json"}
    (out / "comparison.json").write_text('{"mine": 1}')
    assert score(folders) == 0
    assert (out / "comparison.json").is_file()
