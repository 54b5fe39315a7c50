"""Sizes of an objective's own networks that no machine could build are refused."""

import pytest

from flowcolor.errors import InputError
from flowcolor.training.objectives import Refining, SelfSupervised


@pytest.mark.parametrize(
    ("build", "name"), [(Refining, "width"), (SelfSupervised, "width"), (SelfSupervised, "classes")]
)
def test_networks_that_fit_no_machine_are_refused_at_once(build, name):
    with pytest.raises(InputError, match=f"{name}.* to .*got .*{10**30}"):
        build(**{name: 10**30})
