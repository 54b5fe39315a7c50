"""Sizes that no machine could build are refused before memory is asked for."""

import pytest

from flowcolor import models
from flowcolor.models import FullGlow, PatchCritic, SketchColorFlow, SpectralCritic


@pytest.mark.parametrize("size", [10**9, 10**30])
@pytest.mark.parametrize(
    ("build", "name"),
    [
        (FullGlow, "pool"),
        (PatchCritic, "channels"),
        (PatchCritic, "width"),
        (SketchColorFlow, "width"),
        (SpectralCritic, "width"),
    ],
)
def test_a_network_that_fits_no_machine_is_refused_at_once(build, name, size):
    with pytest.raises(ValueError, match=f"{build.__name__} expects .*{name}.* 4 billion .*{size}"):
        build(**{name: size})


FLOW = {"levels": 1, "steps": 1, "hidden": 4}
SMALL = {"channels": 2, "blocks": (1,) * 4, "widths": (4,) * 4, "features": 4, "coarse": 4}
LARGE = {"channels": 2, "blocks": (1,) * 5, "widths": (4,) * 5, "features": 4, "coarse": 4}


@pytest.mark.parametrize("size", [10**9, 10**30])
@pytest.mark.parametrize(
    ("build", "good", "names"),
    [
        (models.coupling_block, {}, ["channels"]),
        (models.conditional_coupling_block, {}, ["channels"]),
        (models.glow_flow, FLOW, ["levels", "steps", "hidden", "channels"]),
        (models.conditional_glow_flow, FLOW, ["levels", "steps", "hidden", "channels", "pool"]),
        (models.conditional_glow_flow, {**FLOW, "pool": None}, ["size"]),
        (models.cinn_flow, SMALL, ["channels", "features", "coarse"]),
        (models.large_cinn_flow, LARGE, ["channels", "features", "coarse"]),
        (models.FullGlow, {"pool": None}, ["size"]),
        (models.GlowNet, {"channels": 4, "out_channels": 4}, ["channels", "out_channels"]),
        (models.ResidualNet, {"channels": 4, "out_channels": 4}, ["channels", "width"]),
    ],
)
def test_parts_that_fit_no_machine_are_refused_at_once(build, good, names, size):
    for name in names:
        with pytest.raises(ValueError, match=rf"^{build.__name__} .*expects .*{size}"):
            build(**{**good, name: size})


@pytest.mark.parametrize(
    ("build", "good"), [(models.cinn_flow, SMALL), (models.large_cinn_flow, LARGE)]
)
def test_levels_that_fit_no_machine_are_refused_at_once(build, good):
    for name in ("blocks", "widths"):
        for place in range(len(good[name])):
            sizes = list(good[name])
            sizes[place] = 10**9
            with pytest.raises(ValueError, match=rf"^{build.__name__} expects .*{name} .*10{{9}}"):
                build(**{**good, name: sizes})


@pytest.mark.parametrize("name", ["features", "shrink", "coarse", "blocks"])
def test_networks_of_conditions_that_fit_no_machine_are_refused_at_once(name):
    huge = [1, 1, 1, 10**9, 1] if name == "blocks" else 10**6
    sizes = {"features": 4, "shrink": 1, "coarse": 4, "blocks": [1] * 4, "widths": [4] * 5}
    for build, drop in ((models.ConditionNet, "widths"), (models.LargeConditionNet, "shrink")):
        levels = 4 if build is models.ConditionNet else 5
        given = {**sizes, "blocks": [1] * levels, name: huge[:levels] if name == "blocks" else huge}
        del given[drop]
        if name != drop:
            with pytest.raises(ValueError, match=rf"^{build.__name__} expects .*10{{6}}"):
                build(**given)


@pytest.mark.parametrize("build", [models.Glow, models.FullGlow])
@pytest.mark.parametrize(
    ("count", "size"),
    [(10**30, 64), (2**63, 64), (2**40, 64), (1, 10**9), (1, 10**30), (1, (2**62, 4))],
)
def test_samples_that_fit_no_machine_are_refused_at_once(build, count, size):
    model = build(**FLOW)
    with pytest.raises(
        ValueError, match=rf"^{build.__name__} expects count and size .* 4 billion .*, got {count} "
    ):
        model.sample(count, size=size)
