"""Mixed filters: a choice for each photograph, the same everywhere; and filters by name."""

from collections import Counter

import pytest
import torch

from flowcolor.data import (
    ColorizationDataModule,
    GradientLines,
    MixedFilter,
    SketchFilter,
    SobelLines,
    XDoG,
    open_portraits,
    write_image,
)
from flowcolor.data.sketches.by_name import find_filter
from flowcolor.errors import InputError
from tests.data.conftest import smooth_photo


class Shade(SketchFilter):
    """A drawing that says which filter made it."""

    def __init__(self, shade: float) -> None:
        self.shade = shade

    def __call__(self, photo, size, mask=None):
        return torch.full((1, *size), self.shade)

    def draw(self, gray):
        return gray


def shades(**options):
    return MixedFilter([Shade(0.0), Shade(0.5), Shade(1.0)], **options)


def photos(count):
    return [smooth_photo(seed).mul(255).round() / 255 for seed in range(count)]


def test_filters_are_chosen_by_weight():
    counts = Counter(shades(weights=[1, 2, 5]).choose(photo) for photo in photos(400))
    for index, share in enumerate((1 / 8, 2 / 8, 5 / 8)):
        assert abs(counts[index] / 400 - share) < 4 * (share * (1 - share) / 400) ** 0.5


def test_the_choice_is_that_of_the_photograph_alone():
    draw = shades(seed=3)
    chosen = [draw.choose(photo) for photo in photos(40)]
    assert [draw.choose(photo) for photo in reversed(photos(40))] == chosen[::-1]
    assert [draw.choose(photo + 1e-7) for photo in photos(40)] == chosen
    assert [shades(seed=4).choose(photo) for photo in photos(40)] != chosen
    # Values that another machine and another process have to give, too.
    assert [shades().choose(torch.full((3, 5, 7), k / 255)) for k in range(12)] == PINNED
    seen, mask = [], torch.ones(24, 24, dtype=torch.bool)
    MixedFilter([lambda *words: seen.append(words[2])])(photos(1)[0], (4, 4), mask)
    assert seen == [mask]
    for photo, index in zip(photos(9), chosen, strict=False):
        assert draw(photo, (4, 4)).unique().item() == index / 2


PINNED = [1, 2, 0, 2, 1, 1, 0, 2, 0, 1, 1, 1]


def test_a_cache_and_epochs_do_not_change_it(make_folder):
    folder = make_folder(count=12)
    cached, fresh = (
        open_portraits(folder, 4, sketch_filter=shades(), cache=c) for c in (True, False)
    )
    first = [item["content"].mean().item() for item in cached]
    assert len(set(first)) == 3
    for dataset in (cached, fresh):
        assert [item["content"].mean().item() for item in dataset] == first


def test_a_filter_that_writes_to_its_photograph_leaves_the_callers_alone():
    photo = photos(1)[0]
    before = photo.clone()
    MixedFilter([lambda photo, size, mask: photo.zero_()[:1]])(photo, (4, 4))
    assert torch.equal(photo, before)


def test_a_grey_image_can_be_drawn():
    gray = photos(1)[0][0].double().numpy()
    assert MixedFilter([GradientLines()]).draw(gray).shape == gray.shape


@pytest.mark.parametrize(
    ("filters", "weights"), [([], None), ([Shade(0)], [1, 2]), ([Shade(0)], [0])]
)
def test_wrong_mixtures_are_named(filters, weights):
    with pytest.raises(InputError, match=r"MixedFilter expects (at least one|a weight above 0)"):
        MixedFilter(filters, weights)


def no_class(photo, size, mask=None):
    return torch.ones(1, *size)


def test_filters_by_name():
    draw, description = find_filter("XDoG")
    assert isinstance(draw, XDoG)
    assert description == {"class_path": "flowcolor.data.XDoG", "init_args": {}}
    assert find_filter("flowcolor.data.XDoG")[1] == description
    mixed, described = find_filter(
        '{"class_path": "MixedFilter", "init_args": {"filters": [{"class_path": "XDoG", '
        '"init_args": {"sigma": 1.3}}, {"class_path": "SobelLines"}], "seed": 2}}'
    )
    assert [type(part) for part in mixed.filters] == [XDoG, SobelLines]
    assert mixed.filters[0].sigma == 1.3
    assert mixed.seed == 2
    assert described["init_args"]["filters"][0]["class_path"] == "flowcolor.data.XDoG"
    assert find_filter(f"{__name__}.no_class")[0] is no_class


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("Gradient", "is one of ColorDodge, GradientLines"),
        ("nowhere.draw", "No module named 'nowhere'"),
        ("..", "that Python can import, got '\\.\\.'"),
        ("os.pathsep", "should be callable"),
        ("{", "is not JSON"),
        ('{"class_path": "XDoG", "init_args": {"sigm": 1}}', "cannot be built.*sigm"),
        ('{"class_path": "XDoG", "init_args": [1]}', "XDoG expects init_args by name, got list"),
        ('{"class_path": "XDoG", "init_args": null}', "init_args by name, got NoneType"),
    ],
)
def test_names_that_are_none_are_named(words, message):
    with pytest.raises(InputError, match=message):
        find_filter(words)


def test_fewer_photographs_than_a_batch_train_in_one(make_folder):
    data = ColorizationDataModule(
        str(make_folder(count=5)), 8, batch_size=16, sketch_filter=no_class
    )
    data.setup("fit")
    batches = list(data.train_dataloader())
    assert [len(batch["name"]) for batch in batches] == [3]
    assert sorted(batches[0]["name"]) == sorted(data.train_names)


def test_pairs_whose_accents_are_written_differently(tmp_path):
    write_image(smooth_photo(0), tmp_path / "photos/Ame\u0301lie.png")
    write_image(torch.full((1, 8, 8), 0.2), tmp_path / "sketches/Am\u00e9lie.png")
    item = open_portraits(tmp_path / "photos", 8, sketches=tmp_path / "sketches")[0]
    torch.testing.assert_close(item["content"], torch.full((3, 8, 8), 0.2))
    write_image(smooth_photo(1), tmp_path / "photos/Am\u00e9lie.jpg")
    with pytest.raises(InputError, match="names without their suffix must differ"):
        open_portraits(tmp_path / "photos", 8)


def test_names_are_sorted_by_their_numbers(tmp_path):
    for name in ("f10", "f9", "f1a", "e", "10", "9"):
        write_image(smooth_photo(0, 4, 4), tmp_path / f"{name}.png")
    assert open_portraits(tmp_path, 4).names == ["9", "10", "e", "f1a", "f9", "f10"]


def test_masks_that_are_empty_or_cover_everything(make_folder, tmp_path):
    folder = make_folder(count=2)
    write_image(torch.zeros(1, 6, 6), tmp_path / "masks/p0.png")
    write_image(torch.ones(1, 6, 6), tmp_path / "masks/p1.png")
    masked = open_portraits(folder, 8, masks=tmp_path / "masks", background="white")
    with pytest.raises(InputError, match=r"mask of .*p0\.png is empty"):
        masked[0]
    plain = open_portraits(folder, 8)
    for key in ("photo", "content"):
        assert (masked[1][key] - plain[1][key]).abs().max() < 1.01 / 255


def test_a_mask_of_zeros_and_ones_says_what_was_expected(make_folder, tmp_path):
    write_image(torch.ones(1, 6, 6) / 255, tmp_path / "masks/p0.png")
    masked = open_portraits(make_folder(count=1), 8, masks=tmp_path / "masks", background="white")
    with pytest.raises(InputError, match="largest value is 1, expected above 127 of 255"):
        masked[0]
