"""What every layer promises holds on a GPU, too: the CPU's values and gradients, and the memory."""

import copy

import pytest
import torch
from torch import nn
from torch.utils import _pytree as pytree

from flowcolor import load
from flowcolor.data import open_portraits
from flowcolor.layers import ActNorm, AffineCoupling, Chain, InvertibleConv1x1
from flowcolor.models import Hints, SketchColorFlow
from flowcolor.models.checkpoint import export_weights, load_model
from tests.layers.cases import CASES
from tests.layers.memory_modes import MODES, assert_same, outcome
from tests.models.helpers import images, trained
from tests.strategies import Sample

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
SAMPLE = Sample(batch=3, sides=(4, 3), seed=0, scale=1.0, offset=0.0)


def on(device, tree):
    """Return a tree of tensors in float64 on a device."""
    return pytree.tree_map_only(torch.Tensor, lambda t: t.to(device, torch.float64), tree)


def found(chain, mode, x, condition, inverse):
    """Return an outcome of a GPU on the CPU."""
    given = outcome(chain, mode, x, condition, inverse=inverse)
    return {name: t if t is None else t.cpu() for name, t in given.items()}


@pytest.mark.parametrize("inverse", [False, True], ids=["forward", "inverse"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_values_and_gradients_are_those_of_the_cpu(case, inverse):
    chain = Chain([case.settled(SAMPLE)]).double()
    x, condition = on("cpu", case.inputs(SAMPLE))
    if inverse:
        x = chain(x, condition)[0].detach()
    expected = outcome(chain, "none", x, condition, inverse=inverse)
    for mode in MODES:
        moved = copy.deepcopy(chain).cuda()
        got = found(moved, mode, *on("cuda", (x, condition)), inverse)
        assert_same(got, expected, 1e-9)


@pytest.mark.parametrize("memory", MODES)
def test_the_model_paints_with_hints_as_on_the_cpu(memory):
    model = trained(hint_points=True).double()
    content, reference = (image.double() for image in images())
    hints = Hints(reference.flip(0), (torch.rand(2, 1, 16, 16) > 0.9).double())
    expected = model(content, reference, hints=hints).detach()
    model.memory = memory
    result = model.cuda()(content.cuda(), reference.cuda(), hints=hints.to("cuda"))
    result.square().sum().backward()
    assert torch.allclose(result.detach().cpu(), expected, atol=1e-9)
    assert all(p.grad.isfinite().all() for p in model.parameters())


class Noisy(nn.Module):
    """A network that draws random numbers on the device of its input."""

    def __init__(self, channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, out_channels, kernel_size=1)

    def forward(self, x):
        return (self.conv(x) * torch.rand_like(x[:, :1])).tanh()


def test_random_networks_draw_the_numbers_of_the_gpu_again():
    torch.manual_seed(0)
    chain = Chain([ActNorm(4), AffineCoupling(Noisy(2, 4)), AffineCoupling(Noisy(2, 4))])
    chain, x = chain.cuda().double(), torch.randn(2, 4, 5, 5).cuda().double()
    chain(x)
    results = []
    for mode in ("none", "reversible"):
        torch.cuda.manual_seed(3)
        results.append(found(chain, mode, x, None, inverse=False))
    assert_same(results[1], results[0], 1e-9)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_under_autocast_gradients_are_near_those_in_float32(dtype):
    model = trained(size=0.02).cuda()
    content, reference = (image.cuda() for image in images())

    def gradients(memory, enabled):
        model.memory = memory
        model.zero_grad()
        with torch.autocast("cuda", dtype, enabled=enabled):
            model(content, reference).square().mean().backward()
        return torch.cat([p.grad.flatten() for p in model.parameters()])

    exact = gradients("none", enabled=False)
    plain, reversible = (gradients(memory, enabled=True) for memory in ("none", "reversible"))
    error = (plain - exact).norm() / exact.norm()
    assert error < 0.2  # Else the comparison below says nothing.
    assert (reversible - exact).norm() / exact.norm() < 2 * error + 1e-3


def test_what_the_allocator_holds_does_not_grow_with_depth():
    def held(depth, memory):
        blocks = []
        for _ in range(depth):
            net = nn.Sequential(nn.Conv2d(8, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 16, 1))
            blocks += [ActNorm(16), InvertibleConv1x1(16), AffineCoupling(net)]
        chain = Chain(blocks, memory).cuda()
        x = torch.randn(4, 16, 64, 64, device="cuda")
        chain(x)  # The start of ActNorm, and workspaces of libraries.
        before = torch.cuda.memory_allocated()
        y = chain(x)[0]
        after = torch.cuda.memory_allocated()
        y.sum().backward()
        return after - before

    image = 4 * 16 * 64 * 64 * 4
    assert held(12, "reversible") - held(4, "reversible") < image / 4
    assert held(12, "none") - held(4, "none") > 8 * image


def test_the_packaged_model_is_undone_on_the_gpu():
    painter = load("faces", device="cuda")
    item = open_portraits("embedded", size=128)[0]
    painted = painter(item["content"], item["photo"], check=True, clean=False)
    assert painted.photo_error < 1e-4
    assert painted.sketch_error < 1e-3


def test_checkpoints_of_a_gpu_open_on_a_cpu(tmp_path):
    model = trained().cuda()
    content, reference = images()
    export_weights(model, tmp_path / "model.safetensors", 16)
    again = load_model(tmp_path / "model.safetensors")
    assert isinstance(again, SketchColorFlow)
    assert torch.allclose(again(content, reference), model.cpu()(content, reference))
