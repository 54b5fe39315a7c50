"""One callable for commands and Python: a model by name, from a file, or without weights."""

import math

import pytest
import torch

import flowcolor
from flowcolor.data import GradientLines, open_portraits
from flowcolor.data.crisp import crisp
from flowcolor.errors import InputError
from flowcolor.inference import Painter, load
from flowcolor.io.resizing import resize
from flowcolor.models import SketchColorFlow, Tint, Unchanged, flowcolor_tiny
from flowcolor.models.checkpoint import export_weights
from flowcolor.models.round_trip import roundtrip_errors
from flowcolor.pretrained import PACKAGED, packaged_file


def pair(side=96):
    portraits = open_portraits("embedded", side)
    drawing = GradientLines()(portraits[0]["photo"], (side, side)).expand(3, -1, -1)
    return drawing, portraits[1]["photo"]


def test_a_name_a_path_and_a_method_without_weights_are_found(tmp_path):
    assert isinstance(flowcolor.load("tint").colorizer, Tint)
    torch.manual_seed(0)
    flow = SketchColorFlow(1, 0, 1)
    export_weights(flow, tmp_path / "m.safetensors", 32)
    painter = load(tmp_path / "m.safetensors")
    assert (painter.size, painter.name) == (32, str(tmp_path / "m.safetensors"))
    for name, value in painter.colorizer.state_dict().items():
        assert torch.equal(value, flow.state_dict()[name])


def test_half_precision_on_disk_is_read_as_float32(tmp_path):
    flow = SketchColorFlow(1, 1, 1)
    export_weights(flow, tmp_path / "half.safetensors", 32, torch.float16)
    export_weights(flow, tmp_path / "full.safetensors", 32)
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("half", "full")]
    assert sizes[0] < 0.65 * sizes[1]
    read = load(tmp_path / "half.safetensors").colorizer.state_dict()
    for name, value in flow.state_dict().items():
        assert read[name].dtype == value.dtype
        torch.testing.assert_close(read[name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("face", r"a file or one of faces, .*tint.*, got 'face'; did you mean 'faces'\."),
        ("sketch_color", "expects trained weights"),
        ("none.safetensors", "none.safetensors expects a file"),
    ],
)
def test_what_is_not_there_is_one_sentence(source, words):
    with pytest.raises(InputError, match=words):
        load(source)


def test_a_folder_may_be_named_like_a_method_that_has_to_be_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="--method sketch_color expects trained weights"):
        load("sketch_color")
    flowcolor_tiny().save_pretrained("sketch_color", size=16)
    assert load("sketch_color").size == 16


@pytest.mark.parametrize("source", [None, 0, 2.5, True, [], b"tint", object()])
def test_a_source_that_is_no_name_is_one_sentence(source):
    with pytest.raises(InputError, match=r"^load expects a name or a path, got \w+\.$"):
        load(source)


@pytest.mark.parametrize("source", ["tint", "faces"])
@pytest.mark.parametrize("device", ["gpu", "", None, 2.5, torch.float16, [], "cpu:x", 10**400])
def test_a_device_that_is_none_is_one_sentence_and_casts_no_weights(source, device):
    with pytest.raises(ValueError, match=r"^load expects a device like cpu or cuda, got "):
        load(source, device)


@pytest.mark.parametrize("source", ["tint", "faces"])
@pytest.mark.parametrize("device", ["cuda:99", "meta", "hpu", torch.device("xpu", 99)])
def test_a_device_that_this_machine_has_not_is_one_sentence(source, device):
    with pytest.raises(ValueError, match=r"^load expects a device of this machine, got "):
        load(source, device)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colorizer": None}, "colorizer to be of type Colorizer, got None"),
        ({"colorizer": torch.nn.Identity()}, "colorizer to be of type Colorizer, got Identity"),
        ({"size": -1}, None),
        ({"size": 64.5}, None),
        ({"size": "64"}, None),
        ({"size": None}, None),
        ({"name": None}, "name to be a word, got None"),
        ({"name": 3}, "name to be a word, got 3"),
    ],
)
def test_a_painter_of_what_is_no_model_is_refused(change, words):
    given = {"colorizer": load("tint").colorizer, "size": 0, "name": "own"} | change
    words = words or rf"size to be a whole number of at least 0, got {change['size']!r}"
    with pytest.raises(ValueError, match=rf"^Painter expects {words}"):
        Painter(**given)


def test_the_model_s_picture_is_there_as_the_model_made_it():
    drawing, photo = pair(64)
    painter = load("tint")
    whole = painter(drawing, photo, lines="model", clean=False)
    expected = painter.colorizer(drawing[None], resize(photo, (64, 64))[None])[0]
    torch.testing.assert_close(whole.image, expected.clamp(0, 1))
    assert whole.worked_at == (64, 64)
    kept = painter(drawing, photo, clean=False).image
    torch.testing.assert_close(kept, crisp(expected.clamp(0, 1), drawing, drawing))
    blended = painter(drawing, photo, lines="blend", clean=False).image
    torch.testing.assert_close(blended, (kept + whole.image) / 2)


def test_a_page_is_cut_for_the_model_and_put_together_again():
    drawing, photo = pair(96)
    page = torch.ones(3, 300, 320)
    page[:, 30:126, 60:156] = drawing
    painted = load("tint")(page, photo)
    assert "cut the page to the strokes" in painted.said
    assert painted.image.shape == page.shape
    assert (painted.image[:, 200:, 200:] == 1).all()
    blank = painted.image[:, 60:100, 80:130][:, page[0, 60:100, 80:130] == 1]
    tint = photo.mean((1, 2), keepdim=True)[:, 0]
    assert (blank - tint).abs().mean() < 0.1  # Coloured, not only put back.


def test_inputs_are_never_changed():
    drawing, photo = pair(64)
    page = torch.full((3, 200, 200), 0.8)
    page[:, 20:84, 20:84] *= drawing
    before = page.clone(), photo.clone()
    load("tint")(page, photo)
    assert torch.equal(page, before[0])
    assert torch.equal(photo, before[1])


def test_what_a_user_may_want_to_know_is_noticed():
    drawing, photo = pair(96)
    painter = load("tint")
    assert painter(drawing, photo).notices == []
    (notice,) = painter(photo, photo).notices
    assert "looks like a photograph" in notice
    (notice,) = painter(drawing, photo.mean(0, keepdim=True).expand(3, -1, -1)).notices
    assert notice == "the reference has no colour, and the result will have none"
    (notice,) = painter(drawing, drawing).notices
    assert "the reference looks like a drawing" in notice


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_blank_page_is_refused(level):
    with pytest.raises(InputError, match=r"expects dark strokes on paper, got a blank page\.$"):
        load("tint")(torch.full((3, 50, 50), level), torch.rand(3, 9, 9))


def test_lines_are_one_of_three():
    with pytest.raises(InputError, match=r"lines expects one of keep, blend, model, got 'both'\.$"):
        load("tint")(*pair(64), lines="both")


@pytest.mark.parametrize("name", PACKAGED)
def test_a_packaged_model_is_small_exact_and_follows_its_reference(name):
    painter = load(name)
    assert packaged_file(name).stat().st_size < 12e6
    photos = torch.stack([open_portraits("embedded", 64)[index]["photo"] for index in range(2)])
    assert max(float(e) for e in roundtrip_errors(painter.colorizer, photos).values()) < 1e-4
    drawing, photo = pair(128)
    warm, cold = photo.clone(), photo.clone()
    warm[2], cold[0] = 0.3 * warm[2], 0.3 * cold[0]
    reds, blues = (painter(drawing, p).image.mean((1, 2)) for p in (warm, cold))
    assert reds[0] - reds[2] > blues[0] - blues[2] + 0.1


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("gray", [True, False])
def test_a_result_that_is_no_colour_is_refused_and_not_painted_black(value, gray):
    class Broken(Unchanged):
        def colorize(self, content, reference=None, **options):
            return content * torch.tensor([1.0, value, 1.0])[:, None, None]

    painter = Painter(Broken().eval(), 0, "broken")
    picture = torch.ones(3, 40, 30)
    picture[:, 10:30, 15] = 0.25
    with pytest.raises(InputError, match="Broken expects weights with which it computes colours"):
        (painter.photograph if gray else painter)(picture)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda drawing, photo: {"drawing": 255 * drawing},
            "drawing expects images with values in",
        ),
        (
            lambda drawing, photo: {"drawing": drawing[None]},
            r"drawing expects shape \(3, height, w",
        ),
        (lambda drawing, photo: {"drawing": drawing[:1]}, r"drawing expects shape \(3, height, w"),
        (
            lambda drawing, photo: {"reference": 255 * photo},
            "reference expects images with values in",
        ),
        (
            lambda drawing, photo: {"reference": (255 * photo).byte()},
            "reference expects float images",
        ),
        (lambda drawing, photo: {"reference": photo * math.nan}, "reference expects finite values"),
        (lambda drawing, photo: {"drawing": None}, r"drawing expects a tensor of .*, got NoneType"),
        (
            lambda drawing, photo: {"drawing": drawing.numpy()},
            r"drawing expects a tensor of .*, got ndarray; flowcolor.data.read_image makes one",
        ),
        (lambda drawing, photo: {"reference": "photo.png"}, r"reference expects .*, got str"),
        (
            lambda drawing, photo: {"reference": photo.to("meta")},
            "reference expects a dense tensor with values, got one on the meta",
        ),
        (
            lambda drawing, photo: {"drawing": drawing.to_sparse()},
            "drawing expects a dense tensor with values, got one of layout torch.sparse_coo",
        ),
        (
            lambda drawing, photo: {
                "reference": torch.nested.nested_tensor([*photo[:2]], layout=torch.jagged)
            },
            "reference expects a dense tensor with values, got a nested one",
        ),
        (lambda drawing, photo: {"hints": drawing}, "hints expects Hints, got Tensor"),
        (lambda drawing, photo: {"shorter": True}, 'shorter expects "trained", None or a'),
        (
            lambda drawing, photo: {"shorter": 0},
            'shorter expects "trained", None or a number of at',
        ),
        (
            lambda drawing, photo: {"shorter": 10**400},
            'shorter expects "trained", None or a number of at .* got a whole number of more than',
        ),
        (
            lambda drawing, photo: {"shorter": photo.numpy()},
            'shorter expects "trained", None or a number of at .* got ndarray',
        ),
        (lambda drawing, photo: {"clean": "false"}, "clean expects True or False, got 'false'"),
        (lambda drawing, photo: {"align": None}, "align expects True or False, got None"),
        (lambda drawing, photo: {"check": photo}, "check expects True or False, got Tensor"),
        (lambda drawing, photo: {"face": photo}, "face expects a Face, got Tensor"),
        (lambda drawing, photo: {"face": (1, 1, 4, 3)}, "face expects a Face, got tuple"),
    ],
)
@pytest.mark.parametrize("method", ["tint", "faces"])
def test_pictures_of_another_range_shape_or_type_are_one_sentence(method, change, words):
    drawing, photo = pair(32)
    given = {"drawing": drawing, "reference": photo} | change(drawing, photo)
    with pytest.raises(InputError, match=f"^{words}"):
        load(method)(**given)


@pytest.mark.parametrize("method", ["tint", "faces"])
@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32])
def test_pictures_of_half_precision_and_with_gradients_are_painted(method, kind):
    drawing, photo = (each.to(kind).requires_grad_() for each in pair(32))
    painter = load(method)
    painted = painter(drawing, photo)
    expected = painter(drawing.detach().float(), photo.detach().float())
    assert torch.equal(painted.image, expected.image)
    assert painter.face_of(photo) == painter.face_of(photo.detach().float())
