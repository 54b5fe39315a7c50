"""Sizes of an objective's own networks that no machine could build are refused."""

import pytest

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, ContentStyleLoss, FeatureLoss, MSELPIPSLoss
from flowcolor.training.objectives import Exchanged, Matched, Refining, SelfSupervised, Unpaired


@pytest.mark.parametrize(
    ("build", "name"), [(Refining, "width"), (SelfSupervised, "width"), (SelfSupervised, "classes")]
)
def test_networks_that_fit_no_machine_are_refused_at_once(build, name):
    with pytest.raises(InputError, match=f"{name}.* to .*got .*{10**30}"):
        build(**{name: 10**30})


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (ColorizationLoss, "l1"),
        (ColorizationLoss, "chroma"),
        (ContentStyleLoss, "style"),
        (FeatureLoss, "l1"),
        (MSELPIPSLoss, "mse"),
        (Exchanged, "edges"),
        (Matched, "margin"),
        (Refining, "weight"),
        (Unpaired, "cycle"),
    ],
)
@pytest.mark.parametrize("weight", [2**63, 10**30])
def test_weights_that_no_tensor_holds_are_refused(build, name, weight):
    with pytest.raises(InputError, match=f"{name}|finite"):
        build(**{name: weight})
