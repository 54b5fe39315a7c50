"""``flowcolor score`` with label maps and with drawings on grey paper."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from flowcolor.data.clean import clean_drawing
from flowcolor.data.sketches import GradientLines
from flowcolor.io.images import read_image, read_sketch, write_image
from flowcolor.io.resizing import resize
from flowcolor.metrics import (
    color_bleeding,
    line_f1,
    line_sharpness,
    region_color_distance,
)
from tests.training.helpers import flowcolor

NAMES = ("anna", "bela")
SIDE = 48


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    random = np.random.default_rng(0)
    drawing = torch.full((3, SIDE, SIDE), 0.7)  # Grey paper.
    drawing[:, 8:40, 10:12] = drawing[:, 20:22, 5:44] = 0.1
    for name in NAMES:
        write_image(drawing, tmp_path / "drawings" / f"{name}.png")
        for kind in ("results", "truth", "references"):
            coarse = 0.5 + torch.from_numpy(random.random((3, 4, 4), dtype=np.float32)) / 2
            image = resize(coarse, (SIDE, SIDE))
            if kind == "results":
                image[drawing < 0.5] = 0.0
            write_image(image, tmp_path / kind / f"{name}.png")
        for kind in ("labels", "others"):
            (tmp_path / kind).mkdir(exist_ok=True)
            blocks = random.integers(0, 6, (6, 6), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
            Image.fromarray(blocks).save(tmp_path / kind / f"{name}.png")
    return tmp_path


def score(root, *words):
    three = [
        word for kind in ("results", "truth", "references") for word in (f"--{kind}", root / kind)
    ]
    return flowcolor("score", *three, "--output", root / "out", *words)


def numbers(root):
    pairs = json.loads((root / "out/score.json").read_text())["pairs"]
    return {pair["name"]: pair["scores"] for pair in pairs}


def labels_of(path):
    return torch.from_numpy(np.array(Image.open(path)))[None]


def test_label_maps_and_cleaned_drawings_are_scored(folders, capsys):
    maps = ("--labels", folders / "labels", "--reference_labels", folders / "others")
    assert score(folders, *maps, "--sketches", folders / "drawings") == 0
    printed = capsys.readouterr().out
    assert "colour of skin, distance" in printed
    assert "lines agree with the cleaned sketch (F1)" in printed
    for name, found in numbers(folders).items():
        result, reference = (
            read_image(folders / kind / f"{name}.png")[None] for kind in ("results", "references")
        )
        both = [labels_of(folders / kind / f"{name}.png") for kind in ("labels", "others")]
        for region, distance in region_color_distance(result, reference, *both).items():
            expected = None if distance.isnan() else pytest.approx(float(distance), rel=1e-4)
            assert found.get(f"region_{region}") == expected
        cleaned = clean_drawing(read_sketch(folders / "drawings" / f"{name}.png")).drawing[None]
        assert cleaned.amax() > 0.98
        lines = GradientLines()(result[0], (SIDE, SIDE))[None]
        assert found["lines_cleaned"] == pytest.approx(float(line_f1(lines, cleaned[:, :1])))
        assert found["lines_cleaned"] != found["lines"]
        assert found["sharpness"] == pytest.approx(float(line_sharpness(result, cleaned)), rel=1e-4)
        assert found["bleeding"] == pytest.approx(float(color_bleeding(result, cleaned)), rel=1e-4)


def test_maps_are_cut_and_resized_without_mixing_their_numbers(folders):
    wide = np.zeros((16, 40), dtype=np.uint8)
    wide[:, 12:20], wide[:, 20:28] = 2, 5
    for kind in ("labels", "others"):
        for name in NAMES:
            Image.fromarray(wide).save(folders / kind / f"{name}.png")
    maps = ("--labels", folders / "labels", "--reference_labels", folders / "others")
    assert score(folders, *maps, "--size", 24) == 0
    for found in numbers(folders).values():
        assert {"region_skin", "region_lips"} <= found.keys()
        assert not {"region_background", "region_hair_clothes", "lines_cleaned"} & found.keys()


def test_numbers_of_another_kind_of_map_are_named(folders, capsys):
    maps = ("--labels", folders / "labels", "--reference_labels", folders / "others")
    assert score(folders, *maps) == 0
    assert "which no region counts" not in capsys.readouterr().out
    mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
    mask[:9], mask[9:12] = 255, 7
    Image.fromarray(mask).save(folders / "others/anna.png")
    for numbers_said, words in (("7, 255", ()), ("255", ("--regions", "celeba"))):
        assert score(folders, *maps, *words) == 0
        said = (
            f"colours by region, distance: label maps hold {numbers_said}, which no region counts"
        )
        assert said in capsys.readouterr().out


def test_in_self_reference_the_maps_of_the_drawings_are_enough(folders):
    assert score(folders, "--setting", "self", "--labels", folders / "labels") == 0
    assert all("region_colors" in found for found in numbers(folders).values())


def test_what_is_wrong_with_maps_is_one_sentence(folders, capsys):
    def refused(*words):
        assert score(folders, *words) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    alone = refused("--labels", folders / "labels")
    assert "--labels expects --reference_labels beside it" in alone
    alone = refused("--reference_labels", folders / "others", "--setting", "self")
    assert "--reference_labels expects --labels beside it" in alone
    maps = ("--labels", folders / "labels", "--reference_labels", folders / "others")
    Image.new("L", (8, 8)).save(folders / "labels/anna.png")
    assert "for 1 of 2: anna (8x8 instead of 48x48); --size N" in refused(*maps)
    Image.new("RGB", (SIDE, SIDE), (9, 0, 0)).save(folders / "labels/anna.png")
    assert "anna.png expects a label map, one number for each pixel, got colours." in refused(*maps)
    (folders / "labels/anna.png").unlink()
    assert "expects a label map for each photograph" in refused(*maps)
