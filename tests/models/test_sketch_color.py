"""The exact properties of the sketch-and-colour flow."""

import copy
import json
import pickle
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import InstanceNorm2d
from torch.testing import assert_close

from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    ConditionalAffineCoupling,
    FeatureAggregation,
    InvertibleConv1x1,
)
from flowcolor.models import SketchColorFlow
from tests.models.helpers import images, trained
from tests.strategies import at_most

DEPTHS = [{}, {"downsamplings": 2, "ccbs": 2}, {"nccbs": 0, "ccbs": 1}, {"nccbs": 2, "ccbs": 2}]
VARIANTS = [
    *DEPTHS,
    *({"aggregation": name} for name in ("concat", "adain", "none")),
    {"attention_scale": 1.0},
    *({"scale": name} for name in ("sigmoid", "sigmoid2", "exp")),
    *({"parametrization": name} for name in ("lu", "orthogonal")),
    *({"norm": name} for name in ("layer", "none")),
    {"norm_eps": 1e-3},
]
depths = pytest.mark.parametrize("config", DEPTHS, ids=str)
variants = pytest.mark.parametrize("config", VARIANTS, ids=str)


@variants
def test_a_photograph_is_decoded_from_its_code(config):
    model, (_, reference) = trained(**config).double(), images()
    z, conditions = model.encode_color(reference.double())
    assert_close(model.decode(z, conditions), reference.double(), rtol=0, atol=1e-9)


@variants
def test_a_drawing_is_recovered_from_its_code(config):
    model, (sketch, reference) = trained(**config).double(), images()
    _, conditions = model.encode_color(reference.double())
    z = model.encode_sketch(sketch.double(), conditions)
    again, _ = model.sketch_flow.inverse(z, conditions)
    assert_close(again, sketch.double(), rtol=0, atol=1e-9)


@depths
@given(
    batch=st.integers(1, 2),
    blocks=st.tuples(st.integers(2, 4), st.integers(2, 4)),
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["noise", "smooth", "blank", "black"]),
)
@at_most(8)
def test_float32_round_trip_of_any_image(config, batch, blocks, seed, kind):
    model = trained(seed, **config)
    height, width = (model.multiple * side for side in blocks)
    photo = torch.rand(batch, 3, height, width) if kind == "noise" else torch.zeros(1, 3, 1, 1)
    ramp = torch.linspace(0, 1, width) if kind == "smooth" else float(kind == "blank")
    photo = (photo + ramp).expand(batch, 3, height, width)
    with torch.no_grad():
        z, conditions = model.encode_color(photo)
        assert_close(model.decode(z, conditions), photo, rtol=0, atol=1e-4)


def test_colours_are_the_drawing_decoded_under_the_conditions_of_the_photograph():
    model, (sketch, reference) = trained(), images()
    _, conditions = model.encode_color(reference)
    expected = model.decode(model.encode_sketch(sketch, conditions), conditions)
    assert torch.equal(model.colorize(sketch, reference), expected)
    assert torch.equal(model(sketch, reference), expected)


def test_conditions_are_the_inputs_of_the_blocks_in_every_pass():
    model, (sketch, reference) = trained(), images()
    seen = []
    for flow in (model.color_flow, model.sketch_flow):
        for block in flow.layers[1:]:
            block.register_forward_pre_hook(lambda block, args: seen.append(args))
    z, conditions = model.encode_color(reference)
    assert len(seen) == len(conditions) == 3
    assert_close(conditions[0], model.color_flow.layers[0](reference)[0])
    for i, (x, condition) in enumerate(list(seen)):
        assert x is condition  # Each block looks at its own input.
        assert x is conditions[i]
        following = [*conditions, z][i + 1]
        assert_close(model.color_flow.layers[i + 1](x, x)[0], following)
    seen.clear()
    model.encode_sketch(sketch, conditions)
    assert [id(condition) for _, condition in seen] == [id(condition) for condition in conditions]


def test_conditions_have_the_documented_shape():
    model = trained(downsamplings=2, ccbs=2)
    z, conditions = model.encode_color(torch.rand(1, 3, 8, 12))
    assert [c.shape for c in (z, *conditions)] == [(1, 48, 2, 3)] * 3


def test_last_block_of_the_colour_encoder_is_skipped_when_only_conditions_are_needed():
    model, (sketch, reference) = trained(), images()
    calls = [0, 0, 0]

    def count(i):
        calls[i] += 1

    for i, block in enumerate(model.color_flow.layers[1:]):
        block.register_forward_hook(lambda *_, i=i: count(i))
    model.colorize(sketch, reference)
    assert calls == [1, 1, 0]
    model.train()(sketch, reference)
    assert calls == [2, 2, 0]
    model.encode_color(reference)
    assert calls == [3, 3, 1]


@depths
def test_one_training_batch_initialises_every_actnorm_of_both_flows(config):
    model = SketchColorFlow(**{"downsamplings": 1, "ccbs": 3} | config)
    norms = [layer for layer in model.modules() if isinstance(layer, ActNorm)]
    model.eval()(*images())
    assert all(norm.awaits_data for norm in norms)
    model.train()(*images())
    assert not any(norm.awaits_data for norm in norms)
    assert all(norm.initialized for norm in norms)
    assert all(norm.loc.abs().max() > 0 for norm in norms)


def test_each_first_actnorm_standardises_its_own_images():
    model, (sketch, reference) = SketchColorFlow(downsamplings=1, ccbs=1), images()
    model(sketch, reference)
    for flow, image in ((model.sketch_flow, sketch), (model.color_flow, reference)):
        downsample, block = flow.layers[0].layers
        y = block.layers[0](downsample(image)[0])[0]
        std = y.std((0, 2, 3), correction=0)
        assert_close(y.mean((0, 2, 3)), torch.zeros(12), rtol=0, atol=1e-5)
        assert_close(std, torch.where(std > 1e-3, 1.0, 0.0), rtol=0, atol=1e-4)


def test_the_two_flows_share_nothing():
    model = trained()
    pointers = [p.data_ptr() for p in model.parameters()]
    assert len(set(pointers)) == len(pointers)


@depths
def test_samples_do_not_influence_each_other(config):
    model, (sketch, reference) = trained(**config).double(), images(3)
    together = model.colorize(sketch.double(), reference.double())
    for i in range(3):
        alone = model.colorize(sketch[i : i + 1].double(), reference[i : i + 1].double())
        assert_close(alone[0], together[i], rtol=0, atol=1e-9)


@variants
def test_every_variant_is_rebuilt_from_its_configuration(config):
    model, pair = trained(**config), images()
    plain = json.loads(json.dumps(model.config))
    assert plain == model.config
    assert {name: plain[name] for name in config} == config
    twin = SketchColorFlow(**plain)
    assert twin.config == model.config
    twin.load_state_dict(model.state_dict())
    expected = model(*pair)
    assert expected.shape == pair[0].shape
    assert expected.isfinite().all()
    for other in (twin.eval(), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert_close(other(*pair), expected, rtol=0, atol=1e-6)
    twin.train()(*pair)  # Restored weights count as initialised.
    assert_close(twin.state_dict(), model.state_dict(), rtol=0, atol=0)


def test_arguments_reach_every_block():
    options = {"attention_scale": 0.5, "scale": "exp", "parametrization": "lu", "norm_eps": 0.25}
    model = SketchColorFlow(downsamplings=1, nccbs=1, ccbs=2, **options)
    read = {
        FeatureAggregation: lambda part: part.attention_scale,
        AffineCoupling: lambda part: part.scale,
        ConditionalAffineCoupling: lambda part: part.scale,
        InvertibleConv1x1: lambda part: part.parametrization,
        InstanceNorm2d: lambda part: part.eps,
    }
    parts = [(kind, part) for part in model.modules() for kind in read if isinstance(part, kind)]
    assert len(parts) == 2 * (1 * 8 + 2 * 9)  # Two flows of an NCCB and two CCBs.
    assert {(kind, read[kind](part)) for kind, part in parts} == {
        (FeatureAggregation, 0.5),
        (AffineCoupling, "exp"),
        (ConditionalAffineCoupling, "exp"),
        (InvertibleConv1x1, "lu"),
        (InstanceNorm2d, 0.25),
    }


@pytest.mark.parametrize("aggregation", ["fam", "concat", "adain"])
def test_gradients_reach_every_parameter_and_both_images(aggregation):
    model = trained(size=0.2, norm="none", aggregation=aggregation).train()
    sketch, reference = (image.requires_grad_() for image in images())
    model(sketch, reference).square().mean().backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []
    assert sketch.grad.any()
    assert reference.grad.any()


def test_without_aggregation_the_photograph_gets_no_gradient():
    model = trained(aggregation="none").train()
    sketch, reference = (image.requires_grad_() for image in images())
    model(sketch, reference).mean().backward()
    assert sketch.grad.any()
    assert reference.grad is None
    assert torch.equal(model(sketch, reference), model(sketch, reference.flip(0)))


@pytest.mark.parametrize("aggregation", ["fam", "concat", "adain"])
def test_the_colours_depend_on_the_photograph(aggregation):
    model, (sketch, reference) = trained(aggregation=aggregation), images()
    change = model(sketch, reference) - model(sketch, reference.flip(0))
    assert change.abs().max() > 1e-4


def test_some_steps_of_training_lower_the_loss():
    model, (sketch, reference) = SketchColorFlow(downsamplings=1, ccbs=2), images()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(20):
        loss = (model(sketch, reference) - reference).abs().mean()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]
    with torch.no_grad():
        z, conditions = model.eval().encode_color(reference)
        assert_close(model.decode(z, conditions), reference, rtol=0, atol=1e-4)


def test_images_in_half_precision_and_autocast_give_float32_colours():
    model, (sketch, reference) = trained(), images()
    expected = model(sketch, reference)
    with torch.autocast("cpu", torch.bfloat16):
        for pair in ((sketch, reference), (sketch.bfloat16(), reference.bfloat16())):
            result = model(*pair)
            assert result.dtype == torch.float32
            assert_close(result, expected, rtol=0, atol=0.2)
            z, conditions = model.encode_color(pair[1])
            assert {t.dtype for t in (z, *conditions)} == {torch.float32}
            assert_close(model.decode(z, conditions), pair[1].float(), rtol=0, atol=2e-2)


def test_images_of_the_caller_are_left_alone():
    model, pair = SketchColorFlow(downsamplings=1, ccbs=1), images()
    for mode in (True, False):
        model.train(mode)(*pair)
        assert_close(pair, images(), rtol=0, atol=0)


@pytest.mark.compiled
def test_compiles_without_graph_breaks():
    torch._dynamo.reset()
    model, pair = trained(nccbs=0, ccbs=1), images()
    run = torch.compile(model, fullgraph=True, backend="eager")
    for mode in (True, False):
        model.train(mode)
        assert_close(run(*pair), model(*pair))


FLOAT = "SketchColorFlow expects {} to be a float image of shape (batch, 3, height, width), got "
SIDES = (
    "SketchColorFlow expects the height and width of {} to be multiples of 4 and at least 8, got "
)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (torch.rand(1, 1, 8, 8), FLOAT + "torch.float32 of shape (1, 1, 8, 8)."),
        (torch.rand(3, 8, 8), FLOAT + "torch.float32 of shape (3, 8, 8)."),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), FLOAT + "torch.uint8 of shape (1, 3, 8, 8)."),
        (torch.rand(1, 3, 8, 10), SIDES + "8 x 10."),
        (torch.rand(1, 3, 9, 8), SIDES + "9 x 8."),
        (torch.rand(1, 3, 4, 8), SIDES + "4 x 8."),
        (torch.full((1, 3, 8, 8), torch.nan), "SketchColorFlow expects finite values in {}, got "),
        (torch.full((1, 3, 8, 8), torch.inf), "SketchColorFlow expects finite values in {}, got "),
    ],
)
def test_wrong_images_are_refused_in_words(image, expected):
    model = SketchColorFlow(downsamplings=2, ccbs=1).eval()
    _, conditions = model.encode_color(torch.rand(1, 3, 8, 8))
    for name, run in (
        ("reference", lambda: model.encode_color(image)),
        ("sketch", lambda: model.encode_sketch(image, conditions)),
        ("content", lambda: model.colorize(image, image)),
    ):
        with pytest.raises(ValueError, match="^" + re.escape(expected.format(name))):
            run()


def test_training_does_not_look_for_nan():
    """Looking would make the host wait for the device in every step."""
    model, (sketch, reference) = trained(ccbs=1).train(), images()
    assert model(sketch, reference * torch.nan).isnan().any()


def test_images_of_two_shapes_are_refused_in_words():
    model = SketchColorFlow(downsamplings=1, ccbs=1)
    expected = (
        "SketchColorFlow expects a sketch and a reference of the same shape, "
        "got (1, 3, 8, 8) and (1, 3, 8, 12)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        model(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 12))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"downsamplings": 0},
            "expects downsamplings >= 1, nccbs >= 0 and ccbs >= 1, got 0, 1 and 8",
        ),
        ({"nccbs": -1}, "expects downsamplings >= 1, nccbs >= 0 and ccbs >= 1, got 3, -1 and 8"),
        ({"ccbs": 0}, "expects downsamplings >= 1, nccbs >= 0 and ccbs >= 1, got 3, 1 and 0"),
        ({"aggregation": "sum"}, "expects aggregation to be .*, got 'sum'"),
        ({"scale": "tanh"}, "expects scale to be one of .*, got 'tanh'"),
        ({"parametrization": "qr"}, "expects parametrization to be one of .*, got 'qr'"),
        ({"norm": "batch"}, "expects norm to be .*, got 'batch'"),
    ],
)
def test_wrong_configurations_are_refused_in_words(config, expected):
    with pytest.raises(ValueError, match=expected):
        SketchColorFlow(**config)


def test_where_values_cannot_be_looked_at_it_colours_all_the_same():
    model = trained(downsamplings=1, ccbs=1).eval()
    sketch, photo = torch.rand(2, 2, 3, 8, 8)
    found = torch.func.vmap(lambda *pair: model(*(image[None] for image in pair))[0])(sketch, photo)
    assert_close(found, model(sketch, photo), rtol=1e-4, atol=1e-5)
    assert model.to("meta")(sketch.to("meta"), photo.to("meta")).shape == sketch.shape
