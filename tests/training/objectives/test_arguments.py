"""Every argument of every objective: what it cannot be is one sentence that names it."""

import inspect
from collections.abc import Sequence

import pytest
from torch import nn

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, PerceptualLoss
from flowcolor.training import objectives
from flowcolor.training.objectives import Paired
from tests.training.objectives.cases import CASES, batch_of

PLAIN = [name for name in objectives.__all__ if name != "Objective"]
# Without pretrained networks, which the defaults would ask for.
LOSSES = {name: {"loss": ColorizationLoss(perceptual=0.0)} for name in PLAIN}
GIVEN = LOSSES | {"Adversarial": {"objective": Paired(ColorizationLoss(perceptual=0.0))}}
WRONG = ["abc", "3", float("nan"), float("inf"), -1, True, [], [float("nan")], {}, object()]
# Values of the list above that one of these may have.
RIGHT: dict[str, Sequence[object]] = {"local_layers": ([],)}


ARGUMENTS = [
    (name, argument)
    for name in PLAIN
    for argument in inspect.signature(getattr(objectives, name)).parameters
]


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_what_an_argument_cannot_be_is_named(name, argument):
    kind = getattr(objectives, name)
    given = GIVEN[name] if set(GIVEN[name]) <= set(inspect.signature(kind).parameters) else {}
    for wrong in WRONG:
        if argument == "vgg16" and isinstance(wrong, str):
            continue  # A path, which is read when a training begins.
        if any(wrong is right or wrong == right for right in RIGHT.get(argument, ())):
            kind(**(given | {argument: wrong}))
            continue
        with pytest.raises(ValueError, match=rf"\b({argument}|{name})\b.*, got .*\.$"):
            kind(**(given | {argument: wrong}))


class Absolute(nn.L1Loss):
    """A loss of somebody's own, with its term by name."""

    def forward(self, result, truth):
        return {"loss": super().forward(result, truth)}


def test_a_loss_of_ones_own_needs_no_weights_and_gives_terms_by_name():
    batch, colorizer = batch_of(CASES["Paired"]), CASES["Paired"].colorizer()
    own = Paired(Absolute())
    own.prepare()
    assert own.losses(colorizer, batch)["loss"].requires_grad
    for loss in (nn.L1Loss(), PerceptualLoss(random_weights=True)):
        objective = Paired(loss)
        objective.prepare()
        with pytest.raises(InputError, match=rf"terms by name of {type(loss).__name__}, .* Tensor"):
            objective.losses(colorizer, batch)
