"""Costs of what the packaged configurations train, against counts by hand and with numbers."""

from itertools import pairwise

import pytest
import torch

from benchmarks.answers import without_numbers
from benchmarks.coltran_gmacs import coltran_gmacs
from benchmarks.configurations import published, small
from benchmarks.configured import colorizer_class, configured, loss_of, trained_names
from benchmarks.configured_counts import count, like, step_of
from benchmarks.live_bytes import by_storages
from benchmarks.system_list import SYSTEMS
from flowcolor.evaluation.operations import count_operations
from flowcolor.models import AdaAttN, ColTran
from flowcolor.training.config_files import packaged_overlays


def find(name, stage=1):
    return list(configured([name]))[stage - 1]


def ready(system):
    task = system.task()
    if isinstance(task.colorizer, AdaAttN):
        task.colorizer.prepare()  # Its encoder is no part of a step.
    return task


def test_every_packaged_model_is_counted_or_has_nothing_to_train():
    models = {name.removeprefix("models/") for name in packaged_overlays() if "models/" in name}
    untrained = {"gatys", "levin", "lut", "poisson", "tint", "unchanged", "wavelet"}
    assert set(trained_names()) == models - untrained
    in_modes = {system.build for system in SYSTEMS}
    rows = {*published(), *small()}
    assert all(name in rows or colorizer_class(name) in in_modes for name in trained_names())


def test_stages_are_rows_and_move_their_own_weights_alone():
    stages = list(configured(["coltran-small"]))
    assert [stage.name for stage in stages] == [f"coltran-small, stage {n}" for n in (1, 2, 3)]
    assert [stage.last for stage in stages] == [False, False, True]
    with without_numbers():
        task = stages[1].task()
    moved = {name for name, value in task.named_parameters() if value.requires_grad}
    assert moved == {
        f"colorizer.color.{name}" for name, _ in task.colorizer.color.named_parameters()
    }


def test_pix2pix_costs_what_its_paper_and_a_count_by_hand_say():
    row = count(find("pix2pix"), [1, 2])
    down = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    up = [512, 1024, 1024, 1024, 1024, 512, 256, 128]  # Channels that each way up sees.
    ways = [(2**7 >> level, *pair) for level, pair in enumerate(pairwise(down))]
    ways += [
        (2**level, channels, wanted)
        for level, (channels, wanted) in enumerate(zip(up, [*reversed(down[1:-1]), 3], strict=True))
    ]
    by_hand = sum(side**2 * 16 * inputs * outputs for side, inputs, outputs in ways)
    assert row["GMACs"] == pytest.approx(by_hand / 1e9, rel=1e-6)
    critic = sum(16 * inputs * out + out for inputs, out in pairwise([6, 64, 128, 256, 512, 1]))
    assert row["parameters M"] == pytest.approx(54.413955, abs=1e-6)
    assert row["trained M"] - row["parameters M"] == pytest.approx(critic / 1e6, abs=1e-6)
    assert row["side"] == 256


@pytest.mark.parametrize(
    ("name", "stage"),
    [("pix2pix-small", 1), ("s2i-small", 1), ("instance-small", 3), ("adaattn", 1)],
)
def test_without_numbers_a_step_holds_what_it_holds_with_them(name, stage):
    system = find(name, stage)
    batch = system.batch(2, size=64)
    task = ready(system)

    def run(mark):
        loss = loss_of(task, batch)
        mark()
        loss.backward()

    real = by_storages(run)
    with without_numbers():
        found = step_of(ready(system), like(batch, 2))
    # Of what Python's numbers become, as ImageNet's deviation, only tensors without numbers tell.
    assert found == pytest.approx({"held": real.marked, "peak": real.peak}, rel=0, abs=12)


def test_coltran_costs_what_drawing_all_of_its_pixels_costs():
    model = ColTran(8, 8, 8, 2, (1, 2, 1), 1, 8, 1).eval()
    with torch.no_grad():
        drawn = count_operations(lambda: model(torch.rand(1, 3, 8, 8)))["all"]
    assert coltran_gmacs(model) == pytest.approx(drawn, rel=1e-6)
