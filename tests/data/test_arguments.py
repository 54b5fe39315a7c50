"""What is no number is refused where it is given, in one sentence."""

import math

import pytest
import torch

from flowcolor.bounds import within
from flowcolor.data import ColorDodge, HintPoints, SelfAugmentedReference, StrokeAugmentation, XDoG
from flowcolor.errors import InputError
from flowcolor.losses import (
    ColorizationLoss,
    ContentStyleLoss,
    FeatureLoss,
    MSELPIPSLoss,
    PerceptualLoss,
)

WEIGHTS = {
    "l1": ColorizationLoss,
    "chroma": ColorizationLoss,
    "perceptual": FeatureLoss,
    "mse": MSELPIPSLoss,
    "style": ContentStyleLoss,
}
NUMBERS = [
    (ColorDodge, "sigma"),
    *((XDoG, name) for name in ("sigma", "gamma", "epsilon", "phi")),
    (HintPoints, "p"),
    (HintPoints, "count"),
    (SelfAugmentedReference, "rotation"),
    (SelfAugmentedReference, "scale"),
    (StrokeAugmentation, "ink"),
    (PerceptualLoss, "chunk"),
    *((kind, name) for name, kind in WEIGHTS.items()),
]


@pytest.mark.parametrize("value", [True, "3", [1.0], math.nan, math.inf, torch.tensor(1.0)])
@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_what_is_no_number_is_refused_in_one_sentence(kind, name, value):
    with pytest.raises(InputError, match=r" got .*\.$") as refused:
        kind(**{name: value})
    assert name in str(refused.value)


def test_words_are_no_numbers():
    with pytest.raises(InputError, match=r"^size expects a number of at least 1, got 'abc'\.$"):
        within("size", "abc", 1)
