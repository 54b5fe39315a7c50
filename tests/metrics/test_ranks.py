"""Two processes give the numbers of one; all metrics at once, because starting them is slow."""

import warnings

import torch

from flowcolor.metrics import ColorAgreement, LineAgreement


def computed(jobs):
    """Feed each metric its batches and compute it; computing is where processes meet."""
    results = []
    for metric, batches in jobs:
        for batch in batches:
            metric.update(*batch)
        # torchmetrics warns a process that has seen no batch.
        with warnings.catch_warnings(action="error" if batches else "ignore"):
            results.append(metric.compute())
    return results


def test_two_processes_give_the_numbers_of_one(run_on_ranks):
    """With batches of unequal size and number, only an empty mask, and none at all."""
    drawings = [torch.rand(3, size, 1, 10, 10).round() for size in (3, 1, 2)]
    photos = [(*torch.rand(2, size, 3, 5, 5), torch.rand(size, 5, 5) < 0.5) for size in (3, 1, 2)]
    photos[1][2][:] = False
    cases = [
        (make, [batches[i] for i in first], [batches[i] for i in range(3) if i not in first])
        for make, batches in [(LineAgreement, drawings), (ColorAgreement, photos)]
        for first in ([0, 2], [1], [0, 1, 2])
    ]
    expected = computed([(make(), first + second) for make, first, second in cases])
    ranks = [[(make(), mine[rank]) for make, *mine in cases] for rank in range(2)]
    for found in run_on_ranks(computed, [(ranks[0],), (ranks[1],)]):
        for ours, one in zip(found, expected, strict=True):
            for name, value in one.items():
                torch.testing.assert_close(ours[name], value, rtol=1e-6, atol=1e-9)
