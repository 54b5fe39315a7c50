"""What lies in the folders of ``flowcolor score``: names in any Unicode form, sizes of any kind."""

import json
import unicodedata

import pytest
import torch
from PIL import Image

from flowcolor.cli.main import main
from flowcolor.data import write_image


def words(tmp_path):
    folders = {kind: str(tmp_path / kind) for kind in ("results", "truth", "references")}
    options = [word for kind, folder in folders.items() for word in (f"--{kind}", folder)]
    return ["score", *options, "--output", str(tmp_path / "out")]


def test_names_in_different_unicode_forms_are_pairs(tmp_path):
    for kind, form in (("results", "NFD"), ("truth", "NFC"), ("references", "NFD")):
        name = unicodedata.normalize(form, "Zoë/é")
        write_image(torch.rand(3, 16, 16), tmp_path / kind / f"{name}.png")
    assert main(words(tmp_path)) == 0
    content = json.loads((tmp_path / "out/score.json").read_text("utf-8"))
    assert [pair["name"] for pair in content["pairs"]] == ["Zoë/é"]


def test_two_unicode_forms_of_one_name_in_one_folder_are_twins(tmp_path, capsys):
    for kind in ("results", "truth", "references"):
        for form in ("NFC", "NFD"):
            name = unicodedata.normalize(form, "é")
            write_image(torch.rand(3, 16, 16), tmp_path / kind / f"{name}.png")
    assert main(words(tmp_path)) == 2
    assert "but names without their suffix must differ" in capsys.readouterr().err


@pytest.mark.parametrize("size", [[], ["--size", "16"]])
def test_a_picture_beyond_the_limit_of_pillow_is_one_sentence(tmp_path, capsys, monkeypatch, size):
    for kind in ("results", "truth", "references"):
        write_image(torch.rand(3, 16, 16), tmp_path / kind / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # An error above twice as many.
    assert main([*words(tmp_path), *size]) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert "a.png cannot be read as an image: Image size (256 pixels) exceeds limit" in line
    assert not (tmp_path / "out").exists()
