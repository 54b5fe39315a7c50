"""Memory modes under torch.compile."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.export import ExportedProgram, export

from flowcolor.layers import (
    ActNorm,
    Chain,
    ConditionalAffineCoupling,
    FeatureAggregation,
    InvertibleConv1x1,
)
from tests.layers.memory_modes import MODES, assert_same, gradients, outcome, probe
from tests.layers.random_chains import glow

pytestmark = [
    pytest.mark.compiled,
    # What Dynamo looks at and hides from everybody but those for whom warnings are errors.
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),
]


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()


def short():
    """Return a chain of few layers: what every layer is compiled to, its contract looks at."""
    chain, x, conditions = glow()
    return Chain([chain[i] for i in (0, 1, 4, 6, 7)], chain.memory), x, conditions[1:]


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_a_chain_compiles_whole_or_breaks_once(mode, inverse):
    chain, x, conditions = short()
    start = chain(x, conditions)[0].detach() if inverse else x
    expected = outcome(chain, "none", start, conditions, inverse=inverse)
    chain.memory = mode

    def step(x, *conditions):
        y, logdet = (chain.inverse if inverse else chain)(2 * x, conditions)
        return y / 2, logdet / 2

    compiled = torch.compile(step, fullgraph=mode != "reversible", backend="aot_eager")
    leaves = [(start / 2).requires_grad_(), *(c.clone().requires_grad_() for c in conditions)]
    y, logdet = compiled(*leaves)
    probe(2 * y, 2 * logdet).backward()
    leaves[0].grad /= 2
    inputs = dict(zip(["input", "condition 0"], leaves, strict=True))
    found = gradients(chain) | {name: leaf.grad for name, leaf in inputs.items()}
    found = {f"gradient of {name}": gradient for name, gradient in found.items()}
    results = {"result": 2 * y.detach(), "logdet": 2 * logdet.detach()}
    assert_same(found | results, expected, 1e-11)


@pytest.mark.parametrize("inverse", [False, True])
def test_the_reversible_part_is_one_graph_break(inverse):
    chain, x, conditions = glow()
    start = chain(x, conditions)[0].detach() if inverse else x

    def step(x):
        y, logdet = (chain.inverse if inverse else chain)(x.sin(), conditions)
        return y.cos(), logdet.sin()

    assert torch._dynamo.explain(step)(start).graph_break_count == 1
    assert len(torch._dynamo.utils.counters["graph_break"]) == 1  # One place.


@pytest.mark.parametrize("what", ["networks", "layers"])
def test_parts_of_a_reversible_chain_may_be_compiled(what):
    chain, x, conditions = glow()
    expected = outcome(chain, "none", x, conditions)
    for layer in chain.layers:
        if what == "layers":
            layer.compile(backend="aot_eager")
        elif hasattr(layer, "net"):
            layer.net.compile(backend="aot_eager", fullgraph=True)
    found = outcome(chain, "reversible", x, conditions)
    assert_same(found, expected, 1e-11)


def test_the_mode_of_a_compiled_chain_may_change():
    chain, x, conditions = short()
    compiled = torch.compile(lambda x: chain(x, conditions), backend="aot_eager")
    found = []
    for chain.memory in ("none", "reversible", "checkpoint", "none"):
        chain.zero_grad()
        probe(*compiled(x)).backward()
        found.append(gradients(chain))
    for other in found[1:]:
        assert_same(other, found[0], 1e-11)


def test_nothing_breaks_where_nothing_is_differentiated():
    chain, x, conditions = glow()
    assert isinstance(chain, Chain)
    with torch.no_grad():
        compiled = torch.compile(chain, fullgraph=True, backend="eager")
        assert_same(named(compiled(x, conditions)), named(chain(x, conditions)), 1e-12)


@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
@pytest.mark.parametrize("make", [export, partial(export, strict=True), torch.jit.trace])
@pytest.mark.filterwarnings("ignore:.torch.jit", "ignore::torch.jit.TracerWarning")
def test_a_program_made_of_a_chain_can_be_trained_on(mode, make):
    torch.manual_seed(0)
    coupling = ConditionalAffineCoupling(nn.Conv2d(2, 4, kernel_size=1), FeatureAggregation(2, 3))
    chain = Chain([ActNorm(4), InvertibleConv1x1(4), coupling]).eval()
    given = torch.randn(2, 4, 3, 3), torch.randn(2, 3, 3, 3)
    probe(*chain(*given)).backward()
    expected = gradients(chain)
    chain.zero_grad()
    chain.memory = mode
    program = make(chain, given)
    program = program.module() if isinstance(program, ExportedProgram) else program
    probe(*program(*given)).backward()
    assert_same(gradients(program), expected, 1e-5)


def named(result):
    return dict(zip(("result", "logdet"), result, strict=True))
