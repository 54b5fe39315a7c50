"""Sizes that no machine could build are refused before memory is asked for."""

import pytest

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
