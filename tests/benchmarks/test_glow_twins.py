import argparse

import pytest
import torch

from benchmarks.glow_twins import log_prob, match, normflows, twin

pytestmark = pytest.mark.filterwarnings("ignore")  # Of normflows.


def pair(**options):
    pytest.importorskip("normflows")
    sizes = argparse.Namespace(levels=2, steps=2, hidden=4)
    theirs = normflows(sizes).double()
    ours = twin(sizes, **options).double()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    for part in [*ours.modules(), *theirs.modules()]:  # Both have seen their first batch.
        if hasattr(part, "data_dep_init_done"):
            part.data_dep_init_done = torch.tensor(1.0)
        if hasattr(part, "_settled"):
            part._settled = True
    match(ours, theirs)
    return ours, theirs


@pytest.mark.parametrize("memory", ["none", "reversible"])
def test_matched_twins_give_an_image_the_same_density_and_gradient(memory):
    torch.manual_seed(0)
    ours, theirs = pair(memory=memory)
    values = torch.rand(3, 3, 8, 8, dtype=torch.float64) - 0.5
    results = []
    for glow in (ours, theirs):
        x = values.clone().requires_grad_()
        density = log_prob(glow, x)
        results.append((density.detach(), torch.autograd.grad(density.sum(), x)[0]))
    for mine, other in zip(*results, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-9)


def test_another_scale_is_another_density():
    torch.manual_seed(0)
    ours, theirs = pair(scale="bounded")
    values = torch.rand(1, 3, 8, 8, dtype=torch.float64) - 0.5
    assert not torch.allclose(log_prob(ours, values), log_prob(theirs, values))
