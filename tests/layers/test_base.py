"""The checks shared by all layers, and the sentences they raise."""

import re

import pytest
import torch

from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    HaarDownsample,
    InvertibleConv1x1,
    InvertibleLayer,
    OrthogonalDownsample,
    Partial,
    Squeeze,
)
from flowcolor.layers.base import to_float64
from flowcolor.layers.reversible.vjp import Rebuilt
from flowcolor.values import widen

DIVISIBLE = "with height and width divisible by"
SIDES = "height and width divisible by 2"
IMAGE = "an input of shape (batch, {}, height, width) " + DIVISIBLE
REFUSED = [
    (ActNorm(3), "forward", (2, 1, 4, 4), "an input of shape (batch, 3, *spatial)"),
    (ActNorm(3), "inverse", (2, 1, 4, 4), "an input of shape (batch, 3, *spatial)"),
    (InvertibleConv1x1(3), "forward", (2, 4), "an input of shape (batch, 3, *spatial)"),
    (InvertibleConv1x1(3), "inverse", (2, 4), "an input of shape (batch, 3, *spatial)"),
    (
        AffineCoupling(torch.nn.Identity()),
        "forward",
        (2, 1, 4, 4),
        "an input of shape (batch, channels, *spatial) with at least 2 channels",
    ),
    (Squeeze(), "forward", (2, 3, 4, 5), IMAGE.format("channels") + " 2"),
    (Squeeze(), "forward", (2, 3, 5, 4), IMAGE.format("channels") + " 2"),
    (Squeeze(), "forward", (3, 4, 4), IMAGE.format("channels") + " 2"),
    (Squeeze(), "inverse", (2, 6, 4, 4), "a latent of shape (batch, 4*channels, height, width)"),
    (
        Squeeze(dims=1),
        "forward",
        (2, 3, 5),
        "an input of shape (batch, channels, length) with length divisible by 2",
    ),
    (
        Squeeze(dims=3),
        "forward",
        (2, 3, 4, 4),
        "an input of shape (batch, channels, depth, height, width) with depth, " + SIDES,
    ),
    (HaarDownsample(3, dims=1), "inverse", (2, 3, 4), "a latent of shape (batch, 6, length)"),
    (HaarDownsample(3), "forward", (2, 1, 4, 4), IMAGE.format("3") + " 2"),
    (HaarDownsample(3), "inverse", (2, 4, 4, 4), "a latent of shape (batch, 12, height, width)"),
    (OrthogonalDownsample(3, 3), "forward", (2, 3, 4, 3), IMAGE.format("3") + " 3"),
    (
        OrthogonalDownsample(3, 3, shared=True),
        "inverse",
        (2, 12, 4, 4),
        "a latent of shape (batch, 27, height, width)",
    ),
    (
        OrthogonalDownsample(3),
        "inverse",
        (12, 4, 4),
        "a latent of shape (batch, 12, height, width)",
    ),
]


@pytest.mark.parametrize(("layer", "direction", "shape", "expected"), REFUSED)
def test_wrong_shapes_are_refused_in_words(layer, direction, shape, expected):
    sentence = f"{type(layer).__name__} expects {expected}, got {shape}."
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        getattr(layer, direction)(torch.zeros(shape))


@pytest.mark.parametrize(
    "layer", [ActNorm(3), InvertibleConv1x1(3), AffineCoupling(torch.nn.Identity())]
)
def test_inputs_without_a_channel_axis_are_refused(layer):
    with pytest.raises((ValueError, TypeError), match=r"expects an input|Type-check"):
        layer(torch.zeros(3))


def test_contract_cannot_be_instantiated():
    with pytest.raises(TypeError, match="abstract"):
        InvertibleLayer()


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_widen_never_narrows(dtype, wide):
    x = torch.ones(2, dtype=dtype)
    assert widen(x).dtype == wide
    assert to_float64(x).dtype == torch.float64


class Times(InvertibleLayer):
    """Multiply by a weight; what it returns and answers is for others to spoil."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, x, condition=None):
        return self.weight * x, x[0].numel() * self.weight.log().expand(len(x))

    def inverse(self, y, condition=None):
        return y / self.weight, -y[0].numel() * self.weight.log().expand(len(y))


@pytest.mark.parametrize("memory", ["none", "checkpoint", "reversible"])
@pytest.mark.parametrize(
    ("logdet", "got"),
    [
        (lambda each: each.sum(), "shape ()"),  # Counts the whole batch for each sample.
        (lambda each: each[:, None], "shape (3, 1)"),  # Becomes a matrix in a sum.
        (lambda each: each[:1], "shape (1,)"),
        (lambda each: 0.0, "float"),
        (lambda each: None, "None"),
    ],
)
def test_logdets_of_another_shape_are_refused_in_a_chain(memory, logdet, got):
    class Spoilt(Times):
        def forward(self, x, condition=None):
            y, each = super().forward(x)
            return y, logdet(each)

    chain = Chain([ActNorm(2), Spoilt(), ActNorm(2)], memory)
    expected = f"a logdet of shape (3,), one number for each sample, got {got} of Spoilt."
    with pytest.raises(ValueError, match=re.escape(expected)):
        chain(torch.randn(3, 2, 4))


@pytest.mark.parametrize("memory", ["none", "checkpoint", "reversible"])
def test_layers_that_return_no_tensors_are_refused_in_a_chain(memory):
    class Spoilt(Times):
        def forward(self, x, condition=None):
            y, logdet = super().forward(x)
            return y.detach().numpy(), logdet

    with pytest.raises(ValueError, match="a tensor and its logdet, got ndarray of Spoilt"):
        Chain([Spoilt()], memory)(torch.randn(3, 2, 4))


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize(
    ("spoil", "got"),
    [
        (lambda y, logdet: y, "a tensor and its logdet, got Tensor of Spoilt"),
        (
            lambda y, logdet: (y, 0.0),
            "a logdet of shape (2,), one number for each sample, got float",
        ),
        (lambda y, logdet: (y, logdet.sum()), "a logdet of shape (2,), one number for each sample"),
    ],
)
def test_what_a_layer_for_a_part_of_the_channels_returns_is_refused(spoil, got, inverse):
    class Spoilt(Times):
        def forward(self, x, condition=None):
            return spoil(*super().forward(x))

        def inverse(self, y, condition=None):
            return spoil(*super().inverse(y))

    layer = Partial(Spoilt(), 1)
    with pytest.raises(ValueError, match=re.escape(f"Partial expects layers to return {got}")):
        (layer.inverse if inverse else layer)(torch.randn(2, 3, 4))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x, grad, weight: (x, grad), "to return a Rebuilt, got tuple."),
        (lambda x, grad, weight: None, "to return a Rebuilt, got NoneType."),
        (
            lambda x, grad, weight: Rebuilt(x[:1], grad),
            "got (1, 2, 4) and (3, 2, 4).",
        ),
        (lambda x, grad, weight: Rebuilt(x, None), "that are tensors, got None."),
        # No parameter is called so, and the one that is meant would not learn.
        (lambda x, grad, weight: Rebuilt(x, grad, None, {"weight": weight}), "got 'weight'."),
    ],
)
def test_answers_by_which_gradients_would_be_lost_are_refused(answer, message):
    class Spoilt(Times):
        def vjp(self, step):
            x, _ = self.inverse(step.out)
            return answer(x, self.weight * step.grad_out, (step.grad_out * x).sum())

    y, _ = Chain([ActNorm(2), Spoilt(), ActNorm(2)], "reversible")(torch.randn(3, 2, 4))
    with pytest.raises(ValueError, match=r"Spoilt expects .*vjp.*" + re.escape(message)):
        y.sum().backward()
