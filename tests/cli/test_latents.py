"""``flowcolor latents`` shows what a model makes of photographs, and says when it is nothing."""

import pytest
import torch
from PIL import Image

from flowcolor.cli.main import main
from flowcolor.inference import Painter
from flowcolor.io.images import read_image, write_image
from flowcolor.models.collapse import latent_spread
from tests.models.helpers import trained_pix2pix, trained_unet_adain


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for index in range(3):
        write_image(torch.rand(3, 16, 16) * torch.rand(3, 1, 1), f"photos/{index}.png")
    return tmp_path


def latents(model, monkeypatch, *words):
    monkeypatch.setattr("flowcolor.inference.load", lambda *_: Painter(model, 16, "own"))
    given = ("--checkpoint", "c.ckpt", "--references", "photos", "--output", "o.png")
    return main(["latents", *given, *words])


def test_the_spread_is_said_and_histograms_are_drawn(photos, monkeypatch, capsys):
    model = trained_unet_adain()
    assert latents(model, monkeypatch) == 0
    seen = torch.stack([read_image(photos / f"photos/{index}.png") for index in range(3)])
    codes = model.encode(seen).detach()
    expected = latent_spread(codes)
    said = capsys.readouterr().out
    assert f"4 numbers of 3 photographs: mean {float(codes.mean()):.3g}, " in said
    assert f"spread over photographs {expected:.3g}, at least 0.001: the latent tells" in said
    with Image.open("o.png") as picture:
        assert picture.format == "PNG"


def test_a_collapsed_latent_is_called_that(photos, monkeypatch, capsys):
    model = trained_unet_adain()
    with torch.no_grad():
        model.encoder.net[-2].bias.fill_(-100.0)
    assert latents(model, monkeypatch) == 0
    said = capsys.readouterr().out
    assert "spread over photographs 0, below 0.001: the latent has collapsed" in said


def test_broken_and_endless_photographs_are_left_out_named_and_counted(photos, monkeypatch, capsys):
    (photos / "photos/3.png").write_bytes((photos / "photos/1.png").read_bytes()[:100])
    write_image(torch.rand(3, 1, 20000), "photos/4.png")
    assert latents(trained_unet_adain(), monkeypatch) == 2
    said = capsys.readouterr()
    assert "4 numbers of 3 photographs: mean" in said.out
    lines = said.err.splitlines()
    assert lines[0].startswith("left out photos/3.png: photos/3.png cannot be read as an image")
    assert lines[1].startswith(
        "left out photos/4.png: A photograph of 20000x1 would be enlarged to"
    )
    assert lines[1].endswith("to 320000x16, expected at most 8192 pixels: cut it.")
    assert lines[2:] == ["flowcolor: 2 of 5 photographs were left out: 3.png, 4.png."]
    with Image.open("o.png") as picture:
        assert picture.format == "PNG"


@pytest.mark.parametrize(
    ("build", "words", "expected"),
    [
        (trained_pix2pix, (), "--checkpoint expects a UNetAdaIN with a latent, got Pix2Pix."),
        (trained_unet_adain, ("--output", "o.txt"), "--output expects a file ending in .png, got "),
        (trained_unet_adain, ("--output", "d.png"), "expects a file ending in .png, got d.png."),
        (trained_unet_adain, ("--references", "one"), "--references expects two photographs or mo"),
        (trained_unet_adain, ("--references", "no"), "no "),
        (trained_unet_adain, ("--output", "photos/1.png"), "--output expects a place that holds n"),
        (
            trained_unet_adain,
            ("--output", "photos/o.png"),
            "outside of photos, whose images are re",
        ),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(build, words, expected, photos, monkeypatch, capsys):
    write_image(torch.rand(3, 16, 16), "one/a.png")
    (photos / "d.png").mkdir()
    before = (photos / "photos/1.png").read_bytes()
    assert latents(build(), monkeypatch, *words) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1
    assert not (photos / "o.png").exists()
    assert (photos / "photos/1.png").read_bytes() == before


def test_the_picture_does_not_take_a_name_of_the_model(photos, monkeypatch, capsys):
    (photos / "c.ckpt").write_bytes(b"a model")
    (photos / "o.png").symlink_to("c.ckpt")
    assert latents(trained_unet_adain(), monkeypatch) == 2
    assert "--output expects a place that holds no input, got o.png, " in capsys.readouterr().err
    assert (photos / "o.png").is_symlink()


def test_photographs_beyond_the_most_are_counted(photos, monkeypatch, capsys, caplog):
    monkeypatch.setattr("flowcolor.cli.latents._MOST", 2)
    assert latents(trained_unet_adain(), monkeypatch) == 0
    said = capsys.readouterr()
    assert "4 numbers of 2 photographs" in said.out
    assert "of the 3 photographs of photos, 2 are looked at." in caplog.text + said.err


@pytest.mark.parametrize("name", ["写", "\udcff"])
def test_photographs_may_have_names_that_no_font_shows(name, photos, monkeypatch, capsys):
    write_image(torch.rand(3, 16, 16), photos / f"photos/{name}.png")
    assert latents(trained_unet_adain(), monkeypatch) == 0
    assert capsys.readouterr().err == ""
    assert (photos / "o.png").exists()
