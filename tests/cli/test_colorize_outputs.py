"""Painting never writes over what it reads."""

import os
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from flowcolor.cli.jobs import find_jobs
from flowcolor.cli.main import main
from flowcolor.data import SketchReferencePairs
from flowcolor.errors import InputError
from flowcolor.models import flowcolor_tiny
from flowcolor.models.checkpoint import export_weights


@pytest.fixture
def files(tmp_path):
    for name in ("drawing.png", "photo.png", "one/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture = Image.new("RGB", (8, 8), (200, 255, 230))
        picture.paste((0, 0, 0), (2, 2, 3, 7))
        picture.save(tmp_path / name)
    os.link(tmp_path / "photo.png", tmp_path / "linked.png")
    (tmp_path / "pointer.png").symlink_to("drawing.png")
    return tmp_path


@pytest.mark.parametrize(
    ("sketch", "output", "expected"),
    [
        ("drawing.png", "drawing.png", "got .*drawing.png, which is an input of this very"),
        ("drawing.png", "one/../drawing.png", "would be overwritten"),
        ("drawing.png", "new/../drawing.png", "would be overwritten"),
        ("one", "new/../one", "would take results for inputs"),
        ("drawing.png", "photo.png", "got .*photo.png, which is an input of this very"),
        ("drawing.png", "linked.png", "would be overwritten"),
        ("drawing.png", "pointer.png", "would be overwritten"),
        ("drawing.png", ".", "would be overwritten"),
        ("one", "one", "would take results for inputs"),
    ],
)
def test_an_input_is_never_overwritten(sketch, output, expected, files, capsys):
    before = {path: path.read_bytes() for path in files.rglob("*.*g")}
    words = ["--sketch", files / sketch, "--reference", files / "photo.png"]
    words += ["--output", files / output, "--method", "tint"]
    assert main(["colorize", *map(str, words)]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert re.search(expected, message)
    assert {path: path.read_bytes() for path in files.rglob("*.*g")} == before


@pytest.mark.parametrize("plots", [False, True])
def test_nor_is_the_model(plots, files, capsys):
    model = files / "model.safetensors"
    export_weights(flowcolor_tiny(), model, 16)
    before = model.read_bytes()
    os.link(model, files / ("result-plots.png" if plots else "result.png"))
    words = ["--sketch", files / "drawing.png", "--reference", files / "photo.png"]
    words += ["--checkpoint", model, "--output", files / "result.png", *["--plots"] * plots]
    assert main(["colorize", *map(str, words)]) == 2
    assert "which is an input of this very call" in capsys.readouterr().err
    assert model.read_bytes() == before
    assert (files / "result.png").exists() is not plots


@pytest.mark.parametrize("place", ["drawings", "photos", "marks"])
def test_results_do_not_go_among_inputs_of_another_suffix(place, files):
    for folder in ("drawings", "photos", "marks"):
        (files / folder).mkdir()
        Image.open(files / "one/a.png").save(files / folder / "a.jpg")
    inputs = files / "drawings", files / "photos"
    with pytest.raises(InputError, match=r"--output expects a folder that holds no input, got .*"):
        find_jobs(*inputs, files / place, files / "marks")
    assert len(find_jobs(*inputs, files / "out", files / "marks")) == 1


@pytest.fixture
def nested(files):
    """A drawing in a subfolder, and a folder for results."""
    (files / "drawings/inner").mkdir(parents=True)
    Image.open(files / "one/a.png").save(files / "drawings/inner/a.jpg")
    (files / "out").mkdir()
    return files


def test_nor_do_they_through_a_linked_subfolder_of_their_own(nested):
    (nested / "out/inner").symlink_to(nested / "drawings/inner")
    with pytest.raises(InputError, match=r"expects a folder outside of .*, got .*out/inner\."):
        find_jobs(nested / "drawings", nested / "photo.png", nested / "out")


def test_no_pictures_are_replaced_to_which_a_link_among_the_results_leads(nested):
    (nested / "out/inner").symlink_to(nested / "one")
    with pytest.raises(InputError, match=r"out/inner expects a folder of its own, got a link to "):
        find_jobs(nested / "drawings", nested / "photo.png", nested / "out")
    (nested / "link").symlink_to(nested / "out")
    (nested / "out/inner").unlink()
    assert len(find_jobs(nested / "drawings", nested / "photo.png", nested / "link")) == 1


def test_plots_are_not_written_over_another_result(files, capsys):
    (files / "one" / "a-plots.png").write_bytes((files / "one" / "a.png").read_bytes())
    words = ["--sketch", files / "one", "--reference", files / "photo.png", "--plots"]
    words += ["--output", files / "out", "--method", "tint"]
    assert main(["colorize", *map(str, words)]) == 2
    message = capsys.readouterr().err
    assert "out/a-plots.png, which would be the plots of" in message
    assert message.count("\n") == 1
    assert not (files / "out").exists()


def test_a_result_of_an_earlier_run_is_replaced(files):
    for _ in range(2):
        words = ["--sketch", files / "one", "--reference", files / "photo.png"]
        words += ["--output", files / "out", "--method", "tint"]
        assert main(["colorize", *map(str, words)]) == 0
    assert [path.name for path in (files / "out").iterdir()] == ["a.png"]


def test_one_broken_drawing_does_not_end_a_folder(files, capsys):
    (files / "one" / "broken.png").write_bytes(b"no picture")
    Image.new("L", (1, 20000), 255).save(files / "one" / "long.png")
    words = ["--sketch", files / "one", "--reference", files / "photo.png", "--method", "tint"]
    assert main(["colorize", *map(str, words), "--output", f"{files}/out", "--size", "64"]) == 2
    said = capsys.readouterr()
    assert f"wrote {files}/out/a.png" in said.out
    first, second, last = said.err.splitlines()
    assert first.startswith(f"left out {files}/one/broken.png: ")
    assert "would be enlarged to 64x1280000, expected at most 131072 pixels: " in second
    assert last == "flowcolor: 2 of 3 drawings could not be painted: broken.png, long.png."
    assert [path.name for path in (files / "out").iterdir()] == ["a.png"]


def test_the_only_drawing_that_is_too_long_is_one_sentence(files, capsys):
    Image.new("L", (3000, 2), 255).save(files / "long.png")
    words = ["--sketch", files / "long.png", "--reference", files / "photo.png"]
    words += ["--method", "tint", "--size", "64", "--output", files / "out.png"]
    assert main(["colorize", *map(str, words)]) == 2
    message = capsys.readouterr().err
    assert message.startswith("flowcolor: A drawing of 3000x2 would be enlarged to 96000x64, ")
    assert message.count("\n") == 1
    assert not (files / "out.png").exists()


def test_a_strip_is_refused_at_the_size_of_small_models_too(files, capsys):
    """Where each pixel attends to all others, it would take minutes."""
    Image.new("L", (5000, 3), 255).save(files / "long.png")
    words = ["--sketch", files / "long.png", "--reference", files / "photo.png"]
    words += ["--method", "tint", "--no-clean", "--output", files / "out.png"]
    assert main(["colorize", *map(str, words), "--size", "16"]) == 2
    assert capsys.readouterr().err.startswith(
        "flowcolor: A drawing of 5000x3 would be enlarged to 26667x16, expected at most 8192 pixels"
    )
    assert main(["colorize", *map(str, words), "--size", "3"]) == 0


def test_a_result_that_its_format_cannot_hold_is_refused_before(files, capsys, monkeypatch):
    Image.new("L", (20, 16384), 255).save(files / "scroll.png")
    monkeypatch.setattr("flowcolor.cli.colorize.paint", None)
    words = ["--sketch", files / "scroll.png", "--reference", files / "photo.png"]
    words += ["--method", "tint", "--output", files / "out.webp"]
    assert main(["colorize", *map(str, words)]) == 2
    assert capsys.readouterr().err == (
        f"flowcolor: {files}/out.webp expects at most 16383 pixels a side, the most that .webp "
        "holds, got 20x16384: choose .png.\n"
    )


def test_a_large_drawing_is_painted_at_its_own_size(files):
    large = Image.new("L", (2500, 1700), 255)  # More than four million pixels.
    large.paste(0, (200, 200, 2300, 210))
    large.paste(0, (200, 1500, 2300, 1510))
    large.save(files / "large.png")
    words = ["--sketch", files / "large.png", "--reference", files / "photo.png"]
    words += ["--method", "tint", "--size", "own", "--output", files / "out.png"]
    assert main(["colorize", *map(str, words)]) == 0
    with Image.open(files / "out.png") as picture:
        assert picture.size == (2500, 1700)


def test_an_interrupt_is_one_line_and_the_status_of_shells(files, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("flowcolor.inference.Painter.__call__", interrupt)
    words = ["--sketch", files / "one", "--reference", files / "photo.png", "--method", "tint"]
    assert main(["colorize", *map(str, words), "--output", f"{files}/out"]) == 130
    assert capsys.readouterr().err == "flowcolor: interrupted\n"


COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"  # macOS writes the second.


@pytest.mark.parametrize("names", [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_equal_names_in_two_unicode_forms_are_one_pair(names, tmp_path):
    for folder, name in zip(("drawings", "photos"), names, strict=True):
        (tmp_path / folder).mkdir()
        for shade, stem in ((50, name), (200, "other")):
            Image.new("RGB", (8, 8), (shade, 0, 0)).save(tmp_path / folder / f"{stem}.png")
    jobs = find_jobs(tmp_path / "drawings", tmp_path / "photos", tmp_path / "out")
    pairs = {job.content.stem: job.reference.stem for job in jobs}
    assert pairs == {names[0]: names[1], "other": "other"}
    predicted = SketchReferencePairs(tmp_path / "drawings", tmp_path / "photos", 8)
    assert dict(zip(predicted.names, (p.stem for p in predicted.references), strict=True)) == pairs


@pytest.mark.parametrize(
    "place", ["gallery", "gallery/new.png", "gallery/inner", "gallery/inner/x"]
)
def test_results_take_no_place_among_the_photographs_to_choose_from(place, files, capsys):
    inner = "inner" if "inner" in place else "."
    (files / "gallery" / inner).mkdir(parents=True)
    for name, color in (("a", (9, 9, 9)), ("other", (200, 100, 50))):
        Image.new("RGB", (8, 8), color).save(files / "gallery" / inner / f"{name}.png")
    before = (files / "gallery" / inner / "a.png").read_bytes()
    sketch = files / "one/a.png" if place.endswith("new.png") else files / "one"
    words = ["--sketch", sketch, "--gallery", files / "gallery", "--output", files / place]
    assert main(["colorize", "--method", "tint", *map(str, words)]) == 2
    assert (
        f"--output expects a folder outside of {files / 'gallery'}, whose"
        in capsys.readouterr().err
    )
    assert (files / "gallery" / inner / "a.png").read_bytes() == before


def test_broken_files_of_drawings_and_gallery_do_not_end_a_folder(files, capsys, caplog):
    (files / "one" / "broken.png").write_bytes(b"no picture")
    (files / "gallery").mkdir()
    (files / "gallery" / "torn.png").write_bytes(b"no picture")
    Image.new("RGB", (8, 8), (200, 100, 50)).save(files / "gallery" / "whole.png")
    words = ["--sketch", files / "one", "--gallery", files / "gallery", "--method", "tint"]
    assert main(["colorize", *map(str, words), "--output", f"{files}/out"]) == 2
    said = capsys.readouterr()
    assert f"one/a.png gets the colours of {files}/gallery/whole.png" in said.out
    assert f"left out {files}/one/broken.png: " in said.err
    assert said.err.endswith("flowcolor: 1 of 2 drawings could not be painted: broken.png.\n")
    assert "torn.png is not an image" in caplog.text + said.err
    assert [path.name for path in (files / "out").iterdir()] == ["a.png"]
    (files / "one" / "broken.png").unlink()
    assert main(["colorize", *map(str, words), "--output", f"{files}/out"]) == 2
    said = capsys.readouterr()
    assert f"wrote {files}/out/a.png" in said.out
    sentence = f"1 of the photographs of {files}/gallery could not be read: torn.png."
    assert said.err.endswith(f"flowcolor: {sentence}\n")


def test_a_full_disk_ends_a_folder_job(files, capsys, monkeypatch):
    """Hours would be spent on what could not be written."""
    for name in ("b", "c"):
        shutil.copy(files / "one/a.png", files / f"one/{name}.png")
    replace = Path.replace

    def full(path, target):
        if Path(target).stem != "a":
            raise OSError(28, "No space left on device", str(target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full)
    words = ["--content", files / "one", "--output", files / "out", "--method", "unchanged"]
    assert main(["colorize", *map(str, words)]) == 2
    assert capsys.readouterr().err == (
        f"flowcolor: {files}/out/b.png cannot be written: No space left on device.\n"
    )
    assert [path.name for path in (files / "out").iterdir()] == ["a.png"]


def test_pages_that_are_not_painted_are_said(files, capsys):
    """Scanners save all pages in one file."""
    pages = [Image.new("L", (8, 8), level) for level in (90, 200, 30)]
    for count in (1, 3):
        pages[0].save(files / "scan.tif", save_all=True, append_images=pages[1:count])
        words = ["--content", files / "scan.tif", "--output", files / "out.png"]
        words += ["--method", "unchanged"]
        assert main(["colorize", *map(str, words)]) == 0
        said = capsys.readouterr().out
        assert ("  notice: only the first of its 3 pages is painted\n" in said) == (count == 3)
