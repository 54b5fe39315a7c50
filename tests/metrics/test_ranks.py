"""Two processes give the numbers of one; all metrics at once, because starting them is slow."""

import pickle
import warnings

import torch

from flowcolor.metrics import (
    LPIPS,
    ColorAgreement,
    ColorBleeding,
    ContentRelevance,
    FrechetInceptionDistance,
    KernelInceptionDistance,
    LineAgreement,
    LineSharpness,
    MultiScaleStructuralSimilarity,
    PeakSignalNoiseRatio,
    StructuralSimilarity,
    StyleRelevance,
)
from flowcolor.pretrained.vgg import VGGActivations


def flat(images):
    return images.flatten(1)


def cases():
    """Make each metric and its batches of unequal size."""
    sizes = (3, 1, 2)
    drawings = [torch.rand(3, size, 1, 10, 10).round() for size in sizes]
    photos = [(*torch.rand(2, size, 3, 5, 5), torch.rand(size, 5, 5) < 0.5) for size in sizes]
    photos[1][2][:] = False
    small = [tuple(torch.rand(2, size, 3, 31, 31)) for size in sizes]
    large = [tuple(torch.rand(2, 1, 3, 176, 176)) for _ in sizes]  # Each takes half a second.
    large = [(a, (a + b) / 2) for a, b in large]
    fast = VGGActivations(["relu1_1", "relu3_3"], "alexnet", random_weights=True)
    # Photographs and results by turns, so that a process may see only one of the two.
    sets = [(torch.rand(size, 3, 2, 2), i % 2 == 0) for i, size in enumerate((7, 4, 3))]
    return [
        (LineAgreement, {}, drawings),
        (ColorAgreement, {}, photos),
        (StructuralSimilarity, {}, small),
        (PeakSignalNoiseRatio, {}, small),
        (ColorBleeding, {"reach": 1}, small),
        (LineSharpness, {}, small),
        (MultiScaleStructuralSimilarity, {}, large),
        (LPIPS, {"random_weights": True}, small),
        (StyleRelevance, {"activations": fast}, small),
        (ContentRelevance, {"activations": fast}, small),
        (FrechetInceptionDistance, {"features": flat, "dimensions": 12}, sets),
        (KernelInceptionDistance, {"features": flat, "dimensions": 12}, sets),
    ]


def computed(jobs):
    """Feed each metric its batches and compute it; computing is where processes meet.

    The jobs are pickled, for as they are every tensor would need a file descriptor of its own.
    """
    results = []
    for metric, batches in pickle.loads(jobs):
        for batch in batches:
            metric.update(*batch)
        # torchmetrics warns a process that has seen no batch.
        with warnings.catch_warnings(action="error" if batches else "ignore"):
            results.append(metric.compute())
    return results


def test_two_processes_give_the_numbers_of_one(run_on_ranks):
    """With batches of unequal size and number, only an empty mask, and none at all."""
    metrics, firsts = cases(), ([0, 2], [1], [0, 1, 2])
    split = [
        (
            lambda make=make, options=options: make(**options),
            [batches[i] for i in first],
            [batches[i] for i in range(3) if i not in first],
        )
        for make, options, batches in metrics
        for first in firsts
    ]
    whole = computed(pickle.dumps([(make(**options), b) for make, options, b in metrics]))
    expected = [one for one in whole for _ in firsts]
    ranks = [pickle.dumps([(make(), mine[rank]) for make, *mine in split]) for rank in range(2)]
    for found in run_on_ranks(computed, [(ranks[0],), (ranks[1],)]):
        for ours, one in zip(found, expected, strict=True):
            assert ours.keys() == one.keys()
            for name, value in one.items():
                assert value.isfinite()
                torch.testing.assert_close(ours[name], value, rtol=1e-6, atol=1e-9)
