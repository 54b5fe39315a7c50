"""What the arguments of datasets and of the data module cannot be is one sentence."""

import numpy as np
import pytest
import torch

from flowcolor.data import (
    ColorizationDataModule,
    CrossReference,
    EmbeddedPortraits,
    Folders,
    GradientLines,
    Hed,
    MixedFilter,
    PairFolders,
    PhotoFolder,
    Portraits,
    SelfAugmentedReference,
    SketchReferencePairs,
    XDoG,
    boxes_of_labels,
    find_portraits,
)
from flowcolor.data.prepare import prepare
from flowcolor.data.split import split_names
from flowcolor.errors import InputError
from flowcolor.io.images import write_image
from flowcolor.io.resizing import resize
from flowcolor.working_size import working_size

NO_WHOLE = [None, "3", float("nan"), float("inf"), -(2**70), 2.5, True, [3], {}]
WORDLESS = [None, "colour", 1, ""]


@pytest.fixture
def photo(tmp_path):
    write_image(torch.rand(3, 8, 8), tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize("wrong", NO_WHOLE)
def test_what_is_no_whole_number_is_refused(wrong, photo):
    for name in ("size", "batch_size", "repeat", "num_workers", "seed"):
        with pytest.raises(InputError, match=rf"^data\.{name} expects a whole number from "):
            ColorizationDataModule(**{name: wrong})
    with pytest.raises(InputError, match=r"^size expects a whole number from 1 to 16384, got "):
        Portraits(EmbeddedPortraits(), wrong)
    with pytest.raises(InputError, match=r"^size expects a whole number from 1 to 16384, got "):
        SketchReferencePairs(photo, photo, wrong)
    with pytest.raises(InputError, match=r"^seed expects a whole number from .*, got "):
        CrossReference(Portraits(EmbeddedPortraits(), 8), wrong)


@pytest.mark.parametrize("wrong", WORDLESS)
def test_other_words_for_content_and_background_are_refused(wrong):
    for name in ("content", "background"):
        with pytest.raises(InputError, match=rf'^data\.{name} expects "\w+" or "\w+", got '):
            ColorizationDataModule(**{name: wrong})
        with pytest.raises(InputError, match=rf'^{name} expects "\w+" or "\w+", got '):
            Portraits(EmbeddedPortraits(), 8, **{name: wrong})


@pytest.mark.parametrize("wrong", [None, "no", 0, 1, [], torch.ones(())])
@pytest.mark.parametrize("find", [PhotoFolder, find_portraits])
def test_other_answers_to_whether_a_folder_must_be_whole_are_refused(wrong, find, photo):
    with pytest.raises(ValueError, match=r"^PhotoFolder expects strict to be True or False, got "):
        find(photo.parent, strict=wrong)


def test_the_embedded_portraits_are_asked_for_as_folders_are_or_refused():
    with pytest.raises(
        ValueError, match=r"^find_portraits expects strict to be True or False, got"
    ):
        find_portraits("embedded", strict=1)
    for wrong in (np.zeros(()), np.zeros(2)):
        with pytest.raises(InputError, match=r"^A folder of photographs expects a path, got "):
            find_portraits(wrong)


def test_sides_of_edges_that_are_no_whole_number_are_refused():
    with pytest.raises(
        InputError, match=r"^Hed's side expects a whole number from 32 to 2048, got"
    ):
        Hed(side=64.5)


def test_bytes_in_place_of_lists_of_numbers_are_refused(photo):
    with pytest.raises(InputError, match=r"^scale should be two rising numbers .*, got b'ab'"):
        SelfAugmentedReference(scale=b"ab")
    with pytest.raises(ValueError, match=r"expects parts to be lists of whole numbers by name"):
        boxes_of_labels(torch.zeros(4, 4, dtype=torch.long), {"hair": b"ab"})
    with pytest.raises(ValueError, match=r"expects size to be a height and a width"):
        XDoG()(torch.rand(3, 8, 8), b"ab")


@pytest.mark.parametrize("shape", [(3, 0, 4), (1, 4, 0)])
def test_a_picture_without_pixels_is_not_written(shape, tmp_path):
    with pytest.raises(ValueError, match=r"^write_image expects pixels, got none in shape \("):
        write_image(torch.ones(shape), tmp_path / "new" / "none.png")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("wrong", [None, "0.5", 0, -1, 1.5, float("nan"), True, []])
def test_a_share_that_is_no_part_of_a_whole_is_refused(wrong):
    with pytest.raises(InputError, match=r"^data\.share expects a part above 0 and at most 1, got"):
        ColorizationDataModule(share=wrong)


@pytest.mark.parametrize(
    "wrong",
    [None, 2.5, True, float("nan"), b"x", [], [3], (1, 2, 3), ("a", 3), {"a": 1.5}, (True, 3)],
)
def test_what_cannot_be_held_out_is_refused(wrong):
    with pytest.raises(InputError, match=r"^held_out expects .*, got "):
        split_names([f"a/{index}" for index in range(9)], wrong)


@pytest.mark.parametrize("wrong", [3, ("a", "b"), ["a", 3], b"a", {"a": "b"}, torch.tensor(2)])
def test_records_of_what_is_no_folder_are_refused(wrong):
    for name in ("photos", "sketches", "masks", "labels"):
        with pytest.raises(InputError, match=rf"^{name} expects a path, got \w+\.$"):
            Folders(**{"photos": "a", name: wrong})
    for name in ("photos", "sketches"):
        with pytest.raises(InputError, match=rf"^{name} expects a path, got \w+\.$"):
            PairFolders(**{name: wrong})


def test_what_is_no_folder_is_refused(photo, tmp_path):
    for wrong in (torch.tensor(2), {str(photo.parent)}, 3, b"photos", None):
        for find in (find_portraits, lambda photos: prepare(photos, tmp_path / "out")):
            with pytest.raises(InputError, match=r"^A folder of photographs expects a path, got "):
                find(wrong)
    for kind in ("sketches", "masks"):
        with pytest.raises(InputError, match=r"^A folder of \w+ images expects a path, got Tensor"):
            find_portraits(photo.parent, **{kind: torch.tensor(2)})
        with pytest.raises(InputError, match=r"should be a folder of images"):
            find_portraits(photo.parent, **{kind: "a\0b"})
    for wrong in (3, None, [str(tmp_path)], ""):
        with pytest.raises(InputError, match=r"^--output expects a path, got "):
            prepare(photo.parent, wrong)


def test_sizes_of_numpy_are_prepared(photo, tmp_path):
    size, workers = np.int64(8), np.int64(1)
    assert prepare(photo.parent, tmp_path / "out", size, workers=workers).new == 1
    assert prepare(photo.parent, tmp_path / "out", 8).new == 0


def test_sizes_of_one_byte_of_numpy_are_not_refused_and_do_not_overflow(photo):
    side = np.uint8(40)
    draw, image = GradientLines(), torch.rand(3, 60, 50)
    for kind in (draw, MixedFilter([draw])):
        assert torch.equal(kind(image, (side, side)), draw(image, (40, 40)))
    assert resize(image, [side, side]).shape == (3, 40, 40)
    assert working_size(140, 300, side) == working_size(140, 300, 40)
    items = Portraits(EmbeddedPortraits(), side)[0], Portraits(EmbeddedPortraits(), 40)[0]
    assert torch.equal(items[0]["content"], items[1]["content"])
    assert SketchReferencePairs(photo, photo, side)[0]["content"].shape == (3, 40, 40)
