"""Splits are seeded partitions; nobody meets themselves in a cross-reference pair."""

import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

from flowcolor.data import CrossReference, open_portraits
from flowcolor.data.cross_reference import derangement
from flowcolor.data.split import split_names
from flowcolor.errors import InputError


@given(st.integers(2, 60), st.integers(0, 2**32), st.tuples(st.integers(1, 5), st.integers(1, 5)))
def test_split_is_a_partition_of_the_ratio(count, seed, ratio):
    names = [str(index) for index in range(count)]
    training, held_out = split_names(names, ratio, seed)
    assert sorted(training + held_out) == list(range(count))
    assert abs(len(held_out) - count * ratio[1] / sum(ratio)) <= 1
    assert training
    assert held_out
    assert (training, held_out) == split_names(names, ratio, seed)


def test_thesis_ratio_and_seeds():
    names = [str(index) for index in range(70)]
    splits = [split_names(names, seed=seed)[1] for seed in range(3)]
    assert all(len(held_out) == 30 for held_out in splits)
    assert splits[0] != splits[1] != splits[2] != splits[0]


def test_held_out_by_number_and_by_folder():
    names = [f"a/{i}" for i in range(10)] + [f"b/c/{i}" for i in range(10)]
    assert len(split_names(names, held_out=7)[1]) == 7
    training, held_out = split_names(names, held_out={"b/c": 3})
    assert len(held_out) == 3
    assert min(held_out) >= 10
    assert len(training) == 17
    assert len(split_names(names, held_out={"a": 2, "b/c": 1})[1]) == 3
    names = [f"{unicodedata.normalize('NFD', 'é')}/{i}" for i in range(10)]
    assert len(split_names(names, held_out={"é": 2})[1]) == 2


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        (21, "held_out asks for 21 of the photographs, but there are 20"),
        (20, "at least one photograph to train and one to hold out, got 0 and 20 of 20"),
        (0, "got 20 and 0 of 20"),
        ({"a": 11}, "held_out asks for 11 of a, but there are 10"),
        ({"d": 1}, "held_out names the folder 'd', but there is a, b"),
    ],
)
def test_impossible_splits_are_named(held_out, words):
    names = [f"{folder}/{i}" for folder in "ab" for i in range(10)]
    with pytest.raises(InputError, match=words):
        split_names(names, held_out=held_out)


def test_counts_of_numpy_are_held_out():
    names = [f"{folder}/{i}" for folder in "ab" for i in range(10)]
    for held_out in (3, {"a": 3}, (3, 1)):
        theirs = pytree.tree_map(np.int64, held_out)
        assert split_names(names, theirs) == split_names(names, held_out)
    many, ratio = [f"{i}" for i in range(1000)], (200, 100)  # Sum and products want more bits.
    for width in (np.uint8, np.uint16):
        assert split_names(many, pytree.tree_map(width, ratio)) == split_names(many, ratio)


def test_one_photograph_cannot_be_split_or_paired(make_folder):
    with pytest.raises(InputError, match="got 0 and 1 of 1"):
        split_names(["alone"])
    with pytest.raises(InputError, match="train is one folder: give a number"):
        split_names(["a", "b"], held_out={"faces": 1})
    with pytest.raises(InputError, match="held_out expects two numbers above 0"):
        split_names(["a", "b"], (4, 0))
    with pytest.raises(InputError, match="at least 2 photographs, got 1"):
        CrossReference(open_portraits(make_folder(count=1), 8))


@given(st.integers(2, 60), st.integers(0, 2**32))
def test_derangement(count, seed):
    partners = derangement(count, seed)
    assert sorted(partners) == list(range(count))
    assert all(index != partner for index, partner in enumerate(partners))
    assert partners == derangement(count, seed)


def test_derangements_differ_by_seed():
    assert len({tuple(derangement(8, seed)) for seed in range(10)}) == 10


def test_pairs_carry_the_other_photo(make_folder):
    photos = open_portraits(make_folder(count=4), 8)
    pairs = CrossReference(photos, seed=3)
    assert len(list(pairs)) == 4
    for index, pair in enumerate(pairs):
        assert pair["index"] == index
        assert torch.equal(pair["photo"], photos[index]["photo"])
        assert torch.equal(pair["content"], photos[index]["content"])
        assert pair["reference_index"] == derangement(4, 3)[index]
        assert torch.equal(pair["reference"], photos[pair["reference_index"]]["photo"])
        assert torch.equal(pair["reference_content"], photos[pair["reference_index"]]["content"])
