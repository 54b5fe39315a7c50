"""A place that cannot be looked at is one sentence, in every command and in every option."""

import json
import os
import re
from pathlib import Path

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.cli.weights import table
from flowcolor.data import CelebAMaskHQ, PhotoFolder, PreparedFolder, write_image
from flowcolor.data.datasets.prepared import read_manifest
from flowcolor.errors import InputError
from flowcolor.io.earlier import content_of
from flowcolor.io.files import exists, find, is_dir, is_empty, is_file, names_in
from flowcolor.io.places import require_folder, require_place
from flowcolor.io.same_file import require_outside
from flowcolor.io.whole_file import write_text
from flowcolor.models.checkpoint import read_weights
from flowcolor.pretrained.vgg_classes import VGGClasses
from flowcolor.pretrained.weights import WEIGHTS, find_weights, load_tensors
from flowcolor.training.config_files import read_yaml

COLORIZE = ["colorize", "--method", "unchanged", "--sketch", "PHOTOS", "--output", "out"]
FIT = ["fit", "--config", "quickstart", "--trainer.default_root_dir", "runs"]
PREDICT = ["predict", "--config", "quickstart", "--model.weights", "BAD"]
SCORE = ["score", "--results", "PHOTOS", "--truth", "PHOTOS", "--references", "PHOTOS"]
PREPARE = ["prepare", "--photos", "PHOTOS", "--output", "out", "--workers", "1"]
ABLATE = ["ablate", "--table", "4.3", "--config", "quickstart"]
COMMANDS = [
    [*COLORIZE, "--sketch", "BAD"],
    [*COLORIZE, "--output", "BAD"],
    [*COLORIZE[:1], *COLORIZE[3:], "--reference", "PHOTOS", "--checkpoint", "BAD"],
    [*COLORIZE[:2], "tint", *COLORIZE[3:], "--reference", "BAD"],
    [*FIT, "--data.train", "BAD"],
    [*FIT, "--data.train", "[BAD,PHOTOS]"],
    [*FIT, "--data.train.photos", "PHOTOS", "--data.train.masks", "BAD"],
    [*FIT, "--data.test", "BAD"],
    [*FIT, "--ckpt_path", "BAD"],
    [*FIT[:3], "--trainer.default_root_dir", "BAD"],
    [*FIT[:3], "--ckpt_path", "last", "--trainer.default_root_dir", "BAD"],
    ["fit", "--config", "BAD"],
    PREDICT,
    ["test", "--ckpt_path", "BAD"],
    [*SCORE, "--results", "BAD"],
    [*SCORE, "--sketches", "BAD"],
    [*SCORE, "--inception", "BAD"],
    [*SCORE, "--output", "BAD"],
    [*SCORE, "--output", "out", "--compare", "BAD"],
    ["prepare", "--photos", "BAD", "--output", "out", "--workers", "1"],
    [*PREPARE, "--masks", "BAD"],
    [*PREPARE, "--output", "BAD"],
    [*ABLATE, "--output", "BAD"],
    ["weights", "--convert", "BAD"],
]


@pytest.fixture
def bad(request, tmp_path, monkeypatch):
    """A long name, a place that must not be looked into, or a link to itself."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "c"):
        write_image(torch.rand(3, 176, 176), tmp_path / f"photos/{name}.png")
    if request.param == "long":
        return tmp_path / ("x" * 300)
    if request.param == "round":
        (tmp_path / "round").symlink_to("round")
        return tmp_path / "round"
    real = os.stat

    def stat(path, *args, **options):
        if isinstance(path, str | os.PathLike) and "locked/" in os.fspath(path):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path, *args, **options)

    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(os, "stat", stat)
    return tmp_path / "locked/inside"


both = pytest.mark.parametrize("bad", ["long", "locked"], indirect=True)


@pytest.mark.parametrize("bad", ["long", "locked", "round"], indirect=True)
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:1] + words[-2:]))
def test_commands(words, bad, tmp_path, capsys):
    places = {"BAD": str(bad), "PHOTOS": str(tmp_path / "photos")}
    words = [re.sub("BAD|PHOTOS", lambda found: places[found[0]], word) for word in words]
    assert main(words) == 2
    lines = [
        line for line in capsys.readouterr().err.splitlines() if line.startswith("flowcolor: ")
    ]
    assert len(lines) == 1
    assert str(bad) in lines[0]


@both
def test_what_is_asked_of_a_place(bad):
    for question in (exists, is_file, is_dir, is_empty, names_in, lambda path: find(path, "*")):
        with pytest.raises(InputError, match="cannot be read: "):
            question(bad)
    for read in (
        read_weights,
        lambda path: find_weights("vgg16", path),
        PreparedFolder,
        CelebAMaskHQ,
    ):
        with pytest.raises(InputError, match=r"cannot be read: |is not the manifest"):
            read(bad)


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (read_weights, "model.safetensors"),
        (read_weights, "last.ckpt"),
        (load_tensors, "vgg.safetensors"),
        (load_tensors, "vgg.pth"),
        (read_yaml, "own.yaml"),
        (content_of, "test.json"),
        (lambda path: read_manifest(path.parent), "manifest.json"),
    ],
)
def test_a_file_that_may_not_be_read_is_not_called_damaged(read, name, tmp_path, monkeypatch):
    def refuse(path, *_args, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    file = tmp_path / name
    file.write_text("[", encoding="utf-8")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=rf"^{re.escape(str(file))} cannot be read: Permission "):
        read(file)


@pytest.mark.parametrize("locked", [".", "version_1", "version_1/checkpoints"])
@pytest.mark.parametrize("pattern", ["**/checkpoints/last.ckpt", "version_*/checkpoints/last.ckpt"])
def test_a_folder_that_may_not_be_listed_is_not_taken_for_empty(
    locked, pattern, tmp_path, monkeypatch
):
    for number in range(2):  # Of these the second must not be passed over for the first.
        write_text("", tmp_path / f"version_{number}/checkpoints/last.ckpt")
    place = tmp_path / locked

    def refusing(list_folder):
        def listed(path):
            if Path(path) == place:
                raise PermissionError(13, "Permission denied", str(path))
            return list_folder(path)

        return listed

    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    with pytest.raises(InputError, match=rf"^{re.escape(str(place))} cannot be read: Permission "):
        find(tmp_path, pattern)


def test_what_is_there_and_what_is_not(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "round").symlink_to(tmp_path / "round")
    gone = [tmp_path / "gone", tmp_path / "file/gone", tmp_path / "a\0b", tmp_path / "round"]
    assert not any(question(path) for path in gone for question in (exists, is_file, is_dir))
    assert is_file(tmp_path / "file")
    assert is_empty(tmp_path / "file")
    assert is_dir(tmp_path)
    assert sorted(names_in(tmp_path)) == ["file", "round"]
    assert find(tmp_path, "f*") == [tmp_path / "file"]
    assert find(tmp_path / "gone", "f*") == []


@pytest.mark.parametrize("target", ["here", "nowhere"], ids=["to itself", "to nothing"])
def test_a_link_to_nothing_is_no_place_for_results(target, tmp_path):
    """Nothing could be made there, which is known before anything is computed."""
    (tmp_path / "here").symlink_to(target)
    refused = [(require_folder, "here"), (require_folder, "here/a"), (require_place, "here/a")]
    for require, place in refused:
        with pytest.raises(InputError, match=r"--output expects .*/here is a link to nothing"):
            require(tmp_path / place)
    require_place(tmp_path / "here")  # A file takes the place of the link.


@pytest.mark.parametrize("address", ["s3://bucket/runs", "file:///a/b", "hf://a/b"])
def test_an_address_is_no_place_for_results(address, tmp_path, monkeypatch, capsys):
    """A path of it would be a folder of this name here."""
    monkeypatch.chdir(tmp_path)
    write_image(torch.rand(3, 176, 176), tmp_path / "photos/a.png")
    commands = {
        "--output": ["prepare", "--photos", "photos", "--output", address, "--workers=1"],
        "--trainer.default_root_dir": [
            *("fit", "--config", "quickstart", "--trainer.fast_dev_run=true"),
            *("--trainer.default_root_dir", address),
        ],
    }
    for option, words in commands.items():
        assert main(words) == 2
        assert f"{option} expects a place in a folder of this" in capsys.readouterr().err
    for require in (require_folder, require_place):
        with pytest.raises(InputError, match=r"--output expects .* got the address"):
            require(Path(address))
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    (tmp_path / address.partition("/")[0]).mkdir()  # Somebody's folder may have any name.
    require_place(Path(address))


def test_results_go_into_no_folder_whose_name_stands_for_a_home(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_image(torch.rand(3, 16, 16), tmp_path / "photos/a.png")
    assert main(["prepare", "--photos=photos", "--output=~/ready", "--workers=1"]) == 2
    assert f"~: write {Path.home() / 'ready'}." in capsys.readouterr().err
    for require in (require_folder, require_place):
        with pytest.raises(InputError, match="--output expects a place written in full, got ~/o"):
            require(Path("~/o.png"))
    require_place(Path("~o.png"))
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    (tmp_path / "~").mkdir()  # Who has such a folder means it.
    require_place(Path("~/o.png"))


@pytest.mark.parametrize(
    "words",
    [
        ["prepare", "--photos=~/it", "--output=out"],
        ["colorize", "--sketch", "~/it", "--reference=a.png", "--output=o.png"],
        ["colorize", "--sketch=a.png", "--checkpoint=~/it", "--output=o.png"],
        ["score", "--results=r", "--truth=t", "--inception=~/it"],
        ["table", "--reports", "here/a.json", "~/it"],
        ["study", "make", "--kind=fool", "--methods=ours=~/it", "--output=out"],
        ["weights", "--from=~/it"],
        [*FIT, "--data.train=~/it"],
        [*FIT, "--data.train=[a,~/it]"],
        ["test", "--ckpt_path=~/it"],
        ["fit", "--config=~/it"],
        ["fit", "--config=quickstart", "--config=own.yaml"],
    ],
    ids=lambda words: " ".join(words[:1] + words[-2:]),
)
def test_inputs_below_a_home_are_to_be_written_in_full(words, tmp_path, monkeypatch, capsys):
    """Of some options it was replaced, of others the place was said not to exist."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text("data: {train: ~/it}", encoding="utf-8")
    assert main(words) == 2
    said = capsys.readouterr().err
    assert f"~: write {Path.home() / 'it'}" in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["own.yaml"]


HOMELESS = "~nobody of this name/file"
HED = {"weights": HOMELESS}


@pytest.mark.parametrize(
    "words",
    [
        [*SCORE, "--inception", HOMELESS],
        [*PREPARE, "--sketch_filter", json.dumps({"class_path": "Hed", "init_args": HED})],
        ["weights", "--from", HOMELESS],
    ],
    ids=["score", "prepare", "weights"],
)
def test_the_home_of_nobody_is_a_name_as_any_other(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_image(torch.rand(3, 176, 176), tmp_path / "photos/a.png")
    assert main([str(tmp_path / "photos") if word == "PHOTOS" else word for word in words]) == 2
    assert HOMELESS in capsys.readouterr().err
    with pytest.raises(InputError, match=f"got .*{HOMELESS}"):
        find_weights("vgg16", HOMELESS)


@pytest.mark.parametrize("bad", ["locked"], indirect=True)
def test_inputs_that_may_only_be_listed_lie_where_they_are_listed(bad, tmp_path):
    require_outside(tmp_path / "out", [bad], "--output")
    with pytest.raises(InputError, match="--output expects a folder that holds no input, got "):
        require_outside(bad.parent, [bad], "--output")


@both
def test_an_unreadable_cache_is_listed(bad, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(bad))
    files = sum(1 + len(known.others) for known in WEIGHTS.values())
    assert table().count("cannot be read") == files + 2  # HED, and VGG16 tuned for edges.
    for search in (lambda: find_weights("vgg16"), VGGClasses().prepare):
        with pytest.raises(InputError, match="cannot be read: "):
            search()


def test_a_folder_beside_photographs_whose_link_must_not_be_followed(tmp_path, monkeypatch):
    write_image(torch.rand(3, 8, 8), tmp_path / "photos/a.png")
    real = os.readlink

    def readlink(path, *args, **options):
        if os.fspath(path).endswith("/locked"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path, *args, **options)

    (tmp_path / "locked").symlink_to("elsewhere")
    monkeypatch.setattr(os, "readlink", readlink)
    with pytest.raises(InputError, match="locked/masks cannot be read: Permission denied"):
        PhotoFolder(tmp_path / "photos", masks=tmp_path / "locked/masks")
