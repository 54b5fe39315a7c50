"""Metrics in torchmetrics' collections, whose first batch may be alike in the eyes of several."""

import copy

import pytest
import torch
from torchmetrics import MetricCollection

from flowcolor import metrics
from flowcolor.metrics import FrechetInceptionDistance, KernelInceptionDistance, LineAgreement

SMALL = torch.rand(2, 2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
DRAWINGS = (SMALL[:, :, :1] > 0.02).float().expand(-1, -1, 3, -1, -1)
GRAY = SMALL[0].mean(1, keepdim=True).expand(-1, 3, -1, -1)


def of_places(metric, part):
    return metric(features=lambda images: images.flatten(2)[..., part].flatten(1), dimensions=6)


# Each pair with a first batch of which both say the same, and a second of which they do not.
PAIRS = {
    "without a fault": (
        [metrics.StructuralSimilarity(), metrics.LineSharpness()],
        [(DRAWINGS[0], DRAWINGS[0]), (SMALL[0], DRAWINGS[0])],
    ),
    "without colour": (
        [metrics.ColorBleeding(), metrics.LuminanceError()],
        [(GRAY, GRAY), tuple(SMALL)],
    ),
    "without lines": (
        [LineAgreement(tolerance=1), LineAgreement(tolerance=3)],
        [3 * [torch.ones(1, 1, 16, 16)], (*DRAWINGS, DRAWINGS[0])],
    ),
    "of its reference": (
        [metrics.ColorAgreement(directions=1), metrics.ColorAgreement(directions=64)],
        [(SMALL[0], SMALL[0]), tuple(SMALL)],
    ),
    "black": (
        [of_places(FrechetInceptionDistance, slice(k, k + 2)) for k in (0, 2)],
        [(torch.zeros(2, 3, 2, 2), real) for real in (True, False)]
        + [(torch.rand(4, 3, 2, 2), real) for real in (True, False)],
    ),
    "black, by kernels": (
        [of_places(KernelInceptionDistance, slice(k, k + 2)) for k in (0, 2)],
        [(torch.zeros(2, 3, 2, 2), real) for real in (True, False)]
        + [(torch.rand(4, 3, 2, 2), real) for real in (True, False)],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_collection_takes_no_metric_for_another(name):
    pair, batches = PAIRS[name]
    collection = MetricCollection({str(k): copy.deepcopy(metric) for k, metric in enumerate(pair)})
    for batch in batches:
        collection.update(*batch)
        for metric in pair:
            metric.update(*batch)
    found = collection.compute()
    for k, metric in enumerate(pair):
        for key, value in metric.compute().items():
            assert torch.equal(found.get(key, found.get(f"{k}_{key}")), value)
