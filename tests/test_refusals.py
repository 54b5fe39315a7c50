"""What no argument can be is refused in one short sentence, whatever its size."""

from inspect import Parameter, isabstract, isclass, signature

import numpy as np
import pytest
import torch

import flowcolor.data
import flowcolor.layers
import flowcolor.losses
import flowcolor.metrics
import flowcolor.models
from flowcolor.data import ColorDodge, MixedFilter
from flowcolor.inference import Painter
from flowcolor.io.resizing import resize
from flowcolor.layers.functional.scale import positive_scale
from flowcolor.models import Hints, Tint
from flowcolor.models.face_parts import part_of

MODULES = {
    module.__name__: module
    for module in (
        flowcolor.data,
        flowcolor.layers,
        flowcolor.losses,
        flowcolor.metrics,
        flowcolor.models,
    )
}
PICTURE = torch.rand(3, 8, 8)
CALLS = {
    "MixedFilter": lambda wrong: MixedFilter([ColorDodge()], seed=wrong),
    "Hints": lambda wrong: Hints(PICTURE[None], PICTURE[None, :1]).cropped(wrong, 0, 1, 1),
    "lines": lambda wrong: Painter(Tint(), 0, "tint")(PICTURE, PICTURE, lines=wrong),
    "part_of": lambda wrong: part_of(repr(wrong), PICTURE[None]),
    "positive_scale": lambda wrong: positive_scale(PICTURE, repr(wrong)),
    "resize": lambda wrong: resize(PICTURE, wrong),
    "save_pretrained": lambda wrong: Tint().save_pretrained("folder", size=wrong),
}
REST = {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}
LONG = {
    "tensor": torch.zeros(9, 9),
    "small tensor": torch.eye(2),
    "array": np.zeros((9, 9)),
    "list": [0.5] * 99,
}


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("name", CALLS)
def test_what_is_long_is_refused_by_functions_in_a_short_sentence(name, kind):
    with pytest.raises(ValueError, match=rf"^{name} expects ") as refused:
        CALLS[name](LONG[kind])
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("name", MODULES)
def test_what_is_long_is_refused_by_constructors_in_a_short_sentence(name, kind):
    public = [getattr(MODULES[name], each) for each in MODULES[name].__all__]
    refused = []
    for build in (each for each in public if isclass(each) and not isabstract(each)):
        options = [each for each in signature(build).parameters.values() if each.kind not in REST]
        needed = {each.name for each in options if each.default is Parameter.empty}
        for each in options:
            try:
                build(**dict.fromkeys({*needed, each.name}, LONG[kind]))
            except ValueError as error:
                refused.append(str(error))
    assert len(refused) > 10
    assert [each for each in refused if "\n" in each or len(each) > 300] == []
