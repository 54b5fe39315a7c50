"""``flowcolor colorize --content``: grey photographs, and colours at points of them."""

import pytest
import torch
from PIL import Image, ImageDraw

from flowcolor.cli.main import main
from flowcolor.color import rgb_to_yuv, to_gray
from flowcolor.inference import load
from flowcolor.io.images import read_image, write_image
from flowcolor.models import Hints, Levin
from flowcolor.models.hint_files import read_hints

LAYER = "marks.png"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    luma = torch.linspace(0.3, 0.7, 30).expand(20, 30) + 0.05 * torch.rand(20, 30)
    write_image(luma[None], "grey.png")
    write_image(torch.rand(3, 20, 30), "photo.png")
    write_image(1 - (torch.rand(1, 20, 30) > 0.8).float(), "drawing.png")
    marks = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
    ImageDraw.Draw(marks).rectangle((4, 5, 6, 7), (170, 110, 110, 255))
    ImageDraw.Draw(marks).rectangle((24, 5, 26, 7), (110, 120, 190, 255))
    marks.save(LAYER)
    marked = Image.open("grey.png").convert("RGB")
    marked.alpha_composite(marks) if marked.mode == "RGBA" else marked.paste(marks, mask=marks)
    marked.save("marked.png")
    return tmp_path


def colorize(*words):
    return main(["colorize", "--output", "o.png", *words])


def test_a_grey_photograph_gets_the_colours_of_its_marks_and_keeps_its_luma(files):
    assert colorize("--method", "levin", "--content", "grey.png", "--hints", LAYER) == 0
    gray, found = read_image("grey.png"), read_image("o.png")
    expected = Levin()(gray[None], hints=read_hints(LAYER, gray))[0].clamp(0, 1)
    assert (found - expected).abs().max() < 1 / 255
    assert (to_gray(found) - gray[:1]).abs().max() < 1 / 255
    chroma = rgb_to_yuv(found[None])[0, 1:]
    assert chroma[1, 6, 5] > 0.02 > chroma[1, 6, 25]  # Red on the left, blue on the right.


def test_dots_are_named_by_place_and_colour(files):
    words = ("--method", "poisson", "--content", "grey.png", "--set", "smoothness=0")
    assert colorize(*words, "--dots", "5,6=#aa6e6e", "25,0=blue") == 0
    found, gray = read_image("o.png"), read_image("grey.png")
    changed = (found != gray).any(0)
    assert changed.nonzero().tolist() == [
        *([row, column] for row in (0, 1) for column in (24, 25, 26)),
        *([row, column] for row in (5, 6, 7) for column in (4, 5, 6)),
    ]
    assert torch.allclose(found[:, 6, 5] * 255, torch.tensor([170.0, 110, 110]), atol=1)


def test_a_marked_copy_does_what_a_layer_does(files):
    assert colorize("--method", "levin", "--content", "grey.png", "--hints", "marked.png") == 0
    copy = read_image("o.png")
    assert colorize("--method", "levin", "--content", "grey.png", "--hints", LAYER) == 0
    assert (copy - read_image("o.png")).abs().max() < 0.08  # Without the rims.


def test_what_does_not_fit_keeps_its_luma_and_hue(files):
    marks = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
    marks.putpixel((3, 3), (255, 0, 0, 255))
    marks.save(LAYER)
    assert colorize("--method", "levin", "--content", "grey.png", "--hints", LAYER) == 0
    found = read_image("o.png")
    assert (to_gray(found) - read_image("grey.png")[:1]).abs().max() < 1.5 / 255


def test_a_model_of_another_size_keeps_the_details_of_the_photograph(files):
    gray = read_image("grey.png")
    hints = read_hints(LAYER, gray)
    painted = load("levin").photograph(gray, hints=hints, shorter=8)
    assert painted.worked_at == (8, 12)
    assert (to_gray(painted.image) - gray[:1]).abs().max() < 1e-5


def test_drawings_take_marks_too(files):
    words = ("--method", "poisson", "--sketch", "drawing.png", "--hints", LAYER)
    assert colorize(*words, "--no-clean", "--lines", "model") == 0
    expected = torch.tensor([170.0, 110, 110]) / 255
    assert torch.allclose(read_image("o.png")[:, 6, 5], expected, atol=1e-3)


def test_marks_stay_where_they_are_when_a_page_is_cut_to_its_strokes():
    page = torch.ones(3, 200, 200)
    page[:, 20:60, 20:60] = 0  # A frame in a corner of the page.
    page[:, 22:58, 22:58] = 1
    mask, colors = torch.zeros(1, 1, 200, 200), torch.zeros(1, 3, 200, 200)
    mask[..., 30:35, 30:35] = 1
    colors[:, 0] = 0.8
    painted = load("levin")(page, hints=Hints(colors, mask))
    assert "cut the page to the strokes" in painted.said
    inside = painted.image[:, 40, 40]
    assert inside[0] > inside[1] + 0.1
    assert not painted.notices
    alone = load("levin")(page, hints=Hints(colors.roll(80, 3), mask.roll(80, 3)))
    assert alone.image[:, 40, 40].std() < 0.01  # The mark is outside of what was cut out.
    assert alone.notices == ["colours given where the page was cut away are not used (--no-clean)"]


def test_folders_of_photographs_and_marks_are_matched_by_stem(files):
    for folder, name in (("greys", "grey.png"), ("marks", "marked.png")):
        (files / folder).mkdir()
        for stem in "ab":
            Image.open(name).save(files / folder / f"{stem}.png")
    words = ["--method", "levin", "--content", "greys", "--hints", "marks", "--output", "out"]
    assert main(["colorize", *words]) == 0
    assert {path.name for path in (files / "out").iterdir()} == {"a.png", "b.png"}


def test_options_of_a_method_are_set_by_name(files):
    words = ("--method", "poisson", "--content", "grey.png", "--hints", LAYER)
    assert colorize(*words, "--set", "smoothness=0") == 0
    found, gray = read_image("o.png"), read_image("grey.png")
    assert torch.equal(found[:, 15:], gray[:, 15:])
    assert not torch.equal(found[:, 6, 5], gray[:, 6, 5])


LENT = ("--reference", "photo.png")
LEVIN = ("--method", "levin", "--content", "grey.png")
POISSON = ("--method", "poisson", "--content", "grey.png", "--hints", LAYER)
LUT, WAVELET, GATYS = (
    ("--method", name, "--content", "grey.png", *LENT) for name in ("lut", "wavelet", "gatys")
)
GATYS += ("--set", "random_weights=true")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--method", "tint"), "one of the arguments --sketch --content is required."),
        ((*LEVIN, "--sketch", "drawing.png"), "argument --sketch: not allowed with argument "),
        (
            LEVIN,
            "Levin expects --hints, a copy of the picture with marks in colour, or --dots, got",
        ),
        ((*LEVIN, "--dots", "30,5=red"), "in the picture, from 0,0 to 29,19, got 30,5."),
        ((*LEVIN, "--dots", "3,5=rde"), "--dots expects X,Y=COLOUR as 120,80=#3366cc or 120,80=r"),
        ((*LEVIN, "--dots", "3=red"), "or 120,80=red, got '3=red'."),
        ((*LEVIN, "--dots", "3,5=red", "--hints", LAYER), "not allowed with argument --dots."),
        (
            ("--method", "tint", "--content", "grey.png", *LENT, "--dots", "3,5=red"),
            "Tint cannot use --dots, got 3,5=red.",
        ),
        ((*LEVIN, "--hints", "none.png"), "--hints expects an image or a folder, got none.png"),
        ((*LEVIN, "--hints", "."), "--hints expects one file for the one photograph grey.png"),
        ((*LEVIN, "--hints", "grey.png"), "grey.png expects marks in colour, got none"),
        (
            (*LEVIN, "--hints", LAYER, "--reference", "photo.png"),
            "Levin cannot use --reference, got photo.png.",
        ),
        (
            ("--method", "tint", "--content", "grey.png", "--hints", LAYER, *LENT),
            "Tint cannot use --hints, got marks.png.",
        ),
        (
            ("--content", "grey.png", "--reference", "photo.png"),
            "SketchColorFlow expects --sketch, a drawing, got grey.png.",
        ),
        ((*LEVIN, "--hints", LAYER, "--draw"), "--draw expects --sketch, a drawing, got --conte"),
        ((*LEVIN, "--hints", LAYER, "--clean"), "--clean expects --sketch, a drawing, got --con"),
        ((*LEVIN, "--hints", LAYER, "--align"), "--align expects --sketch, a drawing, got --con"),
        (
            ("--method", "lut", "--sketch", "grey.png", *LENT, "--align"),
            "--align expects a trained model, got LUT.",
        ),
        ((*LEVIN, "--set", "neighbours=4"), "got 'neighbours'; did you mean 'neighbors'."),
        ((*LEVIN, "--set", "system=cube"), "Levin expects system to be one of ['square', 'norm"),
        ((*LEVIN, "--set", "system"), "--set expects NAME=VALUE, got 'system'."),
        (
            ("--content", "grey.png", "--set", "system=normal"),
            "--set expects --method, whose options it sets, got none.",
        ),
        ((*LEVIN, "--hints", LAYER, "--output", LAYER), "--output expects a place that holds no"),
        ((*LEVIN, "--hints", LAYER, "--gallery", "."), "Levin cannot use --gallery, got ."),
        (
            (*LUT, "--set", "space=yuv"),
            "LUT expects content in colour for space='yuv', got grey, whose chroma no table can ",
        ),
        ((*LUT, "--set", "edges=0"), "LUT expects edges to leave pixels to count, got 0, above "),
        ((*LUT, "--set", "interpolate=1"), "lut expects interpolate to be true or false, got 1."),
        (
            (*POISSON, "--set", "smoothness=big"),
            "poisson expects smoothness to be a number, got 'b",
        ),
        (
            (*POISSON, "--set", "smoothness=null"),
            "poisson expects smoothness to be a number, got N",
        ),
        (
            (*WAVELET, "--set", "weights=1"),
            "wavelet expects weights to be a list in brackets, each a number, got 1.",
        ),
        (
            (*WAVELET, "--set", "weights=[0,null]"),
            "wavelet expects weights to be a number, got None",
        ),
        ((*LEVIN, "--set", "system=[1]"), "levin expects system to be a word, got [1]."),
        (
            (*GATYS, "style_layers=[1.5]"),
            "gatys expects style_layers to be a whole number, got 1.5.",
        ),
        ((*GATYS, "content_layer=true"), "gatys expects content_layer to be a whole number, got T"),
        (
            (*GATYS, "--size", "2"),
            "Gatys expects sides of at least 4 for its layers, got (2, 3) and",
        ),
        (
            (*GATYS[:-2], "--set", "weights=none.pth"),
            "`weights` must name a file with vgg19 weights, got 'none.pth'.",
        ),
    ],
)
def test_what_cannot_be_used_is_one_sentence(words, expected, files, capsys):
    assert colorize(*words) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1
    assert not (files / "o.png").exists()
