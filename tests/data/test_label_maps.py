"""Label maps: their numbers stay what they are, and each belongs to its photograph."""

import unicodedata

import numpy as np
import pytest
import torch
from PIL import Image

from flowcolor.data import ColorizationDataModule, Folders
from flowcolor.data.label_maps import LabelMaps, read_labels, square_labels
from flowcolor.errors import InputError


def map_of(*shape, seed=0, high=6):
    return np.random.default_rng(seed).integers(0, high, shape, dtype=np.uint8)


def test_numbers_are_read_from_every_mode_that_has_them(tmp_path):
    numbers = map_of(5, 7)
    palette = Image.fromarray(numbers).convert("P")
    palette.putpalette([3, 200, 77] * 256)  # What a colour looks like does not count.
    one = Image.fromarray(numbers)
    pictures = {
        "grey": one,
        "rgb": Image.merge("RGB", [one] * 3),
        "rgba": Image.merge("RGBA", [*[one] * 3, Image.fromarray(map_of(5, 7, seed=1))]),
        "la": Image.merge("LA", [one, Image.fromarray(map_of(5, 7, seed=1))]),
        "wide": Image.fromarray(numbers.astype(np.uint16)),
    }
    palette_numbers = np.asarray(palette)
    for name, picture in pictures.items():
        picture.save(tmp_path / f"{name}.png")
        assert np.array_equal(read_labels(tmp_path / f"{name}.png").numpy(), numbers), name
    palette.save(tmp_path / "palette.png")
    assert np.array_equal(read_labels(tmp_path / "palette.png").numpy(), palette_numbers)


@pytest.mark.parametrize(
    ("name", "picture", "message"),
    [
        ("a.png", Image.new("RGB", (4, 4), (1, 2, 1)), "one number for each pixel, got colours"),
        ("a.jpg", Image.new("L", (4, 4)), "without loss, as PNG, got a JPEG"),
        ("a.tif", Image.new("F", (4, 4)), "numbers from 0 to 255, got others"),
        ("a.png", Image.fromarray(np.full((4, 4), 300, np.uint16)), "from 0 to 255, got others"),
    ],
)
def test_what_is_no_label_map_is_refused(tmp_path, name, picture, message):
    picture.save(tmp_path / name)
    with pytest.raises(InputError, match=message):
        read_labels(tmp_path / name)
    with pytest.raises(InputError, match=r"gone.png cannot be read as a label map: No such file"):
        read_labels(tmp_path / "gone.png")


@pytest.mark.parametrize(
    ("name", "options", "kept"),
    [
        ("a.webp", {"lossless": True}, True),
        ("a.tif", {"compression": "tiff_lzw"}, True),
        ("a.gif", {}, True),
        ("a.webp", {"quality": 80}, False),
        ("a.jp2", {"irreversible": True, "quality_layers": [20]}, False),
        ("a.tif", {"compression": "jpeg"}, False),
        ("a.mpo", {"save_all": True}, False),
    ],
)
def test_numbers_that_a_format_may_have_changed_are_refused(name, options, kept, tmp_path):
    numbers = map_of(32, 32)
    Image.fromarray(numbers).save(tmp_path / name, **options)
    if kept:
        assert np.array_equal(read_labels(tmp_path / name).numpy(), numbers)
    else:
        with pytest.raises(InputError, match=r"expects a label map without loss, as PNG, got a "):
            read_labels(tmp_path / name)


def test_resized_maps_hold_the_centre_and_no_new_numbers():
    labels = torch.from_numpy(map_of(6, 10))
    assert torch.equal(square_labels(labels, 6), labels[:, 2:8])
    assert torch.equal(square_labels(labels, 12)[::2, 1::2], labels[:, 2:8])
    assert torch.equal(square_labels(labels, 2), labels[:, 2:8][1::3, 1::3])


@pytest.fixture
def data(make_folder, tmp_path):
    photos = make_folder(count=4)
    (tmp_path / "maps").mkdir()
    for i in range(6):  # Two of nobody, which are passed over.
        Image.fromarray(map_of(24, 24, seed=i)).save(tmp_path / f"maps/p{i}.png")
    return ColorizationDataModule(train=str(photos), test=str(photos), size=12)


def maps_of(data, folder):
    data.setup("validate")
    return LabelMaps(data._parts().test, str(folder), data.test.photos)


def test_each_photograph_and_each_reference_gets_its_own_map(data, tmp_path):
    maps = maps_of(data, tmp_path / "maps")
    for loader, cross in zip(data.test_dataloader(), (False, True), strict=True):
        batch = data.complete(next(iter(loader)), training=False)
        before = set(batch)
        maps.add_to(batch)
        assert set(batch) - before == {"labels"} | ({"reference_labels"} if cross else set())
        for i, name in enumerate(batch["name"]):
            own = torch.from_numpy(map_of(24, 24, seed=int(name[1:])))
            assert torch.equal(batch["labels"][i], square_labels(own, 12))
            if cross:
                other = map_of(24, 24, seed=int(batch["reference_index"][i]))
                expected = square_labels(torch.from_numpy(other), 12)
                assert torch.equal(batch["reference_labels"][i], expected)


def test_maps_belong_to_photographs_of_folders_in_either_unicode_form(make_folder, tmp_path):
    names = [unicodedata.normalize("NFD", "é"), "other"]
    folders = [str(make_folder(name, 2)) for name in names]
    for name in names:
        (tmp_path / "maps" / name).mkdir(parents=True)
        for i in range(2):
            Image.fromarray(map_of(24, 24)).save(tmp_path / "maps" / name / f"p{i}.png")
    data = ColorizationDataModule(train=folders, test=folders, size=12)
    maps = LabelMaps(data._parts().test, [str(tmp_path / "maps" / name) for name in names], folders)
    assert len(maps.files) == 4


def test_missing_maps_and_those_of_other_proportions_are_counted_and_named(data, tmp_path):
    Image.fromarray(map_of(12, 12)).save(tmp_path / "maps/p1.png")
    maps_of(data, tmp_path / "maps")  # A smaller map of the same frame is fine.
    Image.fromarray(map_of(12, 24)).save(tmp_path / "maps/p1.png")
    with pytest.raises(InputError, match=r"proportions .* got others for 1 of 4: p1\."):
        maps_of(data, tmp_path / "maps")
    (tmp_path / "maps/p2.png").unlink()
    (tmp_path / "maps/p3.png").unlink()
    with pytest.raises(InputError, match=r"maps lacks the label map of 2 of 4 .*: p2, p3\."):
        maps_of(data, tmp_path / "maps")
    with pytest.raises(InputError, match="should be a folder of images"):
        maps_of(data, tmp_path / "nowhere")


@pytest.mark.parametrize("stage", ["fit", "test"])
def test_maps_that_a_test_would_lack_are_missed_before_the_training(data, stage, tmp_path):
    (tmp_path / "maps/p2.png").unlink()
    where = Folders(data.test.photos, labels=str(tmp_path / "maps"))
    labelled = ColorizationDataModule(train=data.train, test=where, size=12)
    with pytest.raises(InputError, match=r"maps lacks the label map of 1 of 4 .*: p2\."):
        labelled.setup(stage)
    labelled.setup("validate")
