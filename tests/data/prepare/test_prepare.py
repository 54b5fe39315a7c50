"""What is prepared is what training would have read, whatever happened on the way."""

import errno
import hashlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from flowcolor.cli.main import main
from flowcolor.data import (
    ColorizationDataModule,
    Folders,
    PhotoFolder,
    PreparedFolder,
    XDoG,
    open_portraits,
    write_image,
)
from flowcolor.data.prepare import ledger, prepare, progress
from flowcolor.data.prepare.files import write_whole
from flowcolor.errors import InputError
from flowcolor.io.alone import LOCK, alone
from flowcolor.io.images import read_sketch
from tests.data.conftest import smooth_photo
from tests.data.datasets.celeba_tree import make_tree
from tests.data.prepare.slow_disk import opener

ROOT = Path(__file__).parents[3]


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def same_items(one, other):
    assert one.names == other.names
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a["photo"], b["photo"])
        assert torch.equal(a["content"], b["content"])


def half_masks(folder: Path, count: int) -> Path:
    for index in range(count):
        mask = torch.zeros(1, 24, 24)
        mask[..., : 9 + index] = 1
        write_image(mask, folder / f"p{index}.png")
    return folder


@pytest.mark.parametrize("background", ["keep", "white"])
def test_training_reads_the_same_pixels_as_from_the_photographs(make_folder, tmp_path, background):
    photos, masks = make_folder(count=12), half_masks(tmp_path / "masks", 12)
    out = tmp_path / "out"
    summary = prepare([photos], out, 16, masks=[masks], background=background, workers=1)
    assert (summary.prepared, summary.new, summary.skipped) == (12, 12, {})
    original = open_portraits(photos, 16, masks=masks, background=background)
    prepared = open_portraits(out, 16, background=background)
    assert isinstance(prepared.finder, PreparedFolder)
    same_items(prepared, original)
    mask = read_sketch(out / "masks/p3.png")[:1]
    assert (mask - original.render(3).coverage).abs().max() <= 0.501 / 255
    data = ColorizationDataModule(str(out), 16, background=background)
    other = ColorizationDataModule(Folders(photos, masks=str(masks)), 16, background=background)
    assert data.train_names == other.train_names
    assert {p.parent.name for p in out.rglob("*.png")} == {"photos", "sketches", "masks"}


def test_a_background_can_be_whitened_later(make_folder, tmp_path):
    photos, masks = make_folder(count=2), half_masks(tmp_path / "masks", 2)
    prepare([photos], tmp_path / "out", 16, masks=[masks], workers=1)
    late = open_portraits(tmp_path / "out", 16, background="white")
    original = open_portraits(photos, 16, masks=masks, background="white")
    for one, other in zip(late, original, strict=True):
        assert (one["photo"] - other["photo"]).abs().max() <= 2.01 / 255
    smaller = open_portraits(tmp_path / "out", 8)[0]
    assert smaller["photo"].shape == (3, 8, 8)
    with pytest.raises(InputError, match=r"prepared at a size of 16.*--size 32"):
        open_portraits(tmp_path / "out", 32)
    for option in ("masks", "sketches"):
        with pytest.raises(InputError, match=f"brings its own {option}"):
            open_portraits(tmp_path / "out", 16, **{option: masks})


def test_celebamask_hq(tmp_path):
    root = make_tree(tmp_path / "celeba", 14)
    (root / "CelebA-HQ-img/13.jpg").unlink()
    summary = prepare([root], tmp_path / "out", 12, sketch_filter="XDoG", workers=1)
    assert (summary.prepared, summary.skipped) == (13, {})
    same_items(open_portraits(tmp_path / "out", 12), open_portraits(root, 12, sketch_filter=XDoG()))
    partition = str(root / "list_eval_partition.txt")
    prepared, original = (
        ColorizationDataModule(folder, 12, held_out=partition)
        for folder in (tmp_path / "out", root)
    )
    assert prepared.train_names == original.train_names
    assert prepared.test_names == original.test_names


def test_photographs_of_celebamask_hq_without_its_masks_are_named(make_folder, tmp_path, caplog):
    inner, own = make_folder("CelebA-HQ-img"), make_folder("masks")
    prepare([inner], tmp_path / "with", 8, masks=[own], workers=1)
    assert "is a part of" not in caplog.text
    prepare([inner], tmp_path / "without", 8, workers=1)
    assert f"{inner} is a part of {tmp_path}, whose masks are not used for it: give" in caplog.text


def test_several_folders_and_ready_sketches(make_folder, tmp_path):
    first, second = make_folder("a/photos", 2), make_folder("b/photos", 3, first=9)
    drawn = tmp_path / "drawn"
    for index in range(3):
        write_image(smooth_photo(index), drawn / f"p{index}.png")
    sketches = [drawn, drawn]
    prepare([first, second], tmp_path / "out", 8, sketches=sketches, workers=1)
    same_items(open_portraits(tmp_path / "out", 8), open_portraits([first, second], 8, sketches))
    data = ColorizationDataModule(
        [str(tmp_path / "out"), str(first)], 8, held_out={"out/b/photos": 2}
    )
    assert {name.rpartition("/")[0] for name in data.held_out_names} == {"out/b/photos"}


def test_the_manifest_counts_and_sums(make_folder, tmp_path):
    out = tmp_path / "out"
    prepare([make_folder(count=3)], out, 8, workers=1)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["counts"] == {"photos": 3, "sketches": 3, "masks": 0, "skipped": 0}
    assert manifest["settings"]["size"] == 8
    assert set(manifest["versions"]) == {"flowcolor", "numpy", "pillow", "scipy", "torch"}
    sums = {k: v for entry in manifest["photographs"].values() for k, v in entry["sha256"].items()}
    files = {name: data for name, data in tree(out).items() if name != "manifest.json"}
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_processes_change_no_byte(make_folder, tmp_path):
    photos = make_folder(count=11)  # More than wait for two processes at a time.
    (photos / "p4.png").write_bytes(b"broken")
    prepare([photos], tmp_path / "one", 8, workers=1)
    summary = prepare([photos], tmp_path / "two", 8, workers=2)
    assert list(summary.skipped) == ["p4"]
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_signals_that_reach_the_processes(make_folder, tmp_path):
    """Ctrl-C goes to all, and the parent decides; one that is killed ends the run."""
    photos, out = make_folder(count=11), tmp_path / "out"
    prepare([photos], tmp_path / "whole", 8, workers=1)
    program = [sys.executable, "-m", "tests.data.prepare.signal_workers", str(photos), str(out)]
    run = subprocess.run(program, capture_output=True, text=True, cwd=ROOT)
    assert re.fullmatch(r"A worker was killed, .* the same command continues.*\n", run.stdout)
    assert run.returncode == 0, run.stderr
    assert tree(out) == tree(tmp_path / "whole")


def test_what_was_killed_in_its_first_write_begins_again(make_folder, tmp_path):
    photos, out = make_folder(count=2), tmp_path / "out"
    out.mkdir()
    (out / ".0123456789abcdef.partial").write_text("{")
    (out / LOCK).touch()
    assert prepare([photos], out, 8, workers=1).new == 2
    assert not list(out.glob(".*"))


@pytest.mark.slow
def test_killed_at_any_moment_it_resumes_to_the_same_bytes(make_folder, tmp_path):
    photos, out = make_folder(count=4), tmp_path / "out"
    prepare([photos], tmp_path / "whole", 8, workers=1)
    words = ["prepare", "--photos", str(photos), "--output", str(out), "--size", "8"]
    words += ["--workers", "1"]
    program = [sys.executable, "-m", "tests.data.prepare.kill_between_writes", "20", *words]
    run = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "Traceback" not in run.stderr
    ends = list(map(int, run.stdout.splitlines()[-1].split()))
    assert len(ends) == 20
    assert set(ends) == {-signal.SIGKILL, 130, 143}
    assert main(words) == 0
    finished = list(tmp_path.glob("out*"))
    assert len(finished) >= 4
    for folder in finished:
        assert tree(folder) == tree(tmp_path / "whole")


@pytest.mark.slow
def test_killed_with_its_processes_at_work_nothing_stays(make_folder, tmp_path):
    """They end with their parent: otherwise the pipe of messages would stay open."""
    photos, out = make_folder(count=24), tmp_path / "out"
    prepare([photos], tmp_path / "whole", 8, workers=1)
    words = ["prepare", "--photos", str(photos), "--output", str(out), "--size", "8"]
    command = [sys.executable, "-m", "flowcolor", *words, "--workers", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        while run.poll() is None and not list(out.glob("sketches/*.png")):
            time.sleep(0.01)
        run.kill()
        run.communicate(timeout=60)
    assert main([*words, "--workers", "1"]) == 0
    assert tree(out) == tree(tmp_path / "whole")


@pytest.mark.slow
def test_killed_at_random_times_with_two_processes_it_resumes_to_the_same_bytes(
    make_folder, tmp_path
):
    """Twenty signals that it and its processes get while they write; what they leave ends, too."""
    words = ["prepare", "--photos", str(make_folder(count=40)), "--output", str(tmp_path / "out")]
    words += ["--size", "8", "--workers", "2"]
    words += ["--sketch_filter", "tests.data.prepare.slow_disk.SlowDisk"]
    program = [sys.executable, "-m", "tests.data.prepare.kill_with_workers", "20", *words]
    run = subprocess.run(program, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    ends = list(map(int, run.stdout.split()))
    assert len(ends) == 20
    assert ends.count(-signal.SIGKILL) >= 6
    for folder in tmp_path.glob("out*"):
        assert tree(folder) == tree(tmp_path / "whole")


def test_processes_that_cannot_be_started_are_one_sentence(make_folder, tmp_path, monkeypatch):
    """As where the name of the folder for temporary files is too long for a socket."""

    def submit(*_):
        raise OSError("AF_UNIX path too long")

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit)
    photos, place = make_folder(count=2), tmp_path / "ready"
    with pytest.raises(InputError, match=r"\(AF_UNIX path too long\): give --workers 1, or"):
        prepare(photos, place, 8, workers=2)
    assert not place.exists()
    assert prepare(photos, place, 8, workers=1).prepared == 2


def test_resuming_redoes_nothing(make_folder, tmp_path):
    photos, out = make_folder(count=6), tmp_path / "out"
    prepare([photos], tmp_path / "whole", 8, workers=1)
    CALLS.clear()
    words = {"size": 8, "workers": 1, "sketch_filter": "tests.data.prepare.test_prepare.stops"}

    def interrupted(calls):
        with pytest.raises(Stop):
            prepare([photos], out, **words)
        assert len(CALLS) == calls

    interrupted(3)
    assert not (out / "manifest.json").exists()
    interrupted(5)
    prepare([photos], out, **words)
    assert len(CALLS) == 8  # Those that were interrupted twice.
    prepare([photos], out, **words)
    assert len(CALLS) == 8
    for index in (7, 8):
        write_image(smooth_photo(index), photos / f"p{index}.png")
    interrupted(10)
    prepare([photos], out, **words)
    assert len(CALLS) == 11


class Stop(BaseException):
    """Like KeyboardInterrupt, which would end the tests where nobody expects it."""


CALLS: list[int] = []


def stops(photo, size, mask):
    if size != (8, 8):  # Every call first tries the filter on a blank photograph.
        return torch.ones(1, *size)
    CALLS.append(1)
    if len(CALLS) in (3, 5, 10):
        raise Stop
    return torch.ones(1, *size)


def test_two_settings_do_not_mix(make_folder, tmp_path):
    photos, out = make_folder(count=2), tmp_path / "out"
    prepare([photos], out, 8, workers=1)
    before = tree(out)
    for options, words in (
        ({"size": 16}, r"prepared with size = 8, got 16"),
        ({"sketch_filter": "XDoG"}, "prepared with sketch_filter = .*GradientLines.*got .*XDoG"),
        ({"background": "white"}, 'background = "keep", got "white"'),
        ({"photos": [make_folder("others", 2)]}, "prepared with photos = .*others"),
    ):
        with pytest.raises(InputError, match=words):
            prepare(**({"photos": [photos], "output": out, "size": 8, "workers": 1} | options))
    assert tree(out) == before
    with pytest.raises(InputError, match=r"is not empty and no prepared folder"):
        prepare([photos], make_folder("full", 1), 8, workers=1)
    with pytest.raises(InputError, match=r"--output expects a folder outside of .*photos, whose"):
        prepare([photos], photos, 8, workers=1)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--output expects a folder, got the file .*file\."):
        prepare([photos], tmp_path / "file", 8, workers=1)
    with pytest.raises(InputError, match="is prepared already"):
        prepare([out], tmp_path / "again", 8, workers=1)


def test_an_interrupted_folder_keeps_its_settings_and_versions(make_folder, tmp_path, monkeypatch):
    photos, out = make_folder(count=6), tmp_path / "out"
    CALLS.clear()
    words = {"workers": 1, "sketch_filter": "tests.data.prepare.test_prepare.stops"}
    with pytest.raises(Stop):
        prepare([photos], out, 8, **words)
    with pytest.raises(InputError, match="size = 8, got 16"):
        prepare([photos], out, 16, **words)
    monkeypatch.setattr(ledger, "versions", lambda: {"pillow": "99"})
    with pytest.raises(InputError, match=r"other versions \(pillow .* is now 99\)"):
        prepare([photos], out, 8, **words)


def test_a_damaged_journal(make_folder, tmp_path):
    photos, out = make_folder(count=4), tmp_path / "out"
    CALLS.clear()
    words = {"size": 8, "workers": 1, "sketch_filter": "tests.data.prepare.test_prepare.stops"}
    with pytest.raises(Stop):
        prepare([photos], out, **words)
    journal = out / ".journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(b"\0" * 99 + b"\n")
    with pytest.raises(InputError, match=r"jsonl is damaged: delete the folder and prepare anew"):
        prepare([photos], out, **words)
    journal.write_bytes(whole + b"\0" * 99 + b"\n")
    with pytest.raises(Stop):
        prepare([photos], out, **words)
    assert len(CALLS) == 5
    assert prepare([photos], out, **words).new == 1


def test_photographs_come_and_go(make_folder, tmp_path):
    photos, out = make_folder(count=4), tmp_path / "out"
    prepare([photos], out, 8, workers=1)
    write_image(smooth_photo(50), photos / "new.png")
    (photos / "p1.png").unlink()
    write_image(smooth_photo(51, 30, 30), photos / "p2.png")
    assert prepare([photos], out, 8, workers=1).new == 2
    prepare([photos], tmp_path / "fresh", 8, workers=1)
    assert tree(out) == tree(tmp_path / "fresh")
    (out / "photos/p3.png").unlink()
    (out / "sketches/p0.png").write_bytes(b"")
    assert prepare([photos], out, 8, workers=1).new == 2
    assert tree(out) == tree(tmp_path / "fresh")


def spoil(photos: Path) -> None:
    """Truncate a JPEG, empty a file, and link to nothing."""
    Image.fromarray(np.zeros((64, 64, 3), dtype=np.uint8)).save(photos / "cut.JPG")
    (photos / "cut.JPG").write_bytes((photos / "cut.JPG").read_bytes()[:300])
    (photos / "nothing.png").touch()
    (photos / "gone.png").symlink_to(photos / "nowhere.png")
    (photos / "folder.png").mkdir()
    for index in range(7):
        (photos / f"void{index}.png").touch()


def test_an_image_beside_subfolders_takes_nothing_away(tmp_path):
    """A folder that holds images itself does not stand for its subfolders any more."""
    photos, place = tmp_path / "photos", tmp_path / "ready"
    for index, name in enumerate(("one/a", "one/b", "two/a")):
        write_image(smooth_photo(index), photos / f"{name}.png")
    prepare(photos, place, 32, workers=1)
    before = tree(place)
    write_image(smooth_photo(3), photos / "cover.png")
    with pytest.raises(InputError, match=r"subfolders alone, 3 of which .* got cover\.png besi"):
        prepare(photos, place, 32, workers=1)
    assert tree(place) == before
    (photos / "cover.png").unlink()
    (photos / "one/b.png").unlink()  # What is really gone does go.
    assert prepare(photos, place, 32, workers=1).prepared == 2


def test_what_cannot_be_read_is_skipped_counted_and_named(make_folder, tmp_path, capsys):
    photos, out = make_folder(count=3), tmp_path / "out"
    spoil(photos)
    words = ["prepare", "--photos", str(photos), "--output", str(out), "--size", "8"]
    assert main([*words, "--workers", "1"]) == 0
    text = capsys.readouterr().out.splitlines()
    assert text[0].startswith(f"3 photographs are ready in {out}, 3 new: ")
    assert text[1] == "skipped 11; manifest.json lists all:"
    manifest = json.loads((out / "manifest.json").read_text())
    names = ["cut", "folder", "gone", "nothing", *(f"void{index}" for index in range(7))]
    assert list(manifest["skipped"]) == names
    assert manifest["counts"]["skipped"] == 11
    assert text[-1].endswith(f"--data.train {out} --data.size 8")
    assert [line.split(":")[0] for line in text[2:-1]] == [*(f"  {n}" for n in names[:10]), "  ..."]
    assert "cut.JPG cannot be read as an image" in manifest["skipped"]["cut"]
    assert main([*words[:-1], "8", "--output", str(tmp_path / "strict"), "--strict"]) == 2
    assert not (tmp_path / "strict/manifest.json").exists()
    for path in photos.glob("p*.png"):
        path.unlink()
    with pytest.raises(InputError, match="None of 11 photographs can be prepared"):
        prepare([photos], tmp_path / "none", 8, workers=1)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_among_photographs_is_skipped(make_folder, tmp_path):
    photos = make_folder(count=2)
    (photos / "device.png").symlink_to("/dev/null")
    os.mkfifo(photos / "pipe.png")
    found = prepare([photos], tmp_path / "out", 8, workers=1)
    assert found.prepared == 2
    assert [reason.rpartition("/")[2] for reason in found.skipped.values()] == [
        f"{name}.png is a pipe or a device; expected a file." for name in ("device", "pipe")
    ]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("kind", ["masks", "sketches"])
def test_a_mask_or_drawing_that_cannot_be_read_is_named_itself(make_folder, tmp_path, kind):
    photos, beside = make_folder(count=3), half_masks(tmp_path / kind, 3)
    for name in ("p0", "p1"):
        (beside / f"{name}.png").unlink()
    (beside / "p0.png").symlink_to("nowhere.png")
    (beside / "p1.png").mkdir()
    summary = prepare([photos], tmp_path / "out", 8, workers=1, **{kind: [beside]})
    assert summary.skipped == {
        "p0": f"{beside / 'p0.png'} cannot be read: No such file or directory.",
        "p1": f"{beside / 'p1.png'} cannot be read: Is a directory.",
    }


def test_masks_that_are_empty_full_or_missing(make_folder, tmp_path):
    photos, masks = make_folder(count=4), half_masks(tmp_path / "masks", 2)
    write_image(torch.zeros(1, 8, 8), masks / "p0.png")
    write_image(torch.ones(1, 8, 8), masks / "p2.png")
    summary = prepare([photos], tmp_path / "out", 8, masks=[masks], workers=1)
    assert list(summary.skipped) == ["p3.png", "p0"]
    assert summary.skipped["p3.png"] == f"{masks} lacks the mask of this photograph."
    assert summary.skipped["p0"].endswith("p0.png is empty: nothing would be drawn.")
    with pytest.raises(InputError, match="lacks the mask of 1 of 4"):
        prepare([photos], tmp_path / "b", 8, masks=[masks], workers=1, strict=True)


def test_the_command_that_trains_can_be_copied(make_folder, tmp_path, capsys):
    out = tmp_path / "Anna's faces"
    words = ["prepare", "--photos", str(make_folder(count=2)), "--output", str(out), "--size", "8"]
    assert main([*words, "--workers", "1"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    expected = ["fit", "--config", "portraits", "--data.train", str(out), "--data.size", "8"]
    assert shlex.split(last.partition("flowcolor ")[2]) == expected


def test_names_need_not_be_ascii(tmp_path):
    photos = tmp_path / "Füße 写真"
    for seed, name in enumerate(("é.PNG", "日本.png", "a b'.png", "z🙂.Png")):
        write_image(smooth_photo(seed), photos / name)
    write_image(torch.full((3, 12, 12), 0.5), photos / "one colour.bmp")
    (photos / "link.png").symlink_to(photos / "é.PNG")
    assert prepare([photos], tmp_path / "out", 8, workers=2).prepared == 6
    names = {"é", "日本", "a b'", "z🙂", "one colour", "link"}
    assert set(open_portraits(tmp_path / "out", 8).names) == names
    same_items(open_portraits(tmp_path / "out", 8), open_portraits(photos, 8))
    blank = next(item for item in open_portraits(photos, 8) if item["name"] == "one colour")
    assert (blank["content"] == 1).all()


@pytest.mark.parametrize("writes", [0, 1, 6, 7, 8, 12])  # The journal, then files and its lines.
def test_a_full_disk_leaves_nothing_partial_and_is_continued(
    make_folder, tmp_path, monkeypatch, writes
):
    photos, out = make_folder(count=4), tmp_path / "out"
    prepare([photos], tmp_path / "whole", 8, workers=1)
    left = [writes]

    def fill():
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", opener(fill))
        with pytest.raises(InputError, match=r"written: No space left on device\. What is done is"):
            prepare([photos], out, 8, workers=1)
    assert not list(out.rglob(".*partial"))
    assert prepare([photos], out, 8, workers=1).new == 4 - max(0, writes - 1) // 3
    assert tree(out) == tree(tmp_path / "whole")


def test_one_process_at_a_time(make_folder, tmp_path):
    photos, out = make_folder(count=2), tmp_path / "out"
    with (
        alone(out, "flowcolor prepare"),
        pytest.raises(InputError, match="Another `flowcolor prepare`"),
    ):
        prepare([photos], out, 8, workers=1)
    prepare([photos], out, 8, workers=1)


def test_a_damaged_manifest_is_named(make_folder, tmp_path):
    out = tmp_path / "out"
    prepare([make_folder(count=2)], out, 8, workers=1)
    text = (out / "manifest.json").read_text()
    (out / "manifest.json").write_text(text[:-200])
    with pytest.raises(InputError, match=r"manifest\.json is not the manifest"):
        open_portraits(out, 8)
    (out / "manifest.json").write_text(text.replace("version 1", "version 9"))
    with pytest.raises(InputError, match="version 9"):
        open_portraits(out, 8)
    for part, value in (
        ('"background": "keep"', '"background": "gray"'),
        ('"background": "keep"', '"ground": "keep"'),
        ('"size": 8', '"size": true'),
        ('"size": 8', '"size": NaN'),
        ('"versions": {', '"vers": {'),
        ('"sha256": {', '"sha256": 3, "x": {'),
    ):
        assert part in text
        (out / "manifest.json").write_text(text.replace(part, value, 1))
        with pytest.raises(InputError, match=r"manifest\.json is not the manifest"):
            open_portraits(out, 8)
    (tmp_path / "photos/manifest.json").write_text("{}")
    assert isinstance(open_portraits(tmp_path / "photos", 8).finder, PhotoFolder)


def test_what_was_damaged_is_made_again_and_what_was_retouched_stays(make_folder, tmp_path, caplog):
    photos, out = make_folder(count=4), tmp_path / "out"
    prepare([photos], out, 8, workers=1)
    whole = tree(out)
    for name in ("photos/p0.png", "sketches/p1.png"):
        (out / name).write_bytes(whole[name][:60])
    manifest = json.loads(whole["manifest.json"])
    del manifest["photographs"]["p2"]["sha256"]["sketches/p2.png"]
    (out / "manifest.json").write_text(json.dumps(manifest))
    assert prepare([photos], out, 8, workers=1).new == 3
    assert tree(out) == whole
    write_image(torch.rand(1, 8, 8), out / "sketches/p3.png")
    retouched = (out / "sketches/p3.png").read_bytes()
    caplog.clear()
    assert prepare([photos], out, 8, workers=1).new == 0
    assert tree(out) == whole | {"sketches/p3.png": retouched}
    assert "1 file is not as it was prepared, and stays so: sketches/p3.png" in caplog.text


def test_drawings_are_no_photographs_where_the_manifest_is_damaged(make_folder, tmp_path):
    out = tmp_path / "out"
    prepare([make_folder(count=2)], out, 8, workers=1)
    for damaged in (b"", b"\0" * 99):
        (out / "manifest.json").write_bytes(damaged)
        for root in (out, tmp_path):  # Below another folder, too, its drawings are none.
            with pytest.raises(InputError, match=r"is not the manifest|is a prepared folder"):
                open_portraits(root, 8)


def test_drawings_are_no_photographs_where_the_preparation_was_interrupted(make_folder, tmp_path):
    out = tmp_path / "out"
    CALLS.clear()
    words = {"workers": 1, "sketch_filter": "tests.data.prepare.test_prepare.stops"}
    with pytest.raises(Stop):
        prepare([make_folder(count=6)], out, 8, **words)
    with pytest.raises(InputError, match=r"out is not ready: .* interrupted, .* the same command"):
        open_portraits(out, 8)


def test_files_are_whole_or_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(b"data", tmp_path / ("x" * 300))
    assert tree(tmp_path) == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "0"], "--size expects a whole number from 1 to 16384, got 0"),
        (["--workers", "0"], "--workers expects a whole number from 1 to 1024, got 0"),
        (["--photos", "nowhere"], "nowhere should be a folder of images but does not exist"),
        (["--sketch_filter", "Xdog"], "is one of ColorDodge, GradientLines.*got 'Xdog'"),
        (["--masks", "a", "b"], "each of 1 folders of photographs, got 2"),
        (["--sizes", "8"], "there is no option '--sizes'; did you mean '--size'"),
    ],
)
def test_wrong_options_are_named(make_folder, tmp_path, capsys, words, message):
    photos = [] if "--photos" in words else ["--photos", str(make_folder(count=2))]
    assert main(["prepare", *photos, "--output", str(tmp_path / "out"), *words]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert re.search(message, error)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_says_how_far_how_fast_and_how_long(monkeypatch, capsys, terminal):
    now = [5.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    steps = progress.Progress(total=130, done=10)
    for _ in range(20):
        now[0] += 1
        steps.step()
    steps.close()
    assert (steps.rate, steps.seconds) == (1, 20)
    text = capsys.readouterr().err
    lines = text.split("\r\033[K")[1:-1] if terminal else text.splitlines()
    assert len(lines) == (20 if terminal else 2)
    assert lines[-1] == "30 of 130 photographs, 1.0 a second, 1:40 min left"


def test_a_mapping_that_must_not_be_read_is_named_before_anything_is_written(
    tmp_path, monkeypatch, capsys
):
    mapping = make_tree(tmp_path / "celeba", 4) / "CelebA-HQ-to-CelebA-mapping.txt"
    read = Path.read_bytes

    def forbidden(path):
        if path == mapping:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    words = ["--photos", str(mapping.parent), "--output", str(tmp_path / "out"), "--size", "8"]
    assert main(["prepare", *words, "--workers", "1"]) == 2
    assert capsys.readouterr().err == f"flowcolor: {mapping} cannot be read: Permission denied.\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("strict", [True, False])
def test_a_folder_in_which_nothing_was_prepared_is_not_left(make_folder, tmp_path, strict):
    photos, masks, out = make_folder(count=2), half_masks(tmp_path / "masks", 2), tmp_path / "out"
    for name in ("p0", "p1"):
        (masks / f"{name}.png").write_bytes(b"no image")
    with pytest.raises(InputError, match="is not an image"):
        prepare([photos], out, 8, masks=[masks], workers=1, strict=strict)
    assert not out.exists()
    out.mkdir()
    with pytest.raises(InputError, match="is not an image"):
        prepare([photos], out, 8, masks=[masks], workers=1, strict=strict)
    assert prepare([photos], out, 8, workers=1).prepared == 2  # With other settings.


def closed_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("end", [closed_pipe, lambda: os.open("/dev/full", os.O_WRONLY)])
def test_progress_that_nobody_can_read_does_not_end_the_work(
    make_folder, tmp_path, monkeypatch, end
):
    out = tmp_path / "out"
    monkeypatch.setattr(progress.Progress, "_pause", 0)
    with io.TextIOWrapper(open(end(), "wb", 0), write_through=True) as stream:  # noqa: PTH123
        monkeypatch.setattr(sys, "stderr", stream)
        words = ["prepare", "--photos", str(make_folder(count=3)), "--output", str(out)]
        assert main([*words, "--size", "8", "--workers", "1"]) == 0
        monkeypatch.undo()
    assert len(PreparedFolder(out)) == 3
