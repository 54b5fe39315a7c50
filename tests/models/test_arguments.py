"""What constructors and builders of models cannot use is refused in one sentence, when given."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor import models
from flowcolor.models import Hints
from flowcolor.models.dots import Dot, hints_of_dots

ODD = [None, "3", math.nan, math.inf, -1, 2.5, True, [], object(), 1j, b"x"]
NO_LISTS = [None, "abc", b"x", 3, 2.5, True, object(), torch.tensor(3)]
IMAGE, MASK = torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 8)

GLOW = {"levels": 1, "steps": 1, "hidden": 4}
SMALL = {"channels": 2, "blocks": (1,) * 4, "widths": (4,) * 4, "features": 4, "coarse": 4}
LARGE = {"channels": 2, "blocks": (1,) * 5, "widths": (4,) * 5, "features": 4, "coarse": 4}
SEEN = {"features": 4, "shrink": 1, "coarse": 4, "blocks": (1,) * 4}
LARGE_SEEN = {name: LARGE[name] for name in ("features", "widths", "blocks", "coarse")}
COUNTS = [
    (models.coupling_block, {"channels": 4}),
    (models.conditional_coupling_block, {"channels": 4}),
    (models.glow_flow, {**GLOW, "channels": 3}),
    (models.conditional_glow_flow, {**GLOW, "channels": 3, "size": 8, "pool": 2}),
    (models.cinn_flow, SMALL),
    (models.large_cinn_flow, LARGE),
    (models.ConditionNet, SEEN),
    (models.LargeConditionNet, LARGE_SEEN),
]
LISTS = [
    (models.CINN, {}, ["blocks", "widths"]),
    (models.Gatys, {}, ["style_layers", "style_weights"]),
    (models.IUNet, {}, ["channels"]),
    (models.iunet_flow, {}, ["channels"]),
    (models.Wavelet, {}, ["weights"]),
    (models.cinn_flow, SMALL, ["blocks", "widths"]),
    (models.large_cinn_flow, LARGE, ["blocks", "widths"]),
    (models.ConditionNet, SEEN, ["blocks"]),
    (models.LargeConditionNet, LARGE_SEEN, ["blocks", "widths"]),
    (Hints, {"colors": IMAGE, "mask": MASK}, ["boxes"]),
]
MODES = [
    models.ArtFlow,
    models.CINN,
    models.FullGlow,
    models.Glow,
    models.IUNet,
    models.RevGAN,
    models.SketchColorFlow,
]
FLAGS = [
    (models.LUT, ["interpolate", "letter"]),
    (models.AdaAttN, ["keep_luminance", "random_weights"]),
    (models.ChromaGAN, ["letter"]),
    (models.ColTran, ["with_reference", "keep_luma"]),
    (models.Gatys, ["keep_luminance", "letter", "inside", "random_weights"]),
    (models.Palette, ["with_reference"]),
    (models.Pix2Pix, ["with_reference"]),
    (models.Poisson, ["keep_luminance"]),
    (models.RevGAN, ["both"]),
    (models.SelfSupervisedS2I, ["unit_gains"]),
    (models.SketchColorFlow, ["hint_points"]),
    (models.UNetAdaIN, ["sigmoid", "letter"]),
    (models.Wavelet, ["match_first"]),
]


def name_of(value):
    return getattr(value, "__name__", str(value))


@pytest.mark.parametrize(("build", "good"), COUNTS, ids=name_of)
def test_what_is_no_count_is_refused(build, good):
    build(**good)
    for name in [name for name, value in good.items() if isinstance(value, int)]:
        for value in [value for value in ODD if not (name == "pool" and value is None)]:
            with pytest.raises(
                ValueError, match=rf"^{build.__name__} expects {name} to be .*, got "
            ):
                build(**{**good, name: value})


@pytest.mark.parametrize(
    ("build", "good"),
    [
        *COUNTS,
        (models.iunet_flow, {"channels": (4, 8)}),
        (models.GlowNet, {"channels": 12, "out_channels": 24, "hidden": 12}),
        (models.PatchCritic, {"channels": 6, "width": 12}),
        (models.ResidualNet, {"channels": 12, "out_channels": 24, "width": 12}),
        (models.SpectralCritic, {"width": 12, "layers": 2}),
    ],
    ids=name_of,
)
def test_numbers_of_one_byte_are_not_refused(build, good):
    built = build(**good), build(**{name: in_bytes(value) for name, value in good.items()})
    first, second = ([tuple(p.shape) for p in one.parameters()] for one in built)
    assert first == second


def in_bytes(value):
    return [np.int8(part) for part in value] if isinstance(value, tuple) else np.int8(value)


@pytest.mark.parametrize("build", [models.coupling_block, models.conditional_coupling_block])
def test_channels_that_have_no_halves_are_refused(build):
    with pytest.raises(ValueError, match="expects channels to be an even number, got 5"):
        build(5)


def test_sizes_of_a_conditional_flow_that_leave_no_pixel_are_refused():
    with pytest.raises(ValueError, match=r"with pool None expects size .* at least 10 .*, got 8\."):
        models.conditional_glow_flow(**GLOW, pool=None, size=8)


@pytest.mark.parametrize(("build", "good", "names"), LISTS)
def test_what_is_no_list_is_refused(build, good, names):
    none_is_default = build in (models.CINN, Hints)
    for name in names:
        for value in NO_LISTS[none_is_default:]:
            with pytest.raises(ValueError, match=rf"^{build.__name__} expects {name} to be a list"):
                build(**{**good, name: value})


@pytest.mark.parametrize(("build", "names"), FLAGS)
def test_what_is_neither_true_nor_false_is_refused(build, names):
    for name in names:
        for value in (None, 0, 1, "yes", math.nan, []):
            with pytest.raises(ValueError, match=rf"expects {name} to be True or False, got "):
                build(**{name: value})


@pytest.mark.parametrize("value", ["x", math.nan, None, [1], True])
def test_numbers_of_models_that_are_none_are_refused(value):
    with pytest.raises(ValueError, match=r"^Poisson expects smoothness"):
        models.Poisson(value)
    with pytest.raises(ValueError, match=r"^Gatys expects style_weights to be a finite number"):
        models.Gatys(style_weights=[value], random_weights=True)
    with pytest.raises(ValueError, match=r"^Wavelet expects weights"):
        models.Wavelet([0.5, -1.0 if value is True else value])
    with pytest.raises(ValueError, match=r"^InstanceColorization expects stage"):
        models.InstanceColorization(4, stage=value)
    with pytest.raises(ValueError, match=r"^ColTran expects size"):
        models.ColTran(size=value)
    with pytest.raises(ValueError, match=r"^CINN expects shrink"):
        models.CINN(shrink=value)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (models.CINN, "shrink"),
        (models.FullGlow, "scale"),
        (models.Glow, "scale"),
        (models.PatchCritic, "norm"),
        (lambda norm: models.ResidualNet(3, 3, norm), "norm"),
        (models.SketchColorFlow, "aggregation"),
        (models.SketchColorFlow, "norm"),
        (models.SketchColorFlow, "parametrization"),
        (models.UNetAdaIN, "latent"),
        (lambda scale: models.conditional_glow_flow(**GLOW, scale=scale), "scale"),
        (
            lambda hint_channels: models.conditional_coupling_block(4, hint_channels=hint_channels),
            "hint_channels",
        ),
    ],
)
def test_arrays_in_place_of_words_and_counts_are_refused(build, name):
    """Compared with one, they are neither true nor false."""
    with pytest.raises(ValueError, match=rf" expects {name} to be .*, got (ndarray|array.*)\.$"):
        build(**{name: np.array([1, 2])})


@pytest.mark.parametrize("value", [False, 0.0, -1, 1.5, "3", None, torch.tensor([1, 2])])
def test_channels_of_hints_that_are_no_number_are_refused(value):
    with pytest.raises(ValueError, match=r"^conditional_coupling_block expects hint_channels to "):
        models.conditional_coupling_block(4, hint_channels=value)


@pytest.mark.parametrize("build", MODES, ids=name_of)
def test_a_module_in_place_of_a_memory_mode_is_refused(build):
    """Modules take every name for themselves."""
    with pytest.raises(ValueError, match=r" expects memory to be one of .*, got ReLU\(\)\.$"):
        build(memory=nn.ReLU())


def test_bytes_in_place_of_lists_are_refused():
    with pytest.raises(ValueError, match=r"^ColTran expects layers of "):
        models.ColTran(layers=b"abc")
    with pytest.raises(ValueError, match=r"^hints_of_dots expects dots of "):
        hints_of_dots([Dot(1, 1, b"abc")], 8, 8)
    with pytest.raises(ValueError, match=r" expects size to be a height and a width"):
        models.FullGlow(1, 1, 4, pool=2).sample(1, size=b"ab")


def test_widths_that_are_no_numbers_are_refused():
    for value in ("abc", math.nan, [], True):
        with pytest.raises(
            ValueError, match=r"^SketchColorFlow expects width to be a whole number"
        ):
            models.SketchColorFlow(1, width=value)


@pytest.mark.parametrize("value", [None, "x", [IMAGE], 3, torch.tensor(3.0)])
def test_hints_that_are_no_images_are_refused(value):
    for given in ((value, MASK), (IMAGE, value)):
        with pytest.raises(ValueError, match=r"^Hints expects (tensors|colors of shape)"):
            Hints(*given)
    with pytest.raises(ValueError, match=r"^Hints .*(tensor|shape)"):
        Hints(IMAGE, MASK, [value])


OF_NUMPY = {
    "SketchColorFlow": {"downsamplings": np.int64(1), "ccbs": np.int64(2), "width": np.int64(8)},
    "IUNet": {"channels": (np.int64(4), np.int64(8)), "couplings": np.int64(1)},
    "Glow": {"levels": np.int64(1), "steps": np.int64(1), "hidden": np.int64(4)},
    "SelfSupervisedS2I": {"width": np.int64(2), "size": np.int64(64)},
    "Wavelet": {"weights": [np.float32(0.5), np.float64(1)]},
    "Poisson": {"smoothness": np.float32(0.5)},
    "Levin": {"neighbors": np.int64(4)},
}


@pytest.mark.parametrize("name", OF_NUMPY)
def test_models_of_numbers_of_other_libraries_are_not_refused_by_files(name, tmp_path):
    kind = getattr(models, name)
    model = kind(**OF_NUMPY[name])
    model.save_pretrained(tmp_path, size=np.int64(32))
    again = kind.from_pretrained(tmp_path)
    for key, value in OF_NUMPY[name].items():
        assert again.config[key] == (list(value) if isinstance(value, tuple) else value)
    assert_close(again.state_dict(), model.state_dict(), rtol=0, atol=0)


def test_sides_and_layers_of_whole_numbers_of_other_libraries_are_not_refused():
    glow = models.Glow(levels=1, steps=1, hidden=4)
    assert glow.sample(1, size=np.int64(8)).shape == (1, 3, 8, 8)
    models.Gatys(np.int64(2), style_layers=[np.int64(1)], random_weights=True)
    images = torch.rand(2, 1, 3, 16, 16)
    two = np.int64(2)
    for build in (
        lambda: models.FullGlow(levels=1, steps=1, hidden=4, pool=two),
        lambda: models.ChromaGAN(width=2, encoder="small", areas=two),
    ):
        model = build().eval()
        assert model(*images[: 2 - (model.reference == "unused")]).isfinite().all()
    with pytest.raises(
        ValueError, match=r"^Gatys expects style_layers to be from 1 to 16, .*, got True\.$"
    ):
        models.Gatys(2, style_layers=[True], random_weights=True)
