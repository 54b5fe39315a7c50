"""A manifest or journal from somebody else names no file outside its folder."""

import json

import pytest

from flowcolor.cli.main import main
from flowcolor.data import open_portraits, write_image
from flowcolor.data.prepare import prepare
from flowcolor.errors import InputError
from tests.data.conftest import smooth_photo


@pytest.fixture
def prepared(tmp_path):
    for name in ("a", "b"):
        write_image(smooth_photo(16), tmp_path / "photos" / f"{name}.png")
    prepare([tmp_path / "photos"], tmp_path / "ready", 8, workers=1)
    (tmp_path / "VICTIM.txt").write_text("kept", "utf-8")
    (tmp_path / "VICTIM.png").write_text("kept", "utf-8")
    return tmp_path


def by_name(name):
    files = {f"{kind}/{name}.png": "0" * 64 for kind in ("photos", "sketches")}
    return lambda entries: entries.update({name: entries.pop("a") | {"sha256": files}})


def by_file(file):
    return lambda entries: entries["a"]["sha256"].update({file: "0" * 64})


NAMES = [
    "../../VICTIM",
    "x/../../VICTIM",
    "/VICTIM",
    "..\\VICTIM",
    "C:\\VICTIM",
    "C:VICTIM",
    "",
    ".",
    "a\0b",
    "half a letter \ud800",
]
FILES = ["../VICTIM.txt", "photos/../../VICTIM.txt", "/VICTIM.txt", "photos/b.png", "manifest.json"]
CHANGES = [*map(by_name, NAMES), *map(by_file, FILES)]


@pytest.mark.parametrize("kind", ["manifest", "journal"])
@pytest.mark.parametrize("change", CHANGES, ids=[*map(repr, NAMES), *FILES])
def test_names_that_lead_elsewhere_are_refused(change, kind, prepared, capsys):
    path = prepared / "ready" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    entries = manifest.pop("photographs")
    change(entries)
    if kind == "manifest":
        path.write_text(json.dumps({**manifest, "photographs": entries}), "utf-8")
        with pytest.raises(InputError, match=r"manifest\.json expects names of files inside"):
            open_portraits(prepared / "ready", 8)
    else:
        lines = [manifest, *({"name": name, **entry} for name, entry in entries.items())]
        path = path.with_name(".journal.jsonl")
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (prepared / "photos" / "a.png").unlink()  # So that its entry is dropped, with its files.
    before = {file: file.read_bytes() for file in prepared.rglob("*") if file.is_file()}
    words = ["--photos", prepared / "photos", "--output", prepared / "ready", "--size", 8]
    assert main(["prepare", *map(str, words), "--workers", "1"]) == 2
    message = capsys.readouterr().err
    assert f"{path} expects names of files inside its folder, got " in message
    assert "\n" not in message.strip()
    assert {file: file.read_bytes() for file in prepared.rglob("*") if file.is_file()} == before


def test_photographs_of_such_names_are_skipped_and_not_prepared_in_vain(prepared, capsys):
    for name in ("9:41", "inner\\"):
        write_image(smooth_photo(16), prepared / "photos" / f"{name}.png")
    assert prepare_again(prepared) == 0
    assert "skipped 2; manifest.json lists all:" in capsys.readouterr().out
    assert open_portraits(prepared / "ready", 8).names == ["a", "b"]


def test_names_of_subfolders_stay_allowed(prepared):
    path = prepared / "ready" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["photographs"] = {"faces/x": {"sha256": {"photos/faces/x.png": "0" * 64}}}
    path.write_text(json.dumps(manifest), "utf-8")
    assert open_portraits(prepared / "ready", 8).names == ["faces/x"]


@pytest.mark.parametrize(
    ("line", "change"),
    [
        (0, lambda line: line.pop("settings")),
        (0, lambda line: line.pop("versions")),
        (1, lambda line: line.pop("name")),
        (1, lambda line: line.pop("sha256")),
        (1, lambda line: line.pop("source_bytes")),
        (1, lambda line: line.update(sha256=[1])),
    ],
)
def test_a_journal_without_a_key_is_one_sentence(line, change, prepared, capsys):
    manifest = json.loads((prepared / "ready" / "manifest.json").read_text("utf-8"))
    entries = manifest.pop("photographs")
    lines = [manifest, *({"name": name, **entry} for name, entry in entries.items())]
    change(lines[line])
    journal = prepared / "ready" / ".journal.jsonl"
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    words = ["--photos", prepared / "photos", "--output", prepared / "ready", "--size", 8]
    assert main(["prepare", *map(str, words), "--workers", "1"]) == 2
    assert capsys.readouterr().err.strip().splitlines() == [
        f"flowcolor: {journal} is damaged: delete the folder and prepare anew."
    ]


def prepare_again(folder):
    words = ["--photos", folder / "photos", "--output", folder / "ready", "--size", 8]
    return main(["prepare", *map(str, words), "--workers", "1"])


@pytest.mark.parametrize("place", ["photos", "photos/faces"])
def test_links_that_lead_elsewhere_are_refused(place, tmp_path, capsys):
    photos = tmp_path / "photos"
    for name in ("faces/a.png", "faces/b.png"):
        write_image(smooth_photo(16), photos / name)
    link = tmp_path / "ready" / place
    link.parent.mkdir(parents=True)
    prepare([photos], tmp_path / "other", 8, workers=1)
    (tmp_path / "other" / "manifest.json").rename(tmp_path / "ready" / "manifest.json")
    link.symlink_to(photos if place == "photos" else photos / "faces")
    before = {file: file.read_bytes() for file in photos.rglob("*.png")}
    assert prepare_again(tmp_path) == 2
    assert f" expects a folder of its own, got a link to {photos}" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in photos.rglob("*.png")} == before


def test_a_lock_that_is_a_link_empties_nothing(prepared):
    (prepared / "ready" / ".lock").symlink_to(prepared / "VICTIM.txt")
    assert prepare_again(prepared) == 0
    assert (prepared / "VICTIM.txt").read_text("utf-8") == "kept"


def test_folders_in_place_of_files_are_one_sentence(prepared, capsys):
    (prepared / "ready" / ".work.partial").mkdir()
    assert prepare_again(prepared) == 0
    image = prepared / "ready" / "photos" / "a.png"
    image.unlink()
    image.mkdir()
    assert prepare_again(prepared) == 2
    assert f"{image} cannot be written: " in capsys.readouterr().err
    image.rmdir()
    (prepared / "ready" / ".journal.jsonl").unlink()
    (prepared / "ready" / ".journal.jsonl").mkdir()
    assert prepare_again(prepared) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "/.journal.jsonl cannot be read: Is a directory" in line


def test_what_cannot_be_deleted_is_one_sentence(prepared, capsys):
    path = prepared / "ready" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    name = "n" * 300
    manifest["photographs"][name] = {"sha256": {f"photos/{name}.png": "0" * 64}}
    path.write_text(json.dumps(manifest), "utf-8")
    assert prepare_again(prepared) == 2
    assert "cannot be deleted: File name too long" in capsys.readouterr().err
