"""A network that is asked learns nothing from it, wherever its weights lie."""

import pytest
import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from flowcolor.models import PatchCritic
from flowcolor.models.frozen import call_frozen
from tests.layers.memory_modes import assert_same


def build():
    torch.manual_seed(0)
    return PatchCritic(3, 4, 1, norm="none").double()


def gradients(critic, *, asked):
    """Return gradients of two steps, in which a critic judges, and is asked before."""
    generator = torch.Generator().manual_seed(1)
    found = {}
    for step in range(2):
        images = torch.rand(2, 3, 16, 16, generator=generator, dtype=torch.float64)
        images.requires_grad_(asked)
        loss = (call_frozen(critic, images) - 1).square().mean() if asked else 0.0
        (loss + critic(images.detach()).square().mean()).backward()
        found |= {f"gradient of {step}": images.grad} if asked else {}
    return found | {f"gradient of {name}": p.grad for name, p in critic.named_parameters()}


def test_what_judges_learns_from_its_own_loss_alone():
    found, alone = (gradients(build(), asked=asked) for asked in (True, False))
    assert all(torch.equal(found[name], gradient) for name, gradient in alone.items())
    assert all(found[f"gradient of {step}"].any() for step in range(2))


def shard_on_rank(options):
    critic, mesh = build(), init_device_mesh("cpu", (2,))
    for part in [*(part for part in critic.modules() if isinstance(part, nn.Conv2d)), critic]:
        fully_shard(part, mesh=mesh, **options)
    found = gradients(critic, asked=True)
    return {name: getattr(each, "full_tensor", lambda e=each: e)() for name, each in found.items()}


@pytest.mark.parametrize("options", [{}, {"reshard_after_forward": False}], ids=["", "kept"])
def test_so_do_sharded_weights(run_on_ranks, options):
    expected = gradients(build(), asked=True)
    for found in run_on_ranks(shard_on_rank, [(options,), (options,)]):
        assert_same(found, expected, 1e-12)
