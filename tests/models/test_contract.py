"""Every public colorizer keeps every promise of the contract."""

import copy
import inspect
import math
import pickle
import re
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch.testing import assert_close

import flowcolor.models
from flowcolor.models import (
    LUT,
    Colorizer,
    Gatys,
    Hints,
    InvertibleColorizer,
    Levin,
    Poisson,
    Tint,
    Unchanged,
    Wavelet,
)
from tests.models.helpers import (
    images,
    trained,
    trained_ada_attn,
    trained_art_flow,
    trained_chromagan,
    trained_cic,
    trained_cinn,
    trained_coltran,
    trained_deep_face_editing,
    trained_full_glow,
    trained_glow,
    trained_guided,
    trained_instance,
    trained_iunet,
    trained_palette,
    trained_pix2pix,
    trained_revgan,
    trained_s2i,
    trained_scft,
    trained_unet_adain,
)
from tests.strategies import at_most


def remembered(build):
    """Build once and copy what was built: to be shown many batches takes long."""
    build = cache(build)

    def copied():
        with torch.random.fork_rng(devices=[]):  # As if it were built every time, or never.
            return copy.deepcopy(build())

    return copied


CASES = {
    "ada_attn": trained_ada_attn,
    "art_flow": trained_art_flow,
    "art_flow, wct": lambda: trained_art_flow(transfer="wct"),
    "chromagan": trained_chromagan,
    "cic": trained_cic,
    "cinn": lambda: trained_cinn(shrink=2),
    "coltran": trained_coltran,
    "coltran, reference": lambda: trained_coltran(with_reference=True),
    "deep_face_editing": trained_deep_face_editing,
    "full_glow": lambda: trained_full_glow(levels=1),
    "gatys": lambda: Gatys(1, style_layers=[1, 2], steps=1, random_weights=True),
    "glow": lambda: trained_glow(levels=1),
    "guided": trained_guided,
    "instance": lambda: trained_instance(find="quadrants"),
    "iunet": trained_iunet,
    "levin": Levin,
    "lut": LUT,
    "palette": trained_palette,
    "palette, reference": lambda: trained_palette(with_reference=True, sampler="ddim"),
    "pix2pix": trained_pix2pix,
    "pix2pix, lab": lambda: trained_pix2pix(space="lab"),
    "pix2pix, reference": lambda: trained_pix2pix(with_reference=True),
    "poisson": Poisson,
    "revgan": trained_revgan,
    "self_supervised_s2i": remembered(trained_s2i),
    "scft": remembered(trained_scft),
    "scft, instance": remembered(lambda: trained_scft(norm="instance", inner=6)),
    "sketch_color": remembered(lambda: trained(downsamplings=1, ccbs=2)),
    "tint": Tint,
    "unchanged": Unchanged,
    "unet_adain": trained_unet_adain,
    "unet_adain, lab": lambda: trained_unet_adain(space="lab"),
    "wavelet": Wavelet,
}
CHANCES = CASES | {  # What drops features in several places.
    "pix2pix, levels": lambda: trained_pix2pix(levels=3),
    "unet_adain, letter": lambda: trained_unet_adain(letter=True, dropout=0.2),
}
cases = pytest.mark.parametrize("name", CASES)
seeds = st.integers(0, 2**32 - 1)
sides = st.tuples(st.integers(2, 6), st.integers(2, 6))


def inputs(model, seed=0, batch=2, sides=(4, 4), dtype=torch.float32):
    """Return what a colorizer needs, and nothing that it cannot use."""
    generator = torch.Generator().manual_seed(seed)
    height, width = (side * model.multiple for side in sides)

    def draw(channels):
        return torch.rand(batch, channels, height, width, generator=generator, dtype=dtype)

    given = {"content": draw(1).expand(-1, 3, -1, -1).contiguous()}
    if model.reference != "unused":
        given["reference"] = draw(3)
    if model.hints == "required":
        given["hints"] = Hints(draw(3), (draw(1) > 0.8).to(dtype))
    return given


def part(given, index):
    return {name: one_of(value, index) for name, value in given.items()}


def one_of(value, index):
    if isinstance(value, Hints):
        return Hints(one_of(value.colors, index), one_of(value.mask, index))
    return value[index : index + 1]


def tensors(given):
    """Return every tensor that a colorizer is given, by name."""
    found = {key: value for key, value in given.items() if not isinstance(value, Hints)}
    if "hints" in given:
        found |= {"colors": given["hints"].colors, "mask": given["hints"].mask}
    return found


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["levin", "poisson"])
def test_methods_that_solve_by_scipy_paint_the_same_when_they_are_compiled(name):
    torch._dynamo.reset()
    model = CASES[name]()
    given = inputs(model)
    run = torch.compile(model, backend="eager")
    assert_close(run(**given), model(**given), rtol=0, atol=0)


@cases
@given(seed=seeds, batch=st.integers(1, 3), sides=sides)
@at_most(5)
def test_the_result_has_the_shape_and_type_of_the_content(name, seed, batch, sides):
    model = CASES[name]()
    given = inputs(model, seed, batch, sides)
    result = model(**given)
    assert result.shape == given["content"].shape
    assert result.dtype == given["content"].dtype
    assert result.isfinite().all()


@cases
@given(seed=seeds)
@at_most(2)  # They differ in nothing but numbers.
def test_samples_do_not_influence_each_other(name, seed):
    model = CASES[name]().double()
    given = inputs(model, seed, 3, dtype=torch.float64)
    together = model(**given)
    assert together.dtype == torch.float64
    for index in range(3):
        alone = model(**part(given, index))
        assert_close(together[index : index + 1], alone, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", CHANCES)
def test_nor_does_chance_depend_on_who_else_is_there(name):
    model = CHANCES[name]().double()
    if not model.stochastic:
        return
    # Uneven sides: torch draws numbers in sixteens, and the last ones by how many there are.
    given = inputs(model, batch=3, sides=(5, 5), dtype=torch.float64)
    if model.reference == "optional":
        del given["reference"]  # It would take the place of chance.

    def drawn(part, seed=3):
        return model(**part, generator=torch.Generator().manual_seed(seed))

    first = part(given, 0)
    assert_close(drawn(given)[:1], drawn(first), rtol=0, atol=1e-9)
    assert not torch.allclose(drawn(first), drawn(first, seed=4), atol=1e-6)
    twins = {key: torch.cat([value] * 2) for key, value in tensors(first).items()}
    assert not torch.allclose(*drawn(twins), atol=1e-6)


@cases
def test_the_callers_tensors_are_unchanged_and_not_handed_back(name):
    model = CASES[name]()
    given = inputs(model)
    before = {key: value.clone() for key, value in tensors(given).items()}
    model(**given).add_(1)
    for key, value in tensors(given).items():
        assert torch.equal(value, before[key]), key


@cases
def test_the_same_seed_gives_the_same_picture(name):
    model = CASES[name]()
    given = inputs(model)
    first, second = (model(**given, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)


@cases
def test_the_callers_random_numbers_are_not_drawn(name):
    model = CASES[name]()
    given, before = inputs(model), torch.get_rng_state()
    model(**given, generator=torch.Generator().manual_seed(3))
    assert torch.equal(torch.get_rng_state(), before)


@cases
def test_exchanging_references_changes_the_colours_where_the_traits_say_so(name):
    model = CASES[name]()
    given = inputs(model)
    if model.reference == "unused":
        with pytest.raises(ValueError, match=r"cannot use reference, got Tensor\.$"):
            model(**given, reference=given["content"])
        return
    exchanged = given | {"reference": given["reference"].flip(0)}
    assert not torch.allclose(model(**given), model(**exchanged), atol=1e-4)


@cases
@pytest.mark.parametrize("argument", ["reference", "hints"])
def test_what_is_needed_is_asked_for(name, argument):
    model = CASES[name]()
    given = inputs(model)
    content = given["content"]
    given.pop(argument, None)
    if getattr(model, argument) == "required":
        with pytest.raises(ValueError, match=rf"^{type(model).__name__} expects {argument}, got "):
            model(**given)
    else:
        assert model(**given).shape == content.shape


@cases
def test_hints_are_used_or_refused(name):
    model = CASES[name]()
    given = inputs(model)
    hints = Hints(torch.zeros_like(given["content"]), torch.ones_like(given["content"][:, :1]))
    if model.hints == "unused":
        with pytest.raises(ValueError, match=r"cannot use hints, got Hints\.$"):
            model(**given, hints=hints)
    else:
        assert not torch.equal(model(**given), model(**given | {"hints": hints}))


@cases
def test_temperature_is_for_those_that_draw_random_numbers(name):
    model = CASES[name]()
    given = inputs(model)
    if not model.stochastic:
        with pytest.raises(ValueError, match=r"expects temperature 1, got 0\.5\.$"):
            model(**given, temperature=0.5)
        return
    for wrong in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=rf"expects a finite temperature .* got {wrong:g}\.$"):
            model(**given, temperature=wrong)
    if model.reference == "optional":  # Whose latent may take the place of chance.
        given.pop("reference")
    cold, own = (
        model(**given, temperature=temperature, generator=torch.Generator().manual_seed(3))
        for temperature in (0.5, 1.0)
    )
    assert not torch.equal(cold, own)


@cases
def test_a_temperature_in_a_tensor_is_one_number_and_not_refused(name):
    model = CASES[name]()
    given = inputs(model)
    temperature = 0.5 if model.stochastic else 1.0
    pictures = (
        model(**given, temperature=number, generator=torch.Generator().manual_seed(3))
        for number in (temperature, torch.tensor([temperature]))
    )
    assert torch.equal(*pictures)


@cases
@pytest.mark.parametrize(
    "change", [lambda x: x[0], lambda x: x[:, :2], lambda x: (255 * x).to(torch.uint8)]
)
def test_content_that_is_no_image_is_refused(name, change):
    model = CASES[name]()
    given = inputs(model)
    wrong = change(given.pop("content"))
    expected = (
        "expects content to be a float image of shape (batch, 3, height, width), "
        f"got {wrong.dtype} of shape {tuple(wrong.shape)}."
    )
    with pytest.raises(ValueError, match=f"{re.escape(expected)}$"):
        model(wrong, **given)


@cases
def test_files_rebuild_it_bit_for_bit(name):
    model = CASES[name]()
    again = type(model)(**model.config)
    again.load_state_dict(load(save(dict(model.state_dict()))))
    given = inputs(model)
    assert torch.equal(model(**given), again.eval()(**given))


@cases
@pytest.mark.parametrize("kind", [np.int8, np.uint8])
def test_numbers_of_one_byte_are_not_refused_and_build_the_same(name, kind):
    model = CASES[name]()
    again = type(model)(**{key: in_bytes(value, kind) for key, value in model.config.items()})
    assert again.config == model.config
    assert again.multiple == model.multiple
    again.load_state_dict(model.state_dict())
    given = inputs(model)
    assert torch.equal(model(**given), again.eval()(**given))


def in_bytes(value, kind):
    """Return whole numbers, alone or in lists, in one byte of NumPy's where that holds them."""
    if isinstance(value, list | tuple):
        return [in_bytes(part, kind) for part in value]
    return kind(value) if type(value) is int and value <= np.iinfo(kind).max else value


@cases
def test_copies_and_pickles_paint_the_same(name):
    model = CASES[name]()
    given = inputs(model)
    model.train()
    generator = torch.Generator().manual_seed(0)
    model(**given, generator=generator)  # What was computed and kept must not be in the way.
    picture = model.eval()(**given, generator=generator.manual_seed(0))
    copies = copy.deepcopy(model), pickle.loads(pickle.dumps(model)), copy.copy(model)
    for again in copies:
        assert torch.equal(again(**given, generator=generator.manual_seed(0)), picture)


@cases
def test_how_weights_and_images_lie_in_memory_changes_nothing(name):
    model = CASES[name]().double()
    given = inputs(model, dtype=torch.float64)
    expected = model(**given, generator=torch.Generator().manual_seed(0))
    model = model.to(memory_format=torch.channels_last)
    for key in {"content", "reference"} & given.keys():
        given[key] = given[key].contiguous(memory_format=torch.channels_last)
    found = model(**given, generator=torch.Generator().manual_seed(0))
    assert_close(found, expected, rtol=0, atol=1e-9)


@cases
def test_what_is_called_exact_can_be_run_backwards(name):
    model = CASES[name]().double()
    assert isinstance(model, InvertibleColorizer) == model.exact
    if model.exact:
        image = inputs(model, dtype=torch.float64)["reference"]
        z, conditions = model.encode(image)
        assert not torch.equal(z, image)
        assert_close(model.decode(z, conditions), image, rtol=0, atol=1e-9)


@cases
def test_luminance_is_kept_where_the_traits_say_so(name):
    model = CASES[name]()
    given = inputs(model)
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]  # Rec. 601
    before, after = ((weights * x).sum(1) for x in (given["content"], model(**given)))
    assert torch.allclose(before, after, atol=1e-5) == model.keeps_luminance


@cases
def test_parameters_are_there_exactly_where_training_finds_weights(name):
    model = CASES[name]()
    assert any(True for _ in model.parameters()) == model.trained


@cases
def test_traits_have_their_allowed_values(name):
    kind = type(CASES[name]())
    assert kind.content
    assert kind.content <= {"drawing", "gray"}
    assert {kind.reference, kind.hints} <= {"required", "optional", "unused"}


def test_no_public_colorizer_escapes():
    public = {
        kind
        for kind in map(flowcolor.models.__dict__.get, flowcolor.models.__all__)
        if inspect.isclass(kind) and issubclass(kind, Colorizer) and not inspect.isabstract(kind)
    }
    assert {type(build()) for build in CASES.values()} == public


@cases
def test_an_empty_batch_comes_out_empty(name):
    model = CASES[name]()
    given = inputs(model)
    empty = {key: none_of(value) for key, value in given.items()}
    for call in (model, model.colorize):
        assert call(**empty).shape == (0, *given["content"].shape[1:])
        if model.reference == "required":
            with pytest.raises(ValueError, match="expects reference, got None"):
                call(**empty | {"reference": None})


def test_arguments_that_no_method_has_are_refused_beside_an_empty_batch_too():
    empty, model = torch.rand(0, 3, 4, 4), Tint()
    for call in (model, model.colorize):
        with pytest.raises(TypeError, match="unexpected keyword argument 'colours'"):
            call(empty, empty, colours=empty)
    with pytest.raises(TypeError, match="too many positional arguments"):
        model.colorize(empty, empty, None)


@cases
@pytest.mark.parametrize("value", ["x", 3, np.zeros(2)], ids=["word", "number", "array"])
def test_what_is_no_tensor_is_refused(name, value):
    model = CASES[name]()
    given = inputs(model)
    wrong = {"content": given["content"], "reference": given.get("reference")}
    for argument in [key for key, image in wrong.items() if image is not None]:
        with pytest.raises(ValueError, match=rf"expects {argument} to be a tensor, got \w+\.$"):
            model(**given | {argument: value})
    with pytest.raises(ValueError, match=r"expects content to be a tensor, got NoneType\."):
        model(**given | {"content": None})


@cases
def test_inputs_on_two_devices_are_refused(name):
    model = CASES[name]()
    given = inputs(model)
    for argument in given if len(given) > 1 else ():
        with pytest.raises(ValueError, match=r"expects tensors on one device, got \w+ and \w+\.$"):
            model(**given | {argument: given[argument].to("meta")})


@cases
def test_shapes_come_out_of_shapes_or_are_refused_where_values_are_looked_at(name):
    model = CASES[name]().to("meta")
    given = {key: value.to("meta") for key, value in inputs(model).items()}
    if name in ("gatys", "instance", "levin", "lut", "poisson"):
        with pytest.raises(ValueError, match=r"expects tensors with values, got some on the meta"):
            model(**given)
    else:
        with torch.no_grad():
            assert model(**given).shape == given["content"].shape


@cases
def test_vmap_paints_each_picture_or_is_refused_where_values_are_looked_at(name):
    model = CASES[name]().double()
    given = inputs(model, dtype=torch.float64)
    images = tensors(given)

    def paint(*parts):
        found = {key: part[None] for key, part in zip(images, parts, strict=True)}
        if "hints" in given:
            found["hints"] = Hints(found.pop("colors"), found.pop("mask"))
        return model(**found)[0]

    mapped = torch.func.vmap(paint, randomness="same")
    if name in ("gatys", "levin", "lut", "poisson"):
        message = rf"^{type(model).__name__} looks at values and expects a batch instead of vmap, "
        with pytest.raises(ValueError, match=message):
            mapped(*images.values())
    else:
        assert_close(mapped(*images.values()), model(**given), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["self_supervised_s2i", "unet_adain"])
def test_references_of_any_sides_without_pixels_are_refused(name):
    model = CASES[name]()
    given = inputs(model)
    wrong = given | {"reference": given["reference"][:, :, :0]}
    with pytest.raises(ValueError, match=r"expects reference to have pixels, got \(0, \d+\)\.$"):
        model(**wrong)


def none_of(value):
    if isinstance(value, Hints):
        return Hints(value.colors[:0], value.mask[:0])
    return value[:0]


@cases
def test_temperatures_that_no_float_holds_are_refused(name):
    model = CASES[name]()
    with pytest.raises(ValueError, match=r"expects .*temperature .* got hundreds of digits\.$"):
        model(**inputs(model), temperature=10**400)


@cases
@pytest.mark.parametrize("temperature", [2**63, 10**30])
def test_temperatures_that_no_tensor_holds_are_refused(name, temperature):
    model = CASES[name]()
    with pytest.raises(ValueError, match=r"expects .*temperature .* more than 64 bits\.$"):
        model(**inputs(model), temperature=temperature)


@cases
@pytest.mark.parametrize(
    "temperature",
    [True, "1", None, [1.0], torch.ones(2), torch.tensor(True), torch.tensor(1j), Fraction(1, 2)],
)
def test_temperatures_that_are_no_numbers_are_refused(name, temperature):
    model = CASES[name]()
    with pytest.raises(ValueError, match=r"expects temperature to be a number, got "):
        model(**inputs(model), temperature=temperature)


@cases
@pytest.mark.parametrize("images", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("weights", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_other_float_types_serve_or_are_refused_in_one_sentence(name, weights, images):
    model = CASES[name]()
    given = inputs(model, dtype=images)
    small = {torch.bfloat16, torch.float16}
    model = model.to(weights)
    if not list(model.parameters()) or model.precision == "any":
        assert model(**given).shape == given["content"].shape
    elif model.precision == "full" and weights in small:
        with pytest.raises(ValueError, match=rf"expects weights in float32 or .* got {weights}: "):
            model(**given)
    elif images != weights:
        message = rf"expects content in the type of its weights, {weights}, got {images}\.$"
        with pytest.raises(ValueError, match=message):
            model(**given)
    else:
        assert model(**given).shape == given["content"].shape


@cases
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("argument", ["content", "reference"])
def test_images_that_are_not_finite_are_refused_or_seen_in_their_own_picture(name, argument, value):
    model = CASES[name]()
    given = inputs(model)
    if argument not in given:
        pytest.skip("It takes no reference.")
    expected = model(**given, generator=torch.Generator().manual_seed(0))[1:]
    broken = given[argument].clone()
    broken[0, :, 0, 0] = value
    generator = torch.Generator().manual_seed(0)
    try:
        picture = model(**{**given, argument: broken}, generator=generator)
    except ValueError as error:
        sentence = f"expects finite values in {argument}, got NaN or inf."
        assert str(error) == f"{type(model).__name__} {sentence}"  # noqa: PT017 - or none at all
    else:
        assert not picture[0].isfinite().all()
        assert_close(picture[1:], expected, rtol=1e-3, atol=1e-4)


LOOKING_AT_LAB = ["chromagan", "cic", "cinn", "guided", "instance", "pix2pix, lab"]


@pytest.mark.parametrize("name", [*LOOKING_AT_LAB, "unet_adain, lab"])
def test_no_network_waits_for_a_look_at_the_values_of_images(name, monkeypatch):
    def look(*_):
        raise AssertionError("A GPU would wait here.")

    model = CASES[name]()
    monkeypatch.setattr("torch.aminmax", look)
    assert model(**inputs(model)).isfinite().all()


@cases
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_what_is_neither_image_nor_hints_nor_generator_is_refused(name):
    model = CASES[name]()
    given, who = inputs(model), type(model).__name__
    for argument in [a for a in ("content", "reference") if a in given]:
        x = given[argument]
        for wrong in (x.to_sparse(), x.to(torch.float8_e4m3fn), torch.nested.nested_tensor([*x])):
            with pytest.raises(ValueError, match=rf"^{who}[^\n]* {argument}[^\n]*, got "):
                model(**{**given, argument: wrong})
    for wrong in ("x", 3, given["content"]):
        with pytest.raises(ValueError, match=rf"^{who} (expects|cannot use) hints"):
            model(**{**given, "hints": wrong})
        for call in (model, model.colorize):
            with pytest.raises(ValueError, match=rf"^{who} expects generator to be of type torch"):
                call(**given, generator=wrong)


@pytest.mark.parametrize("name", ["cinn", "full_glow", "glow"])
def test_drawings_of_references_that_are_no_images_are_refused(name):
    model = CASES[name]()
    given, who = inputs(model), type(model).__name__
    for wrong in ("x", 3, [given["content"]], given["content"].byte(), given["content"][:, :2]):
        with pytest.raises(ValueError, match=rf"^{who} expects reference_content to be "):
            model(**given, reference_content=wrong)


@pytest.mark.parametrize(
    ("name", "call", "argument"),
    [
        ("ada_attn", lambda model, content, wrong: model.encode(wrong), "images"),
        ("cinn", lambda model, content, wrong: model.bits(content, wrong), "photo"),
        ("coltran", lambda model, content, wrong: model.bits(content, wrong), "photo"),
        ("glow", lambda model, content, wrong: model.log_prob(wrong), "values"),
        ("gatys", lambda model, content, wrong: model.refine(wrong, content, content), "picture"),
    ],
)
def test_what_other_ways_into_a_method_cannot_use_is_refused(name, call, argument):
    model = CASES[name]()
    content, who = inputs(model)["content"], type(model).__name__
    for wrong in (None, "x", [content], content.numpy(), content.byte(), content[0]):
        with pytest.raises(ValueError, match=rf"^{who} expects {argument} to be a "):
            call(model, content, wrong)


@pytest.mark.parametrize("name", ["art_flow", "cinn", "full_glow", "glow", "sketch_color"])
@torch.no_grad()
def test_what_was_not_encoded_is_refused(name):
    model = CASES[name]()
    z, conditions = model.encode(inputs(model)["content"])
    for wrong in (3, "x", object(), [3, None], [z], 0 if conditions is None else None):
        with pytest.raises(ValueError, match=r"^\w+ (expects|has no conditions)"):
            model.decode(z, wrong)
    for wrong in (None, "x", z.numpy(), z.byte(), z[0, 0]):
        with pytest.raises(ValueError, match=r"^\w+ expects "):
            model.decode(wrong, conditions)
    if conditions is not None:
        larger = torch.nn.functional.pad(z, (0, z.shape[-1], 0, z.shape[-2]))
        for wrong in (z[:1], larger):
            with pytest.raises(ValueError, match=r"^\w+ expects "):
                model.decode(wrong, conditions)


def test_maps_and_vectors_that_are_none_are_refused():
    model, good = CASES["self_supervised_s2i"](), [torch.rand(1, 4)] * 3
    for wrong in (None, 3, "abc", [1, 2, 3], good[:1]):
        for maps, vectors in ((wrong, good), (good, wrong)):
            with pytest.raises(ValueError, match=r"^SelfSupervisedS2I expects (maps|vectors) to "):
                model.decode(maps, vectors)


def test_maps_and_vectors_of_other_numbers_of_images_are_refused():
    model, content = CASES["self_supervised_s2i"](), images(batch=3, side=64)[0]
    maps, vectors = model.maps(content), model.vectors(content)
    one, two = ([x[:count] for x in vectors] for count in (1, 2))
    assert model.decode(maps, one).shape == model.decode(maps, vectors).shape
    for drawn, seen in ((maps, two), ([x[:1] for x in maps], vectors), (vectors, maps)):
        with pytest.raises(ValueError, match=r"^SelfSupervisedS2I expects (maps|vectors) (to|of) "):
            model.decode(drawn, seen)


@torch.no_grad()
def test_features_that_no_parts_have_are_refused():
    model = CASES["deep_face_editing"]()
    features = model.features(*images(batch=1, side=64))
    for wrong in (None, 3, [*features.values()], features["whole"], features | {"ear": 3}):
        for use, owner in ((model.fuse, "paste"), (model.pictures, "pictures")):
            with pytest.raises(ValueError, match=rf"^{owner} expects features by the names of "):
                use(wrong)
    with pytest.raises(ValueError, match=r"^pictures expects "):
        model.pictures({"whole": 3})


@torch.no_grad()
def test_levels_of_noise_that_are_not_one_for_each_image_are_refused():
    model, content = CASES["palette"](), images(batch=2)[0]
    good = torch.zeros(2)
    assert model.predict_noise(content, good, content).shape == content.shape
    for wrong in (
        None,
        0.5,
        good.long(),
        good[:1],
        good[0],
        good[:, None, None, None],
        good.numpy(),
    ):
        with pytest.raises(ValueError, match=r"^Palette expects (log_snr of shape|float|a tensor)"):
            model.predict_noise(content, wrong, content)


@pytest.mark.parametrize("name", ["cinn", "glow", "full_glow"])
def test_what_is_no_generator_of_a_density_is_refused(name):
    model = CASES[name]()
    content = inputs(model)["content"]
    for wrong in (0, "x"):
        with pytest.raises(ValueError, match=r"^\w+ expects generator to be of type torch"):
            model.bits(content, content, generator=wrong)


@pytest.mark.parametrize(
    ("name", "call"), [("ada_attn", "encode"), ("revgan", "draw"), ("unet_adain", "encode")]
)
def test_images_of_another_type_than_the_weights_are_refused_on_other_ways_too(name, call):
    model = CASES[name]()
    content, who = inputs(model, dtype=torch.float64)["content"], type(model).__name__
    expected = rf"^{who} expects \w+ in the type of its weights, torch\.float32, got torch\.float64"
    with pytest.raises(ValueError, match=expected):
        getattr(model, call)(content)


@pytest.mark.parametrize("name", ["cic", "cinn", "coltran", "instance", "palette", "pix2pix"])
def test_a_picture_does_not_depend_on_where_the_user_makes_new_tensors(name):
    model = CASES[name]()
    given, generator = inputs(model), torch.Generator()
    expected = model(**given, generator=generator.manual_seed(3))
    with torch.device("meta"):
        found = model(**given, generator=generator.manual_seed(3))
    assert torch.equal(found, expected)
