"""Whether photographs are noticed to have changed."""

import shutil

import pytest

from flowcolor.data import ColorizationDataModule, Folders
from flowcolor.errors import InputError
from tests.data.datasets.celeba_tree import make_tree
from tests.training.helpers import write_photos


@pytest.fixture
def folder(tmp_path):
    for name in ("photos", "masks"):
        write_photos(tmp_path / name, 4)
    return tmp_path


def fingerprint(folder, **options):
    where = Folders(photos=folder / "photos", masks=folder / "masks")
    return ColorizationDataModule(train=where, held_out=2, **options).fingerprint()


def test_options_and_copies_change_nothing(folder, tmp_path):
    known = fingerprint(folder)
    assert known.startswith("4 with checksum ")
    assert fingerprint(folder, seed=1, share=0.5, size=32) == known
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns("copy"))
    assert fingerprint(tmp_path / "copy") == known


@pytest.mark.parametrize("kind", ["photos", "masks"])
def test_every_source_of_every_photograph_counts(kind, folder):
    known = fingerprint(folder)
    paths = sorted((folder / kind).iterdir())
    for path in paths:
        before = path.read_bytes()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        assert fingerprint(folder) != known
        path.write_bytes(before)
    assert fingerprint(folder) == known
    first, second = paths[0].read_bytes(), paths[1].read_bytes()
    paths[0].write_bytes(second)
    paths[1].write_bytes(first)
    assert fingerprint(folder) != known


def test_names_count(folder):
    known = fingerprint(folder)
    for kind in ("photos", "masks"):
        last = max((folder / kind).iterdir())
        last.rename(last.with_stem("zz"))
    assert fingerprint(folder) != known


def test_those_that_only_test_count(folder, tmp_path):
    shutil.copytree(folder / "photos", tmp_path / "tests")
    data = {"train": str(folder / "photos"), "test": str(tmp_path / "tests")}
    known = ColorizationDataModule(**data).fingerprint()
    assert known.startswith("8 with ")
    path = next((tmp_path / "tests").iterdir())
    path.write_bytes(path.read_bytes() + b"\0")
    assert ColorizationDataModule(**data).fingerprint() != known


def test_label_maps_by_which_tests_score_count(folder, tmp_path):
    labels = tmp_path / "labels"
    write_photos(labels, 4)
    where = Folders(photos=folder / "photos", labels=labels)

    def fingerprint(**options):
        return ColorizationDataModule(train=where, held_out=2, **options).fingerprint()

    known = fingerprint()
    assert known.startswith("4 with checksum ")
    assert fingerprint(seed=1, share=0.5) == known
    for path in labels.iterdir():
        before = path.read_bytes()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        assert fingerprint() != known
        path.write_bytes(before)
    for path in labels.iterdir():
        path.rename(path.with_stem(f"of_another_{path.stem}"))
    with pytest.raises(InputError, match="lacks the label map of 2 of 2 photographs"):
        fingerprint()


def test_what_cannot_be_read_is_one_sentence(folder):
    where = ColorizationDataModule(train=str(folder / "photos"), held_out=2)
    assert len(where.train_names) == 2  # They are found.
    lost = min((folder / "photos").iterdir())
    lost.unlink()
    with pytest.raises(InputError, match=f"{lost.name} cannot be read: No such file"):
        where.fingerprint()


def test_a_file_that_divides_photographs_counts(tmp_path):
    root = make_tree(tmp_path / "celeba", 20)
    partition = root / "list_eval_partition.txt"
    data = {"train": str(root), "held_out": str(partition)}
    known = ColorizationDataModule(**data).fingerprint()
    assert ColorizationDataModule(**data, share=0.5).fingerprint() == known
    partition.write_text(partition.read_text().replace("jpg 2", "jpg 0", 1))
    assert ColorizationDataModule(**data).fingerprint() != known
