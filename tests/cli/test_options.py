"""Words of options that look right and are none: each is one sentence."""

import re
from pathlib import Path

import pytest
import torch

from flowcolor.cli.colorize_options import make_parser
from flowcolor.cli.main import main
from flowcolor.cli.options import check_device
from flowcolor.cli.seeds import read_seeds
from flowcolor.errors import InputError
from flowcolor.io.images import write_image
from flowcolor.models.dots import read_dots
from flowcolor.painting import shorter_side

LONG = "9" * 5000  # More digits than Python makes an integer of.


OUTPUTS = {
    "score": ("--results", "r", "--truth", "t", "--references", "p", "--output"),
    "quickstart": ("--output",),
    "study import": ("a.csv", "--key", "key.json", "--output"),
    "study report": ("a.json", "--key", "key.json", "--output"),
    "push": ("--checkpoint", "faces", "--repo", "user/name", "--folder"),
    "prepare": ("--photos", ".", "--output"),
    "compare": ("--methods", "tint", "--output"),
    "scaling": ("--config", "quickstart", "--trainer.max_steps", "1", "--output"),
    "ablate": ("--table", "4.3", "--config", "quickstart", "--output"),
}


@pytest.mark.parametrize("command", OUTPUTS)
def test_a_file_where_a_folder_is_written_is_refused_before_the_work(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    write_image(torch.rand(3, 8, 8), "file.png")
    before = (tmp_path / "file.png").read_bytes()
    assert main([*command.split(), *OUTPUTS[command], "file.png"]) == 2
    said = capsys.readouterr()
    assert re.search(r"--(output|folder) expects a folder, got the file file\.png\.\n$", said.err)
    assert said.err.count("\n") == 1
    assert not said.out
    assert [path.name for path in tmp_path.iterdir()] == ["file.png"]
    assert (tmp_path / "file.png").read_bytes() == before


BELOW = OUTPUTS | {
    "study make": ("--methods", "a=r", "--sketches", "t", "--references", "p", "--output"),
    "styles": ("--method", "lut", "--contents", "file.png", "--references", "file.png", "--output"),
    "marks": ("--photo", "file.png", "--output"),
    "export": ("--output",),
}


@pytest.mark.parametrize(
    "command", sorted(BELOW.keys() - {"prepare"})
)  # It begins with its folder.
def test_a_place_below_a_file_is_refused_before_the_work(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_image(torch.rand(3, 16, 16), "file.png")
    place = "file.png/a.onnx" if command == "export" else "file.png/a.png"
    assert main([*command.split(), *BELOW[command], place]) == 2
    said = capsys.readouterr()
    assert re.search(rf"--(output|folder) expects a place in a folder, got {place}: ", said.err)
    assert said.err.endswith("/file.png is a file.\n")
    assert said.err.count("\n") == 1
    assert not said.out


def test_a_program_does_not_take_the_place_of_its_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("model.pt2").write_bytes(b"weights")
    words = ["--format", "torch", "--checkpoint", "model.pt2", "--output", "model.pt2"]
    assert main(["export", *words]) == 2
    assert "--output expects a place that holds no input" in capsys.readouterr().err
    assert Path("model.pt2").read_bytes() == b"weights"


@pytest.mark.parametrize(
    "words", ["weights --from FILE", "compare --methods FILE --data.train embedded"]
)
def test_a_file_that_must_not_be_read_is_one_sentence(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file, real = tmp_path / "file.safetensors", Path.open
    file.touch()

    def refuse(path, *args, **options):
        if path == file:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert main([str(file) if word == "FILE" else word for word in words.split()]) == 2
    assert capsys.readouterr().err == f"flowcolor: {file} cannot be read: Permission denied.\n"


@pytest.mark.parametrize("name", ["meta", "cuda:99", "tpu", "", "cpu cpu"])
def test_a_device_that_computes_nothing_is_refused(name):
    with pytest.raises(InputError, match=f"--device expects a device of this machine, got '{name}"):
        check_device(name)
    assert check_device("cpu") == "cpu"


@pytest.mark.parametrize("text", ["1,01", "0, 0", "0,1,", "", "-1", "1.5", "4294967296", LONG])
def test_seeds_that_are_equal_or_none_are_refused(text):
    with pytest.raises(InputError, match="--seeds expects different numbers up to 4294967295, as"):
        read_seeds(text)


def test_the_largest_seed_is_one():
    assert read_seeds("4294967295, 0") == (4294967295, 0)


@pytest.mark.parametrize("size", ["0", "-1", "nan", "1e3", "16385", "²", LONG])
def test_sizes_that_are_none_are_refused(size):
    with pytest.raises(InputError, match="--size expects `trained`, `own` or a number of pixels"):
        shorter_side(size)


@pytest.mark.parametrize(
    "word",
    [
        *("1,1=rgb(300,0,0)", "1,1=hsl(10,200%,5%)", "1,1=hsv(10,300%,5%)", "1,1=#12345", "1,1="),
        *("nan,1=red", "1,1,1=red", f"{LONG},1=red"),
    ],
)
def test_dots_that_are_none_are_refused(word):
    with pytest.raises(InputError, match="--dots expects X,Y=COLOUR as 120,80=#3366cc or"):
        read_dots([word])


def test_two_colours_at_one_place_are_refused():
    with pytest.raises(InputError, match="for each place, got 1,2=red and 1,2=#0000ff") as refused:
        read_dots(["1,2=red", "2,1=blue", "1,2=#0000ff"])
    assert str(refused.value).startswith("--dots expects one colour")
    assert len(read_dots(["1,2=red", "1,2=#ff0000", "2,1=blue"])) == 3


@pytest.mark.parametrize(
    "words",
    [
        ("colorize", "--sketch", "a.png", "--reference=b.png", "--output", ""),
        ("colorize", "--sketch=a.png", "--reference=b.png", "--output=c.png", "--method="),
        ("prepare", "--photos", "", "--output=b"),
        ("prepare", "--photos=a", "--output=b", "--masks", "c", ""),
        ("ablate", "--table=4.3", "--config=quickstart", "--output="),
        ("score", "--results=a", "--truth=b", "--references=c", "--output", ""),
    ],
)
def test_an_empty_word_is_refused_instead_of_taken_for_the_present_folder(
    words, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert re.search(r"--\w+ expects a value, got an empty word\.$", error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("styles --contents a.png --references p --output o.png --contents b.png", "--contents"),
        ("prepare --photos a --output o --photos=b", "--photos"),
        ("table --reports a.json --reports b.json", "--reports"),
        ("colorize --content a.png --output o.png --set system=normal --set neighbors=4", "--set"),
        ("colorize --content a.png --output o.png --dots 1,1=red --dots 2,2=blue", "--dots"),
        ("push --checkpoint faces --repo a/b --limits One. --limits Two.", "--limits"),
        ("study make --methods a=r --output o --methods b=s", "--methods"),
        ("compare --methods tint --output o --methods unchanged", "--methods"),
    ],
)
def test_a_second_list_that_would_replace_the_first_is_refused(
    words, option, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert error.endswith(f": {option} expects all of its words behind one {option}, got two.\n")
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sketch", ["my drawing.png", "a.png b.png c.png"])
def test_words_behind_no_option_are_told_how_to_be_given(sketch, capsys):
    words = ["colorize", "--sketch", *sketch.split(), "--reference", "r.png", "--output", "o"]
    assert main(words) == 2
    assert capsys.readouterr().err == (
        f"flowcolor: flowcolor colorize: {words[3]!r} belongs to no option: a path with spaces "
        "needs quotes, and several files are given as their folder.\n"
    )


def test_of_one_word_the_last_counts_and_what_is_collected_may_come_again(caplog):
    words = ["--sketch", "a", "--output", "b", "--sketch", "c", "--vary", "a=1", "--vary", "a=2"]
    words += ["--lines=keep", "--lines", "keep"]
    options = make_parser().read(words)
    assert options.sketch == Path("c")
    assert caplog.messages == ["flowcolor: --sketch is given twice: c counts, and a does not."]
    assert options.vary == [["a=1"], ["a=2"]]
