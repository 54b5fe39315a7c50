"""What is no folder, no dataset or no filter is refused in a sentence."""

import json
from itertools import islice

import numpy as np
import pytest
import torch

from flowcolor.data import (
    CelebAMaskHQ,
    ColorizationDataModule,
    CrossReference,
    EmbeddedPortraits,
    Folders,
    PhotoFolder,
    Portraits,
    PreparedFolder,
    SketchReferencePairs,
    find_portraits,
    merge_parts,
)
from flowcolor.data.datasets.subsets import Repeated, Subset
from flowcolor.data.prepare import prepare
from flowcolor.errors import InputError
from flowcolor.io.images import write_image

PLACES = {
    "PhotoFolder": PhotoFolder,
    "find_portraits": find_portraits,
    "CelebAMaskHQ": CelebAMaskHQ,
    "PreparedFolder": PreparedFolder,
    "train": lambda place: ColorizationDataModule(place, 8).train_names,
    "drawings": lambda place: SketchReferencePairs(place, "photos", 8),
    "references": lambda place: SketchReferencePairs("photos", place, 8),
    "photos": lambda place: prepare(place, "ready", 8),
    "sketches": lambda place: PhotoFolder("photos", sketches=[place, place]),
    "masks": lambda place: find_portraits("photos", masks=place or 5),
}


@pytest.mark.parametrize("place", [5, None, "", b"x", [5], [""]], ids=repr)
@pytest.mark.parametrize("taken", PLACES.values(), ids=PLACES)
def test_what_is_no_path_is_one_sentence(make_folder, monkeypatch, taken, place):
    monkeypatch.chdir(make_folder().parent)
    with pytest.raises(InputError, match=r"expects? .*, got |^Expected one folder .*, got 2\."):
        taken(place)
    assert not list(make_folder().parent.glob("ready*"))


def test_a_folder_may_stand_alone_for_a_list(make_folder, tmp_path):
    photos, masks, sketches = (make_folder(name, 2) for name in ("photos", "masks", "sketches"))
    one = prepare(str(photos), tmp_path / "one", 8, masks=masks, sketches=str(sketches))
    assert one.prepared == 2
    settings = json.loads((tmp_path / "one/manifest.json").read_text())["settings"]
    found = [settings[name] for name in ("photos", "masks", "sketches")]
    assert found == [[str(folder)] for folder in (photos, masks, sketches)]
    assert PhotoFolder(path for path in [photos]).names == ["photos/p0", "photos/p1"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: Portraits(None, 8), "expects a finder"),
        (lambda: Portraits(EmbeddedPortraits(), 8, "XDoG"), "expects sketch_filter to be a func"),
        (lambda: Portraits(EmbeddedPortraits(), 8, cache="no"), "expects cache to be True or"),
        (lambda: CrossReference(5), "expects a dataset"),
        (lambda: merge_parts("skin.png"), "expects files by name"),
        (lambda: ColorizationDataModule(hints=5), r"data\.hints expects a function"),
        (lambda: ColorizationDataModule(augment="x"), r"data\.augment expects a function"),
        (
            lambda: ColorizationDataModule(sketch_filter=5),
            r"data\.sketch_filter expects a function",
        ),
        (lambda: ColorizationDataModule(predict="x"), r"data\.predict expects PairFolders"),
        (lambda: ColorizationDataModule(strict="no"), "expects strict to be True or False"),
        (lambda: Folders.of(5), "expects a path or a list"),
        (lambda: prepare("a", "b", 8.5), "--size expects a whole number"),
        (lambda: prepare("a", "b", workers=1.5), "--workers expects a whole number"),
        (lambda: prepare("a", "b", sketch_filter=None), "--sketch_filter expects a name"),
    ],
)
def test_wrong_arguments_are_one_sentence(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


@pytest.fixture
def datasets(tmp_path):
    """Return one of every kind that is asked for items, by two photographs."""
    for name in ("a", "b"):
        write_image(torch.rand(3, 8, 8), tmp_path / f"{name}.png")
    portraits = Portraits(EmbeddedPortraits(), 8)
    return [
        portraits,
        CrossReference(portraits),
        Repeated(Subset(portraits, [1]), 2),
        SketchReferencePairs(tmp_path, tmp_path, 8),
        EmbeddedPortraits(),
        PhotoFolder(tmp_path),
    ]


def test_an_item_is_asked_for_by_a_whole_number(datasets):
    for dataset in datasets:
        for index in ("a", 1.0, None, slice(1), torch.rand(2)):
            with pytest.raises(TypeError, match="expects a whole number, got "):
                dataset[index]
        for index in (2, -3, 2**70):
            with pytest.raises(IndexError, match=r"expects an index below 2, got "):
                dataset[index]
        assert len(list(islice(dataset, 9))) == 2


def test_an_item_knows_its_own_index_however_it_is_asked_for(datasets):
    for dataset in datasets[:4]:
        expected = dataset[1]
        end = [-1] if isinstance(dataset, Repeated | SketchReferencePairs) else []
        for index in (*end, np.int64(1), torch.tensor(1)):
            item = dataset[index]
            assert type(item["index"]) is int
            assert (item["index"], item["name"]) == (expected["index"], expected["name"])
