from argparse import Namespace

import pytest
import torch

from benchmarks.live_bytes import by_storages, fake
from benchmarks.system_list import SYSTEMS, System, density, painting
from benchmarks.systems import count_system, live, settle_all
from flowcolor.models import FullGlow, Glow, IUNet

SMALL = {
    Glow: {"levels": 1, "steps": 1, "hidden": 4},
    FullGlow: {"levels": 1, "steps": 1, "hidden": 4, "pool": 2},
    IUNet: {"channels": [4, 8], "couplings": 1},
}


def count(build, prepare, memory, step):
    model = build(**SMALL[build], memory=memory)
    settle_all(model)
    return step(model, prepare(model))


@pytest.mark.parametrize("memory", ["none", "reversible"])
@pytest.mark.parametrize(
    ("build", "prepare"), [(Glow, density), (FullGlow, density), (IUNet, painting)]
)
def test_without_numbers_a_step_holds_what_it_holds_with_them(build, prepare, memory):
    images = torch.rand(3, 2, 3, 16, 16).unbind()

    def real(model, loss):
        def run(mark):
            value = loss(images)
            mark()
            value.backward()

        found = by_storages(run)
        return {"held": found.marked, "peak": found.peak}

    expected = count(build, prepare, memory, real)

    def faked(model, loss):
        photos = torch.rand(3, 2, 3, 16, 16).unbind()
        return live(model, lambda: loss(photos))

    with fake():
        found = count(build, prepare, memory, faked)
    assert found == expected


def test_a_row_tells_parameters_and_slopes():
    system = System("one", Glow, density, SMALL[Glow], held=7)
    chosen = Namespace(modes=["none", "reversible"], size=16, batches=[1, 2])
    with fake():
        row = count_system(system, system.small, chosen)
    assert row["parameters M"] == sum(p.numel() for p in Glow(**SMALL[Glow]).parameters()) / 1e6
    assert row["held, reversible"] < row["held, none"] < row["peak, none"]
    assert row["public code"] == 7


def test_names_are_not_given_twice():
    names = [system.name for system in SYSTEMS]
    assert len(set(names)) == len(names)
