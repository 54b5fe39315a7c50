"""What holds for every objective, whatever it asks for."""

import copy
import inspect

import numpy as np
import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.training import objectives
from flowcolor.training.objectives import Denoising, Likelihood, Objective
from tests.training.objectives.cases import CASES, batch_of, losses_of


def test_every_objective_is_a_case():
    kinds = {type(case.objective()).__name__ for case in CASES.values()}
    public = {name for name in objectives.__all__ if inspect.isclass(getattr(objectives, name))}
    assert kinds == {
        name for name in public - {"Objective"} if issubclass(getattr(objectives, name), Objective)
    }


@pytest.mark.parametrize("name", CASES)
def test_of_64_bits_no_loss_is_rounded_to_32(name):
    case = CASES[name]
    found = losses_of(
        case.objective().double(),
        case.colorizer().double().train(),
        batch_of(case, dtype=torch.float64),
    )
    assert {key: value.dtype for key, value in found.items()} == dict.fromkeys(found, torch.float64)


@pytest.mark.parametrize("name", CASES)
def test_how_weights_lie_in_memory_changes_no_loss(name):
    case = CASES[name]
    objective, colorizer = case.objective().double(), case.colorizer().double().train()
    batch, found = batch_of(case, dtype=torch.float64), []
    for layout in (torch.contiguous_format, torch.channels_last):
        parts = (copy.deepcopy(part).to(memory_format=layout) for part in (objective, colorizer))
        torch.manual_seed(0)
        found.append(losses_of(*parts, batch))
    torch.testing.assert_close(*found, rtol=1e-6, atol=1e-9)


def wrong(x, key):
    """Yield what no image of a batch may be, and what is to be said of it."""
    odd = ((x * 255).byte(), x.long(), x.to(torch.complex64))
    for other in (None, [x], np.zeros(x.shape), x.to_sparse(), *odd):
        yield other, rf" expects {key} to be float images with values in \[0, 1\], got "
    for other in (255 * x, 2 * x - 1):
        yield other, rf"as {key}, expects images with values in \[0, 1\], got values from "
    for other in (x[:, :1], torch.cat([x, x[:, :1]], 1), x[0], x[..., :0]):
        yield other, rf" {key} to (be images|have the shape) of .*, got \("
    yield x.to("meta"), r" on the device of content, (cpu|meta), got (cpu|meta)\.$"


@pytest.mark.parametrize("name", CASES)
def test_a_batch_that_lacks_an_image_or_has_a_wrong_one_is_refused(name):
    case = CASES[name]
    objective, colorizer, batch = case.objective(), case.colorizer().train(), batch_of(case)
    owner = r"^\w+"
    for nothing in (None, [batch], batch["content"]):
        with pytest.raises(ValueError, match=rf"{owner} expects a batch, a dictionary, got "):
            losses_of(objective, colorizer, nothing)
    for key in case.uses:
        lacking = {name: value for name, value in batch.items() if name != key}
        if key != "reference" or colorizer.reference != "optional":
            with pytest.raises(ValueError, match=rf"{owner} expects .*\b{key}\b.*, got .*\.$"):
                losses_of(objective, colorizer, lacking)
        for other, sentence in wrong(batch[key], key):
            with pytest.raises(ValueError, match=owner + ".*" + sentence):
                losses_of(objective, colorizer, batch | {key: other})
        fewer, more = batch[key][:1], torch.cat([batch[key], batch[key][:1]])
        for other in (fewer, more):
            with pytest.raises(
                ValueError, match=rf"{owner} .* (the shape|as many images) .*, got "
            ):
                losses_of(objective, colorizer, batch | {key: other})
        if key == "truth":
            small = batch[key][..., : case.side // 2, : case.side // 2]
            with pytest.raises(ValueError, match=rf"{owner} expects truth to have the shape of co"):
                losses_of(objective, colorizer, batch | {key: small})
    none = {key: value[:0] for key, value in batch.items()}
    with pytest.raises(ValueError, match=rf"{owner} expects .* that are not empty, got \(0, "):
        losses_of(objective, colorizer, none)


@pytest.mark.parametrize("name", CASES)
def test_what_only_others_look_at_may_be_missing_from_a_batch(name):
    case = CASES[name]
    batch = batch_of(case)
    for key in {"content", "reference", "truth", "photo", "name"} - set(case.uses):
        del batch[key]
    losses = losses_of(case.objective(), case.colorizer().train(), batch)
    assert losses["loss"].isfinite()


@pytest.mark.parametrize("name", CASES)
def test_gradients_in_16_bits_are_finite_and_of_the_same_loss(name):
    case, batch = CASES[name], batch_of(CASES[name])
    objective, colorizer = case.objective(), case.colorizer().train()
    weights = [p for p in (*colorizer.parameters(), *objective.parameters()) if p.requires_grad]
    state = copy.deepcopy((objective.state_dict(), colorizer.state_dict()))
    losses = []
    for kind in (None, torch.float16):
        objective.load_state_dict(state[0])
        colorizer.load_state_dict(state[1])
        torch.manual_seed(0)
        with torch.autocast("cpu", torch.float16, enabled=kind is not None):
            found = losses_of(objective, colorizer, batch)
        losses.append({key: value for key, value in found.items() if value.ndim == 0})
        total = sum(found[key] for key in ("loss", "critic", "style") if key in found)
        for gradient in torch.autograd.grad(total, weights, allow_unused=True):
            assert gradient is None or gradient.isfinite().all()
    wide, half = losses
    for key, value in half.items():
        assert value.dtype == torch.float32, key
        assert value.item() == pytest.approx(wide[key].item(), rel=0.02, abs=2e-3), key


@pytest.mark.parametrize("name", CASES)
def test_a_batch_of_one_has_a_loss_or_is_refused_in_a_sentence(name):
    case = CASES[name]
    objective, colorizer = case.objective(), case.colorizer().train()
    try:
        losses = losses_of(objective, colorizer, batch_of(case, count=1))
    except InputError as error:
        assert str(error).endswith("expects batches of two samples or more, got 1.")  # noqa: PT017
    else:
        assert losses["loss"].isfinite()


# As of `torch.set_default_device("cuda")`, of which a machine without a GPU knows nothing.
@pytest.mark.parametrize(
    "name", ["Rebalanced", "InstanceChroma, stage 2", "SelfSupervised", "Refining", "Denoising"]
)
def test_where_new_tensors_lie_does_not_matter(name):
    case = CASES[name]
    objective, colorizer, batch = case.objective(), case.colorizer().train(), batch_of(case)
    here, there = copy.deepcopy((objective, colorizer)), (objective, colorizer)
    torch.manual_seed(2)
    expected = losses_of(*here, batch)
    torch.manual_seed(2)
    with torch.device("meta"):
        found = losses_of(*there, batch)
        assert name != "Denoising" or Denoising().shares.is_cpu
    for key, value in expected.items():
        assert torch.equal(found[key], value), key


def test_in_a_loop_of_ones_own_what_is_no_colorizer_of_its_kind_is_refused():
    batch = batch_of(CASES["Paired"])
    paired, likelihood = CASES["Paired"].objective(), Likelihood()
    with pytest.raises(InputError, match=r"^Paired expects a colorizer, got dict"):
        paired.losses(batch, CASES["Paired"].colorizer())
    with pytest.raises(InputError, match=r"^Likelihood expects a colorizer that knows how .* got "):
        likelihood.losses(batch=batch, colorizer=CASES["Paired"].colorizer())


def test_an_error_of_the_objectives_own_is_left_as_it_is():
    class Slip(Objective):
        def losses(self, colorizer, batch):
            return {"loss": batch["truth"].means()}

    with pytest.raises(AttributeError, match="means"):
        Slip().losses(CASES["Paired"].colorizer(), batch_of(CASES["Paired"]))
