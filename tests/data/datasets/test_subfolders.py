"""A folder without images of its own stands for its subfolders."""

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.data import ColorizationDataModule, SketchReferencePairs, open_portraits, write_image
from flowcolor.data.prepare import prepare
from flowcolor.errors import InputError
from flowcolor.io.listing import list_images
from tests.data.conftest import smooth_photo
from tests.data.datasets.celeba_tree import make_tree

NAMES = ["Ann/Ann_0002", "Ann/Ann_0010", "Bob/old/Bob_0001"]


@pytest.fixture
def faces(tmp_path):
    for seed, name in enumerate(NAMES):
        write_image(smooth_photo(seed), tmp_path / f"faces/{name}.png")
    return tmp_path / "faces"


def test_photographs_of_subfolders_are_read_and_the_subfolders_named(faces, caplog):
    folder = open_portraits(faces, 8)
    assert folder.names == NAMES
    single = open_portraits(faces / "Bob/old", 8)
    assert torch.equal(folder[2]["photo"], single[0]["photo"])
    assert caplog.messages == [
        f"flowcolor: {faces} holds no image itself: 3 are read from 2 of its subfolders: Ann, Bob."
    ]


def test_partners_lie_in_the_same_subfolder(faces, tmp_path):
    for shade, name in enumerate(NAMES):
        write_image(torch.full((1, 4, 4), shade / 5), tmp_path / f"sketches/{name}.jpg")
    write_image(torch.ones(1, 4, 4), tmp_path / "masks/Ann/Ann_0010.png")
    write_image(torch.ones(1, 4, 4), tmp_path / "masks/Ann/Bob_0001.png")
    folder = open_portraits(faces, 8, sketches=tmp_path / "sketches")
    assert [round(5 * item["content"].mean().item()) for item in folder] == [0, 1, 2]
    masked = open_portraits(faces, 8, masks=tmp_path / "masks")
    assert masked.names == ["Ann/Ann_0010"]
    (sentence,) = masked.finder.left_out.sentences()
    assert sentence.endswith("of 2 of 3 photographs: Ann/Ann_0002.png, Bob/old/Bob_0001.png.")


def test_several_folders_and_what_to_hold_out(faces, make_folder):
    other = make_folder("other", 3)
    folder = open_portraits([faces, other], 8)
    assert folder.names == [
        *(f"faces/{name}" for name in NAMES),
        *(f"other/p{i}" for i in (0, 1, 2)),
    ]
    data = ColorizationDataModule([str(faces), str(other)], 8, held_out={"faces": 2})
    assert len(data.held_out_names) == 2
    assert all(name.startswith("faces/") for name in data.held_out_names)
    assert ColorizationDataModule(str(faces), 8, held_out={"Bob": 1}).held_out_names == [NAMES[2]]


def test_images_beside_subfolders_are_alone_and_the_others_named(faces, caplog):
    write_image(smooth_photo(9), faces / "own.png")
    assert open_portraits(faces, 8).names == ["own"]
    assert "2 in its subfolders are left out: Ann/Ann_0002.png, Ann/Ann_0010.png." in caplog.text


def test_masks_in_a_subfolder_of_their_photographs_are_no_photographs(make_folder, caplog):
    photos = make_folder(count=2)
    for index in range(2):
        write_image(torch.ones(1, 8, 8), photos / f"masks/p{index}.png")
    assert open_portraits(photos, 8, masks=photos / "masks").names == ["p0", "p1"]
    assert caplog.messages == []


def test_links_hidden_folders_and_folders_named_like_images(faces):
    (faces / "Ann/up").symlink_to(faces)
    (faces / "again").symlink_to(faces / "Ann")
    (faces / "round").symlink_to(faces / "round")
    write_image(smooth_photo(9), faces / ".trash/x.png")
    assert sorted(path.name for path in list_images(faces)) == [
        "Ann_0002.png",
        "Ann_0010.png",
        "Bob_0001.png",
    ]
    (faces / "Ann/folder.png").mkdir()
    with pytest.raises(InputError, match=r"folder\.png is a folder"):
        open_portraits(faces, 8)[2]


def test_twins_are_those_of_one_subfolder(faces):
    write_image(smooth_photo(9), faces / "Bob/Ann_0002.bmp")
    assert len(list_images(faces)) == 4
    write_image(smooth_photo(9), faces / "Ann/Ann_0002.bmp")
    with pytest.raises(InputError, match=r"Ann_0002\.bmp and Ann_0002\.png"):
        list_images(faces)


def test_data_sets_in_a_subfolder_are_no_photographs(faces, tmp_path):
    make_tree(tmp_path / "one/celeba", 4)
    with pytest.raises(InputError, match=r"celeba is CelebAMask-HQ: give .*one/celeba itself"):
        open_portraits(tmp_path / "one", 8)
    prepare([faces], tmp_path / "two/ready", 8, workers=1)
    with pytest.raises(InputError, match=r"ready is a prepared folder: give .*two/ready itself"):
        open_portraits(tmp_path / "two", 8)


def test_prepared_pixels_are_the_same(faces, tmp_path):
    assert prepare([faces], tmp_path / "out", 8, workers=1).prepared == 3
    prepared, original = open_portraits(tmp_path / "out", 8), open_portraits(faces, 8)
    assert prepared.names == original.names
    for one, other in zip(prepared, original, strict=True):
        assert torch.equal(one["photo"], other["photo"])
    with pytest.raises(InputError, match="--output expects a folder outside of"):
        prepare([faces], faces / "out", 8, workers=1)


def test_drawings_in_subfolders_are_painted_to_subfolders(faces, tmp_path, capsys):
    pairs = SketchReferencePairs(faces, faces, 8)
    assert pairs.names == NAMES
    assert [path.stem for path in pairs.references] == [path.stem for path in pairs.sketches]
    words = ["colorize", "--method", "tint", "--sketch", str(faces), "--reference", str(faces)]
    assert main([*words, "--output", str(tmp_path / "painted")]) == 0
    for name in NAMES:
        assert (tmp_path / f"painted/{name}.png").is_file()
    assert main([*words, "--output", str(faces / "painted")]) == 2
    assert "--output expects a folder outside of" in capsys.readouterr().err
