"""What each method takes and is, in one table, as the documentation and the contract rely on it."""

import pytest
import torch

from flowcolor.inference import Painter
from flowcolor.models import (
    CIC,
    LUT,
    Colorizer,
    Gatys,
    Levin,
    Pix2Pix,
    Poisson,
    Unchanged,
    UNetAdaIN,
    Wavelet,
)
from flowcolor.models.methods import methods

BOTH, GRAY, DRAWING = ({"drawing", "gray"}, {"gray"}, {"drawing"})
# Content, reference, hints, boxes, trained, pretrained, random, keeps the luma.
TABLE = {
    "sketch_color": (DRAWING, "required", "optional", "unused", True, (), False, False),
    "lut": (BOTH, "required", "unused", "unused", False, (), False, False),
    "wavelet": (BOTH, "required", "unused", "unused", False, (), False, False),
    "poisson": (BOTH, "unused", "required", "unused", False, (), False, False),
    "levin": (BOTH, "unused", "required", "unused", False, (), False, True),
    "gatys": (BOTH, "required", "unused", "unused", False, ("vgg19",), False, False),
    "pix2pix": (BOTH, "optional", "unused", "unused", True, (), True, False),
    "palette": (BOTH, "optional", "unused", "unused", True, (), True, False),
    "coltran": (BOTH, "optional", "unused", "unused", True, (), True, False),
    "cic": (GRAY, "unused", "unused", "unused", True, (), False, True),
    "chromagan": (GRAY, "unused", "unused", "unused", True, (), False, True),
    "guided": (GRAY, "unused", "optional", "unused", True, (), False, True),
    "instance": (GRAY, "unused", "optional", "optional", True, (), False, True),
    "ada_attn": (BOTH, "required", "unused", "unused", True, ("vgg19",), False, False),
    "unet_adain": (BOTH, "required", "unused", "unused", True, (), False, False),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_method_has_the_traits_of_its_row(name):
    kind = methods()[name]
    found = (
        *(set(kind.content), kind.reference, kind.hints, kind.boxes, kind.trained),
        *(tuple(kind.pretrained), kind.stochastic, kind.keeps_luminance),
    )
    assert found == TABLE[name]


def test_one_model_may_do_less_or_more_than_its_class():
    assert Pix2Pix(2, 2).reference == "unused"
    assert Pix2Pix(2, 2, with_reference=True).reference == "required"
    assert Pix2Pix(2, 2, space="lab").keeps_luminance
    small = {"width": 2, "style_width": 2}
    assert UNetAdaIN(**small, latent=0).reference == "unused"
    assert UNetAdaIN(**small, space="lab").keeps_luminance
    assert UNetAdaIN(**small, letter=True).stochastic
    assert Wavelet(space="uv").keeps_luminance
    assert Poisson(keep_luminance=True).keeps_luminance
    assert Gatys(keep_luminance=True).keeps_luminance
    assert Gatys(start="noise").stochastic


def test_what_is_not_said_is_right_and_no_letter():
    assert LUT().config == {
        "space": "rgb",
        "gamut": "chroma",
        "edges": None,
        "interpolate": False,
        "letter": False,
    }
    hard = [0.0] + [1.0] * 5
    plain = {"space": "rgb", "match_first": False, "contrast": 1.0}
    assert Wavelet().config == {"weights": hard, **plain}
    assert Poisson().config == {"smoothness": 1e10, "keep_luminance": False}
    assert Levin().config == {"system": "square", "weights": "levin", "neighbors": 8}
    assert not Gatys().config["letter"]
    with torch.device("meta"):
        assert CIC().config == {"width": 64, "annealing": 0.38}
        assert not UNetAdaIN().config["letter"]


class Made(Unchanged):
    def __init__(self, change):
        super().__init__()
        self.change = change

    def colorize(self, content, reference=None, **options):
        return self.change(content)


@pytest.mark.parametrize(
    ("change", "got"),
    [
        (lambda x: x[0], "torch.float32 of shape (3, 8, 8)"),
        (lambda x: x[:, :1], "torch.float32 of shape (2, 1, 8, 8)"),
        (lambda x: (255 * x).byte(), "torch.uint8 of shape (2, 3, 8, 8)"),
        (lambda x: x.numpy(), "ndarray"),
        (lambda x: None, "None"),
    ],
)
def test_what_a_colorizer_of_ones_own_makes_and_is_no_picture_is_refused(change, got):
    content = torch.rand(2, 3, 8, 8)
    with pytest.raises(ValueError, match=r"^Made expects its colorize to return float") as refused:
        Made(change)(content)
    assert str(refused.value).endswith(f"shape, (2, 3, 8, 8), got {got}.")
    assert torch.equal(Made(lambda x: x.double())(content).float(), content)


class Lacks(Colorizer):
    """Says nothing of itself."""

    def colorize(self, content, reference=None, **options):
        return content


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        ({}, "its content to be a set of drawing and gray, got None"),
        ({"content": {"gray"}}, "its reference to be one of required, optional, unused, got None"),
        ({"content": "gray", "reference": "unused"}, "its content to be a set .* got 'gray'"),
        ({"content": {"grey"}, "reference": "unused"}, "its content to be a set .* got {'grey'}"),
        ({"content": {"gray"}, "reference": "needed"}, "its reference to be one .* got 'needed'"),
        (
            {"content": {"gray"}, "reference": "unused", "multiple": 0},
            "multiple to be a whole number of at least 1, got 0",
        ),
    ],
)
def test_traits_that_a_colorizer_of_ones_own_lacks_or_misspells_are_refused(traits, expected):
    own, content = type("Own", (Lacks,), traits)(), torch.rand(1, 3, 8, 8)
    for use in (
        lambda: own(content),
        lambda: own(content[:0]),
        lambda: Painter(own, 0, "own"),
    ):
        with pytest.raises(ValueError, match=f"^Own expects {expected}"):
            use()
