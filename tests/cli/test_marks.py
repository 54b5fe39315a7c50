"""``flowcolor marks``: a photograph's own colours at some of its places."""

import os

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.data.photo_marks import edge_marks, random_marks, region_marks
from flowcolor.io.images import read_image, write_image
from flowcolor.models.hint_files import read_hints


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """Red on the left, green on the right, both a little uneven."""
    monkeypatch.chdir(tmp_path)
    image = torch.zeros(3, 32, 48)
    image[0, :, :24], image[1, :, 24:] = 0.8, 0.9
    write_image(image, "photo.png")
    return read_image("photo.png")


def marks(*words):
    return main(["marks", "--photo", "photo.png", "--output", "m.png", *words])


@pytest.mark.parametrize("at", ["random", "regions", "edges"])
def test_the_layer_holds_the_photographs_own_colours(at, photo, capsys):
    assert marks("--at", at) == 0
    hints = read_hints("m.png", photo)
    given = hints.mask[0, 0] > 0
    assert torch.equal(hints.colors[0][:, given], photo[:, given])
    assert f"({int(given.sum())} of 1536 pixels)" in capsys.readouterr().out
    expected = {
        "random": random_marks(photo),
        "regions": region_marks(photo),
        "edges": edge_marks(photo),
    }
    assert torch.equal(given, expected[at])


def test_chance_marks_its_share_and_another_seed_others(photo):
    image = torch.rand(3, 200, 200)
    assert float(random_marks(image, 0.2).float().mean()) == pytest.approx(0.2, abs=0.01)
    assert not torch.equal(random_marks(image, 0.2), random_marks(image, 0.2, seed=1))


def test_marks_of_regions_keep_away_from_the_border_between_them(photo):
    marked = region_marks(photo, 2)
    assert marked[:, :24].any()
    assert marked[:, 24:].any()
    assert not marked[:, 21:27].any()


def test_marks_of_edges_lie_beside_them_on_both_sides(photo):
    columns = edge_marks(photo).any(0).nonzero().flatten().tolist()
    assert columns == [21, 22, 25, 26]  # The gradient is that of columns 23 and 24.


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--share", "2", "--at", "random"), "--share expects a number between 0 and 1, got 2."),
        (("--regions", "0"), "--regions expects a whole number from 1 to 10000, got 0."),
        (("--seed", "-1"), "--seed expects a whole number of at least 0, got -1."),
        (("--seed", "1" + 23 * "0"), "--seed expects a whole number from 0 to 9223372036854775807"),
        (("--share", "0.2"), "--share 0.2 expects --at random, without which it does nothing."),
        (("--seed", "3"), "--seed 3 expects --at random, without which it does nothing."),
        (("--at", "edges", "--seed", "3"), "--seed 3 expects --at random, without which it does"),
        (("--at", "random", "--regions", "5"), "--regions 5 expects --at regions, without which"),
        (("--at", "edges", "--regions", "5"), "--regions 5 expects --at regions, without which"),
        (("--output", "m.jpg"), "--output expects a file ending in .png, got m.jpg."),
        (("--output", "photo.png"), "--output expects a place that holds no input, got photo.png,"),
        (("--output", "link.png"), "--output expects a place that holds no input, got link.png,"),
        (("--photo", "flat.png", "--at", "edges"), "flat.png expects places to mark and others, g"),
        (("--photo", "grey.png"), "grey.png expects a photograph in colour, got grey."),
    ],
)
def test_what_cannot_be_marked_is_one_sentence(words, expected, photo, tmp_path, capsys):
    write_image(torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1).expand(3, 8, 8), "flat.png")
    write_image(torch.rand(1, 8, 8), "grey.png")
    os.link("photo.png", "link.png")
    before = (tmp_path / "photo.png").read_bytes()
    assert marks(*words) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1
    assert not (tmp_path / "m.png").exists()
    assert (tmp_path / "photo.png").read_bytes() == before
