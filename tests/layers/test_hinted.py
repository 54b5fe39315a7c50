"""Hints are added to what an aggregation returns, where they lie, and cost nothing without."""

import re

import pytest
import torch
from torch.testing import assert_close

from flowcolor.layers import ConcatAggregation, HintedAggregation


def hinted(moved=True):
    torch.manual_seed(0)
    fuse = HintedAggregation(ConcatAggregation(2, 5), 2, 5, hint_channels=3, hidden=4).double()
    if moved:
        torch.nn.init.normal_(fuse.hints[2].weight)
    return fuse


def inputs():
    x, c, h = (torch.randn(2, n, 4, 6, dtype=torch.float64) for n in (2, 5, 3))
    return x, c, h


def test_the_result_is_the_formula():
    fuse, (x, c, h) = hinted(), inputs()
    first, last = (fuse.hints[i].weight[:, :, 0, 0] for i in (0, 2))
    added = torch.einsum("ok,bkhw->bohw", last, torch.einsum("kc,bchw->bkhw", first, h).relu())
    assert_close(fuse(x, torch.cat([c, h], 1)), fuse.aggregate(x, c) + added)


def test_without_hints_nothing_is_added():
    fuse, (x, c, h) = hinted(), inputs()
    assert torch.equal(fuse(x, c), fuse.aggregate(x, c))
    assert_close(fuse(x, torch.cat([c, 0 * h], 1)), fuse(x, c), rtol=0, atol=0)


def test_a_new_one_begins_as_if_there_were_no_hints():
    fuse, (x, c, h) = hinted(moved=False), inputs()
    both = torch.cat([c, h], 1)
    assert torch.equal(fuse(x, both), fuse(x, c))
    fuse(x, both).sum().backward()
    assert fuse.hints[2].weight.grad.any()


class Writes(torch.nn.Module):
    def forward(self, x, condition):
        return x.mul_(2)


def test_an_aggregation_of_other_channels_or_that_writes_is_refused():
    x, c, h = inputs()
    both = torch.cat([c, h], 1)
    for aggregation, channels, expected in (
        (ConcatAggregation(2, 5), 4, "expects its aggregation to return shape (2, 4, 4, 6), got ("),
        (Writes(), 2, "expects sub-networks that leave their input as it is, got Writes"),
    ):
        fuse = HintedAggregation(aggregation, channels, 5, hint_channels=3, hidden=4).double()
        with pytest.raises(ValueError, match=f"^HintedAggregation {re.escape(expected)}"):
            fuse(x, both)


def test_hints_at_other_places_are_refused():
    fuse, (x, c, h) = hinted(), inputs()
    both = torch.cat([c, h], 1)[:, :, :3]
    expected = "expects hints at the places of x, (4, 6), got (3, 6)."
    with pytest.raises(ValueError, match=re.escape(expected)):
        fuse(x, both)
    with pytest.raises(ValueError, match="ConcatAggregation expects a condition of shape"):
        fuse(x, torch.cat([c, h, h], 1))
