"""CelebAMask-HQ: numbers, parts and photographs that belong together, and what is missing."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from flowcolor.data import (
    CelebAMaskHQ,
    ColorizationDataModule,
    Folders,
    merge_parts,
    open_portraits,
    write_image,
)
from flowcolor.data.datasets.celeba_labels import PARTS, resize_nearest
from flowcolor.errors import InputError
from flowcolor.io.images import read_image
from flowcolor.io.resizing import resize
from tests.data.datasets.celeba_tree import COUNT, KINDS, SIDE, box, make_tree, parts_of


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return make_tree(tmp_path_factory.mktemp("celeba"))


@pytest.fixture
def small(tmp_path):
    return make_tree(tmp_path / "small", 6)


def blank(photo, size, mask):
    return torch.ones(1, *size)


def photo_of(root, number):
    return root / f"CelebA-HQ-img/{number}.jpg"


def part_of(root, number, part="skin"):
    return root / f"CelebAMask-HQ-mask-anno/{number // 2000}/{number:05d}_{part}.png"


def test_all_faces_in_the_order_of_their_numbers(tree):
    faces = open_portraits(tree, 8)
    assert faces.names == [str(i) for i in range(COUNT)]
    assert len(faces.finder.left_out) == 0


@pytest.mark.parametrize("number", [0, 1, 1999, 2000, 2101])
def test_photograph_labels_and_mask_are_those_of_the_number(tree, number):
    seen = []

    def draw(photo, size, mask):
        seen.append(mask)
        return torch.zeros(1, *size)

    faces = open_portraits(tree, SIDE, sketch_filter=draw)
    item = faces[number]
    expected = read_image(tree / f"kinds/{number % KINDS}.jpg")
    torch.testing.assert_close(item["photo"], expected, atol=1e-6, rtol=0)
    labels = np.zeros((SIDE // 2, SIDE // 2), dtype=np.uint8)
    for k, part in enumerate(PARTS):
        if part in parts_of(number):
            labels[box(part) > 0] = k + 1
    assert faces.finder.label_map(number).numpy().tolist() == labels.tolist()
    union = resize(torch.from_numpy(labels > 0)[None].float(), (SIDE, SIDE))[0] > 0.5
    assert torch.equal(seen[0], union)


def test_opening_reads_no_image(tree, monkeypatch):
    def fail(*_args, **_options):
        raise AssertionError("an image was opened")

    monkeypatch.setattr(Image, "open", fail)
    assert len(CelebAMaskHQ(tree)) == COUNT


def test_parts_merge_in_the_order_of_the_data_set(tmp_path):
    assert " ".join(PARTS) == (
        "skin nose eye_g l_eye r_eye l_brow r_brow l_ear r_ear mouth u_lip l_lip hair hat ear_r "
        "neck_l neck cloth"
    )
    files = {}
    for k, part in enumerate(reversed(PARTS)):  # Part j covers the first 18 - j columns.
        mask = torch.zeros(1, 2, 20)
        mask[..., : k + 1] = 1 / 255  # Any value above zero counts.
        files[part] = tmp_path / f"{part}.png"
        write_image(mask, files[part])
    assert merge_parts(files)[0].tolist() == [*range(18, 0, -1), 0, 0]
    assert merge_parts({"hair": files["hair"]}).unique().tolist() == [0, 13]


def test_part_files_of_other_sizes_and_modes(tmp_path):
    write_image(torch.ones(3, 8, 8), tmp_path / "skin.png")
    quarter = Image.new("P", (2, 2), 0)
    quarter.putpalette([0, 0, 0, 9, 9, 9])
    quarter.putpixel((1, 0), 1)
    quarter.save(tmp_path / "hair.png")
    Image.new("RGBA", (4, 4), (0, 0, 0, 255)).save(tmp_path / "nose.png")
    labels = merge_parts({part: tmp_path / f"{part}.png" for part in ("skin", "nose", "hair")})
    expected = torch.ones(8, 8, dtype=torch.uint8)
    expected[:4, 4:] = 13
    assert torch.equal(labels, expected)
    thirds = resize_nearest(torch.tensor([[True, False]]), (1, 3))
    assert thirds.tolist() == [[True, False, False]]  # The centre lies where the second begins.


def test_unknown_parts_are_named(tmp_path):
    with pytest.raises(InputError, match=r"of the parts skin, nose.*got moustache"):
        merge_parts({"moustache": tmp_path / "a.png"})
    with pytest.raises(InputError, match="got none"):
        merge_parts({})


def test_what_is_missing_is_counted_named_and_left_out(small, caplog):
    for part in parts_of(3):
        part_of(small, 3, part).unlink()
    photo_of(small, 5).unlink()
    photo_of(small, 1).rename(photo_of(small, "one"))
    part_of(small, 0, "nose").rename(part_of(small, 0, "moustache"))
    shutil.copy(part_of(small, 0), part_of(small, 0).with_name("02500_skin.png"))
    sketches = small / "sketches"
    for number in (0, 2, 3):
        write_image(torch.zeros(1, 8, 8), sketches / f"{number:05d}.PNG")
    strays = ["CelebA-HQ-img/one.jpg", "0/00000_moustache.png", "0/02500_skin.png"]
    faces = open_portraits(small, 8, sketches=sketches)
    assert faces.names == ["0", "2"]
    assert faces.finder.label_map(0).unique().tolist() == [0, 1, 3, 13]
    assert [message.removeprefix("flowcolor: ") for message in caplog.messages] == [
        f"{small} holds files whose names fit nowhere, 3: {', '.join(strays)}. They are left out.",
        f"{small} lacks the labels of 1 of 4 photographs: 3.jpg. They are left out.",
        f"{sketches} lacks the sketch of 1 of 4 photographs: 4.jpg. They are left out.",
        f"{small} lacks the photographs of labels, 2: 00001, 00005. They are left out.",
    ]
    with pytest.raises(InputError, match=r"one\.jpg.* 1 of 4 photographs: 3\.jpg"):
        open_portraits(small, 8, sketches=sketches, strict=True)


def test_ready_sketches_belong_to_their_numbers(small):
    for number in range(6):
        write_image(torch.full((1, 4, 4), number / 5), small / f"sketches/{number}.png")
    faces = open_portraits(small, 4, sketches=small / "sketches")
    assert [round(5 * item["content"].mean().item()) for item in faces] == list(range(6))


def test_other_spellings_of_names(small):
    photo_of(small, 2).rename(small / "CelebA-HQ-img/00002.JPG")
    part_of(small, 2).rename(part_of(small, 2).with_name("2_SKIN.PNG"))
    photo_of(small, 4).rename(small / "elsewhere.jpg")
    photo_of(small, 4).symlink_to(small / "elsewhere.jpg")
    faces = open_portraits(small, 8, sketch_filter=blank)
    assert faces.names == [str(i) for i in range(6)]
    assert 1 in faces.finder.label_map(2)
    torch.testing.assert_close(
        faces[4]["photo"], resize(read_image(small / "kinds/4.jpg"), (8, 8)), atol=1.1 / 255, rtol=0
    )


def test_two_files_for_one_thing_are_refused(small):
    shutil.copy(photo_of(small, 2), photo_of(small, "002"))
    with pytest.raises(InputError, match=r"002\.jpg and 2\.jpg, which have the same number"):
        CelebAMaskHQ(small)
    photo_of(small, "002").unlink()
    shutil.copy(part_of(small, 2), part_of(small, 2).with_suffix(".PNG"))
    with pytest.raises(InputError, match=r"0 holds two files 00002_skin\.png"):
        CelebAMaskHQ(small)


def test_folders_that_are_missing_are_named(small):
    shutil.rmtree(small / "CelebAMask-HQ-mask-anno")
    with pytest.raises(InputError, match="give the folder of photographs itself"):
        CelebAMaskHQ(small)
    with pytest.raises(InputError, match="CelebA-HQ-img should be a folder"):
        CelebAMaskHQ(small / "kinds")
    (small / "CelebAMask-HQ-mask-anno").mkdir()
    with pytest.raises(InputError, match="lacks the labels of 6 of 6 photographs"):
        CelebAMaskHQ(small)


def test_empty_and_full_masks(small):
    for part in parts_of(1):
        Image.new("L", (8, 8)).save(small / "new.png")
        (small / "new.png").replace(part_of(small, 1, part))
    Image.new("L", (8, 8), 255).save(small / "new.png")
    (small / "new.png").replace(part_of(small, 3))
    faces = open_portraits(small, 8, background="white")
    with pytest.raises(InputError, match=r"mask of .*1\.jpg is empty"):
        faces[1]
    expected = resize(read_image(photo_of(small, 3)), (8, 8))
    torch.testing.assert_close(faces[3]["photo"], expected, atol=1.1 / 255, rtol=0)


def test_the_official_split(tree):
    faces = CelebAMaskHQ(tree)
    parts = faces.official_split(tree / "list_eval_partition.txt")
    for part, kinds in zip(parts, ({0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}), strict=True):
        assert part == [i for i in range(COUNT) if i % 10 in kinds]
    data = ColorizationDataModule(tree, 8, held_out=str(tree / "list_eval_partition.txt"))
    assert [len(data.train_names), len(data.held_out_names), len(data.test_names)] == [
        len(part) for part in parts
    ]
    assert len(data.test_dataloader()[0].dataset) == len(parts[2])
    assert len(data.val_dataloader()[0].dataset) == len(parts[1])


def test_the_split_of_the_thesis(tree):
    faces = CelebAMaskHQ(tree)
    training, held_out = faces.split(seed=3)
    assert sorted(training + held_out) == list(range(COUNT))
    assert len(held_out) == round(COUNT * 3 / 7)
    data = ColorizationDataModule(str(tree), 8, seed=3)
    assert data.train_names == [faces.names[i] for i in training]
    assert data.held_out_names == data.test_names == [faces.names[i] for i in held_out]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "do not say where 6 of 6 photographs belong: 0, 1"),
        ("0 3 000004.jpg\n1 10\n", r"Line 2 of .*mapping.txt should read 'IDX ORIG"),
        (None, "No such file"),
    ],
)
def test_damaged_lists_are_named(small, text, words):
    mapping = small / "CelebA-HQ-to-CelebA-mapping.txt"
    if text is None:
        mapping.unlink()
    else:
        mapping.write_text(text)
    with pytest.raises(InputError, match=words):
        CelebAMaskHQ(small).official_split(small / "list_eval_partition.txt")


def test_a_part_of_the_official_split_may_not_be_empty(small):
    with pytest.raises(InputError, match="leaves 4, 2 and 0 of 6 photographs"):
        CelebAMaskHQ(small).official_split(small / "list_eval_partition.txt")


def test_training_reads_it_like_any_folder(small, make_folder, tmp_path):
    data = ColorizationDataModule(str(small), 8, batch_size=2)
    data.setup("fit")
    assert next(iter(data.train_dataloader()))["photo"].shape == (2, 3, 8, 8)
    both = ColorizationDataModule(
        [str(small), str(make_folder("more", 3))], 8, held_out={"small": 2}
    )
    assert len(both.train_names) == 7
    assert set(both.train_names) >= {"more/p0", "more/p1", "more/p2"}
    assert {name.split("/")[0] for name in both.held_out_names} == {"small"}
    both.setup("fit")
    joined = open_portraits([small, tmp_path / "more"], 8)
    alone = [*open_portraits(small, 8), *open_portraits(tmp_path / "more", 8)]
    for one, other in zip(joined, alone, strict=True):
        assert one["name"].endswith(other["name"])
        assert torch.equal(one["photo"], other["photo"])
    photo_of(small, 5).unlink()
    with pytest.raises(InputError, match="lacks the photographs of labels, 1: 00005"):
        open_portraits(small, 8, strict=True)
    with pytest.raises(InputError, match="brings its own masks"):
        ColorizationDataModule(Folders(small, masks=str(small)), 8).setup()
    with pytest.raises(InputError, match="one folder of CelebAMask-HQ"):
        ColorizationDataModule([str(small)], 8, held_out=__file__).setup()
    with pytest.raises(InputError, match=r"data.held_out expects a number.*, got '1\.5'\."):
        ColorizationDataModule(str(small), 8, held_out="1.5").setup()
