"""The oracle itself: it must pass an honest layer and catch every way to break the contract."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    ConcatAggregation,
    ConditionalActNorm,
    ConditionalAffineCoupling,
    InvertibleLayer,
)
from flowcolor.testing import check_invertible, measure_drift

LN2 = torch.tensor(2.0, dtype=torch.float64).log()


class Honest(InvertibleLayer):
    """Double the input; the others break one promise each."""

    def forward(self, x, condition=None):
        return 2 * x, (x[0].numel() * LN2).expand(len(x))

    def inverse(self, y, condition=None):
        return y / 2, (-y[0].numel() * LN2).expand(len(y))


class DifferentInTraining(Honest):
    def forward(self, x, condition=None):
        y, logdet = super().forward(x)
        return y + self.training, logdet


class WrongInverse(Honest):
    def inverse(self, y, condition=None):
        x, logdet = super().inverse(y)
        return x + 1e-6, logdet


class LeftInverseOnly(Honest):
    """Wrong where forward never goes: pads the latent."""

    def forward(self, x, condition=None):
        y = torch.where(x > 0, 2 * x, x)
        return y, torch.where(x > 0, LN2, 0.0).flatten(1).sum(1)

    def inverse(self, y, condition=None):
        x = torch.where(y > 0, y / 2, 2 * y)
        return x, torch.where(y > 0, -LN2, LN2).flatten(1).sum(1)


class NoLogDet(Honest):
    def forward(self, x, condition=None):
        return 2 * x, x.new_zeros(len(x))

    def inverse(self, y, condition=None):
        return y / 2, y.new_zeros(len(y))


class LogDetOfTheOtherDirection(Honest):
    def inverse(self, y, condition=None):
        x, logdet = super().inverse(y)
        return x, -logdet


class LogDetsThatDoNotCancel(Honest):
    def inverse(self, y, condition=None):
        x, logdet = super().inverse(y)
        return x, logdet + 1e-6


class LogDetPerPixel(Honest):
    def forward(self, x, condition=None):
        return 2 * x, LN2.expand(len(x))

    def inverse(self, y, condition=None):
        return y / 2, -LN2.expand(len(y))


class ScalarLogDet(Honest):
    def forward(self, x, condition=None):
        return 2 * x, x[0].numel() * LN2


class OnlyTheResult(Honest):
    def forward(self, x, condition=None):
        return 2 * x


class PlainLogDet(Honest):
    def inverse(self, y, condition=None):
        return y / 2, -y[0].numel() * LN2.item()


class OneLogDetForAll(Honest):
    def forward(self, x, condition=None):
        return 2 * x, (x[0].numel() * LN2)[None]


class NarrowLogDet(Honest):
    def forward(self, x, condition=None):
        y, logdet = super().forward(x)
        return y, logdet.float()


class NarrowPath(Honest):
    def forward(self, x, condition=None):
        y, logdet = super().forward(x)
        return y.float().double(), logdet


class DependsOnTheBatch(Honest):
    def forward(self, x, condition=None):
        y, logdet = super().forward(x)
        return y + x.mean(0, keepdim=True), logdet

    def inverse(self, y, condition=None):
        x, logdet = super().inverse(y)
        return x - y.mean(0, keepdim=True) / 6, logdet


class ChangesTheInput(Honest):
    def forward(self, x, condition=None):
        return super().forward(x.mul_(2))


class ChangesTheLatent(Honest):
    def inverse(self, y, condition=None):
        x, logdet = super().inverse(y)
        y.zero_()
        return x, logdet


class ChangesTheCondition(Honest):
    def forward(self, x, condition=None):
        condition.zero_()
        return super().forward(x)


class IgnoresTheConditionOnTheWayBack(Honest):
    num_conditions = 1

    def forward(self, x, condition=None):
        y, logdet = super().forward(x)
        return y + condition, logdet


def batch():
    return torch.randn(3, 2, 2, 2, dtype=torch.float64)


def test_honest_layer_passes():
    check_invertible(Honest(), batch())
    check_invertible(DifferentInTraining(), batch())  # As in evaluation.


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (WrongInverse, "forward is not undone by its opposite"),
        (LeftInverseOnly, "not undone by its opposite"),
        (NoLogDet, "logdet of forward, sample 0, is not log|det J|"),
        (LogDetOfTheOtherDirection, "the log-dets of forward and back do not cancel"),
        (LogDetPerPixel, "logdet of forward, sample 0, is not log|det J|"),
        (ScalarLogDet, r"logdet of forward has shape (), not (B,)"),
        (OneLogDetForAll, r"logdet of forward has shape (1,), not (B,)"),
        (NarrowLogDet, "logdet of forward is torch.float32 for a float64 input"),
        (NarrowPath, "forward is not undone by its opposite"),
        (DependsOnTheBatch, "forward of sample 0 depends on its batch"),
        (ChangesTheInput, "forward changes its input or condition"),
        (ChangesTheLatent, "inverse changes its input or condition"),
        (ChangesTheCondition, "forward changes its input or condition"),
        (LogDetsThatDoNotCancel, "the log-dets of forward and back do not cancel"),
        (IgnoresTheConditionOnTheWayBack, "forward is not undone by its opposite"),
    ],
)
def test_every_broken_promise_is_named(broken, message):
    with pytest.raises(AssertionError) as error:
        check_invertible(broken(), batch(), batch())
    assert message in str(error.value)


@pytest.mark.parametrize("count", [1, 2, 3])  # Two images would pass for a result and its logdet.
@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (OnlyTheResult, "forward returns Tensor, not a tensor and its logdet"),
        (PlainLogDet, "inverse returns Tensor and float, not a tensor and its logdet"),
    ],
)
def test_what_is_no_pair_of_tensors_is_named(broken, message, count):
    with pytest.raises(AssertionError) as error:
        check_invertible(broken(), batch()[:count])
    assert message in str(error.value)


def test_bounds_are_those_of_the_caller_and_relative_to_the_values():
    check_invertible(WrongInverse(), batch(), round_trip=1e-5)
    check_invertible(WrongInverse(), 1e5 + batch())  # 1e-6 is beyond float64's rounding of 1e5.
    with pytest.raises(AssertionError):
        check_invertible(WrongInverse(), batch(), round_trip=1e-7)


def test_layer_and_tensors_are_left_as_they_were():
    layer = Chain([ActNorm(2), AffineCoupling(nn.Conv2d(1, 2, kernel_size=1))])
    x = batch().requires_grad_()
    before, state = x.detach().clone(), copy.deepcopy(layer.state_dict())
    check_invertible(layer, x)
    assert layer.training
    assert layer.layers[0].awaits_data
    assert x.grad is None
    assert all(parameter.grad is None for parameter in layer.parameters())
    assert_close(x.detach(), before, rtol=0, atol=0)
    assert_close(layer.state_dict(), state, rtol=0, atol=0)
    assert next(layer.parameters()).dtype == torch.float32


def test_conditions_come_alone_or_in_a_list():
    def layer():
        aggregate = ConcatAggregation(1, 3)
        return ConditionalAffineCoupling(nn.Conv2d(1, 2, kernel_size=1), aggregate)

    condition = torch.randn(3, 3, 2, 2)
    check_invertible(layer(), batch(), condition)
    check_invertible(Chain([layer(), layer()]), batch(), [condition, condition.flip(0)])


@pytest.mark.parametrize("several", [False, True])
def test_conditions_may_be_whole_numbers(several):
    layer, classes = ConditionalActNorm(3, nn.Embedding(5, 6)), torch.tensor([4, 1])
    check_invertible(Chain([layer]), torch.randn(2, 3, 2, 1), [classes] if several else classes)


@pytest.mark.parametrize("bound", [-1, True, float("nan"), float("inf"), "1e-3", None])
@pytest.mark.parametrize("name", ["round_trip", "logdet"])
def test_bounds_are_numbers(name, bound):
    message = rf"check_invertible expects {name} to be a finite number of at least 0, got "
    with pytest.raises(ValueError, match=message):
        check_invertible(Honest(), torch.randn(2, 3), **{name: bound})


@pytest.mark.parametrize("check", [check_invertible, measure_drift])
def test_what_is_no_layer_is_refused(check):
    with pytest.raises(ValueError, match=r"expects (layer|chain) to be of type InvertibleLayer"):
        check(nn.Conv2d(3, 3, kernel_size=1), torch.randn(2, 3, 2, 2))


def test_an_empty_batch_does_not_drift():
    assert measure_drift(Chain([ActNorm(3)]), torch.randn(0, 3, 2, 2)) == [("layers.0", 0.0)]


@pytest.mark.parametrize("condition", ["x", 3, {}, [None], ["x"], object()])
def test_conditions_that_are_no_tensors_are_refused(condition):
    message = r"^check_invertible expects condition to be a tensor or a list of tensors, got "
    with pytest.raises(ValueError, match=message):
        check_invertible(Honest(), torch.randn(2, 3), condition)


@pytest.mark.parametrize("condition", [torch.tensor(1.0), [torch.ones(2, 3), torch.tensor(1)]])
def test_conditions_that_are_no_batches_are_refused(condition):
    with pytest.raises(ValueError, match=r"^check_invertible expects condition to be a batch, got"):
        check_invertible(Honest(), torch.randn(2, 3), condition)
