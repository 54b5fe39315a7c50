"""The memory modes of the model: same results, same gradients, same training."""

import copy

import pytest
import torch
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.evaluation.live_bytes import StorageTracker
from flowcolor.layers import Chain
from flowcolor.models import SketchColorFlow
from tests.layers.memory_modes import MODES, assert_same
from tests.saved_bytes import SavedBytes


def tiny(memory="none", downsamplings=2, **options):
    torch.manual_seed(0)
    return SketchColorFlow(downsamplings=downsamplings, ccbs=2, memory=memory, **options)


def perturbed(model):
    """Give it a first batch and weights away from their initialisation."""
    model(*torch.rand(2, 2, 3, 8, 8, dtype=next(model.parameters()).dtype))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    return model


def gradients(model):
    return {f"gradient of {name}": p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("aggregation", ["fam", "adain"])
def test_modes_agree_in_every_pass(aggregation):
    model = perturbed(tiny(aggregation=aggregation).double())
    sketch, reference = torch.rand(2, 2, 3, 8, 8, dtype=torch.float64)
    found = []
    for model.memory in MODES:
        model.zero_grad()
        leaves = [t.clone().requires_grad_() for t in (sketch, reference)]
        z, conditions = model.encode_color(leaves[1])
        result = model.decode(model.encode_sketch(leaves[0], conditions), conditions)
        again = model.colorize(*leaves)
        loss = result.square().sum() + z.sin().sum() + again.cos().sum()
        loss.backward()
        inputs = {f"gradient of image {i}": t.grad for i, t in enumerate(leaves)}
        results = {"z": z.detach(), "result": result.detach(), "again": again.detach()}
        found.append(results | gradients(model) | inputs)
    for other in found[1:]:
        assert_same(other, found[0], 1e-10)


def test_mode_is_set_at_any_time_and_others_are_refused():
    model = tiny("reversible")
    state = copy.deepcopy(model.state_dict())
    for mode in MODES:
        model.memory = mode
        assert model.memory == mode
        assert model.state_dict().keys() == state.keys()
        assert "memory" not in model.config
        assert tiny(mode).state_dict().keys() == state.keys()
        assert_close(tiny(mode).state_dict(), state, rtol=0, atol=0)
    with pytest.raises(ValueError, match=r"^Chain expects memory to be one of"):
        model.memory = "some"
    assert {type(m) for m in model.modules() if hasattr(m, "memory")} == {Chain, SketchColorFlow}


@pytest.mark.parametrize("mode", MODES)
def test_transforms_of_functions_run_through_every_mode(mode):
    model = perturbed(tiny(mode).double())
    sketch, reference = torch.rand(2, 1, 3, 8, 8, dtype=torch.float64)

    def loss(reference):
        return model.colorize(sketch, reference).square().sum()

    leaf = reference.clone().requires_grad_()
    (expected,) = torch.autograd.grad(loss(leaf), leaf)
    assert_close(torch.func.grad(loss)(reference), expected, rtol=1e-9, atol=1e-9)


def train(memory, steps):
    model = tiny(memory, downsamplings=1, nccbs=0)
    generator = torch.Generator().manual_seed(1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(steps):
        sketch, reference = torch.rand(2, 2, 3, 4, 4, generator=generator)
        loss = (model(sketch, reference) - reference.flip(3)).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return model.state_dict(), losses


@pytest.mark.slow
def test_fifty_steps_end_with_the_same_weights():
    (expected, losses), *others = (train(mode, 50) for mode in MODES)
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])  # It trained.
    for state, _ in others:
        assert_close(state, expected, rtol=0, atol=1e-4)


def saved(memory, ccbs):
    model = SketchColorFlow(downsamplings=2, ccbs=ccbs, memory=memory).eval()
    images = torch.rand(2, 1, 3, 16, 16)
    with SavedBytes() as kept:
        model(*images)
    return kept.beside(*model.parameters())


def test_a_block_saves_its_condition_and_nothing_else():
    condition = 4 * 48 * 4 * 4
    few, many = saved("reversible", 2), saved("reversible", 6)
    assert many - few == 4 * condition
    assert few == 2 * condition + 4 * 3 * 16 * 16  # And the result: not even the latent.


def test_every_pass_saves_its_result_and_nothing_else():
    model, images = tiny("reversible").eval(), torch.rand(1, 3, 8, 8)
    conditions = [c.detach() for c in model.encode_color(images)[1]]
    passes = {
        "encode_sketch": lambda: model.encode_sketch(images, conditions),
        "decode": lambda: model.decode(torch.rand_like(conditions[0]), conditions),
    }
    for run in passes.values():
        with SavedBytes() as kept:
            run()
        assert kept.beside(*model.parameters(), *conditions) == 4 * images.numel()


def operations(memory):
    model = tiny(memory)
    images = torch.rand(2, 1, 3, 32, 32)  # So large that matrices of weights do not count.
    with FlopCounterMode(display=False) as counter:
        model(*images).sum().backward()
    return counter.get_total_flops()


def test_one_evaluation_of_the_networks_is_the_price():
    ratio = operations("reversible") / operations("none")
    assert 1.1 < ratio <= 1.34


def peak(memory, ccbs):
    """Return the live bytes of a step at most, but for gradients of parameters on their way."""
    model = SketchColorFlow(downsamplings=1, ccbs=ccbs, memory=memory, aggregation="concat").eval()
    images = torch.rand(2, 1, 3, 32, 32)
    model(*images).sum().backward()
    model.zero_grad(set_to_none=False)
    with StorageTracker() as count:
        model(*images).square().sum().backward()
    return count.peak - 4 * sum(p.numel() for p in model.color_flow.parameters())


def test_a_block_costs_its_condition_and_the_gradient_of_that():
    condition = 4 * 12 * 16 * 16
    slopes = {mode: (peak(mode, 6) - peak(mode, 2)) / 4 / condition for mode in MODES}
    assert slopes["reversible"] < 2.1
    assert 3 < slopes["checkpoint"] < 5
    assert slopes["none"] > 20
