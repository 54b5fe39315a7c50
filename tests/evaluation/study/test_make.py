import json
import re

import numpy as np
import pytest
from PIL import Image

from flowcolor.evaluation.study.key import read_key
from flowcolor.io.images import write_image
from tests.evaluation.study.conftest import LEVELS, METHODS, SIZE, flat


def public(place):
    html = (place / "participants/study.html").read_text("utf-8")
    return json.loads(re.search(r"const study = (.*);\n", html)[1])


def color(place, file):
    with Image.open(place / "participants/pictures" / file) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (SIZE, SIZE))
        assert dict(picture.getexif()) == {}
        assert picture.info == {}
        return tuple(int(value) for value in np.asarray(picture)[3, 5])


def test_behind_every_letter_is_the_picture_that_the_key_says(make):
    status, place = make("--pairs", "6")
    assert status == 0
    key = read_key(place / "key.json")
    for shown in public(place)["pages"]:
        page = key.page(shown["id"])
        number = 10 * int(page.name[-1])
        for letter, file in shown["pictures"].items():
            if letter == page.bad:  # Patches of the reference's colours.
                assert color(place, file) == (LEVELS["references"], number, 7)
            else:
                who = "truth" if letter == page.truth else page.letters[letter]
                assert color(place, file) == (LEVELS[who], number, 7)
        beside = (number,) * 3 if page.question == "geometry" else (LEVELS["references"], number, 7)
        assert color(place, shown["input"]) == beside


def test_half_of_the_pairs_ask_for_each_question_beside_two_controls(make):
    key = read_key(make("--pairs", "7")[1] / "key.json")
    pairs = [page for page in key.pages if page.role == "pair"]
    assert sorted(page.question for page in pairs) == ["color"] * 3 + ["geometry"] * 4
    assert len({page.name for page in pairs}) == 7
    assert all(sorted(page.letters.values()) == sorted(METHODS) for page in pairs)
    (control,) = (page for page in key.pages if page.role == "control")
    assert control.truth
    assert control.bad
    assert len(control.all_letters) == len(METHODS)
    assert control.name not in {page.name for page in pairs}
    (repeat,) = (page for page in key.pages if page.role == "repeat")
    assert key.page(repeat.repeats).letters == repeat.letters
    assert sorted(page.id for page in key.pages) == [f"p{i:02}" for i in range(1, 10)]


def test_without_the_truth_a_bad_picture_is_control_enough(make):
    key = read_key(make("--pairs", "8", truth=False)[1] / "key.json")
    (control,) = (page for page in key.pages if page.role == "control")
    assert (control.truth, bool(control.bad), len(control.all_letters)) == (None, True, 3)


def test_nothing_that_is_given_away_names_a_method_or_a_drawing(make):
    _, place = make("--pairs", "6")
    files = [path for path in place.rglob("*") if path.is_file() and path.name != "key.json"]
    assert len(files) > 30
    for path in files:
        name = str(path.relative_to(place)).lower().encode()
        for word in (*METHODS, *(f"face{i}" for i in range(8))):
            assert word.lower().encode() not in name + path.read_bytes().lower(), path
    pictures = {path.name for path in (place / "participants/pictures").iterdir()}
    assert all(re.fullmatch(r"[0-9a-f]{16}\.png", name) for name in pictures)
    assert pictures == set(read_key(place / "key.json").pictures)


def test_the_page_asks_nothing_of_a_network(make):
    html = (make("--pairs", "2")[1] / "participants/study.html").read_text("utf-8")
    assert "default-src 'none'" in html
    assert (
        re.findall(r"https?://|//[a-z]+\.|@import|<link(?! rel=\"icon\" href=\"data:)", html) == []
    )
    assert "@STUDY@" not in html


def test_participants_are_told_that_photographs_were_grey(make):
    drawings, gray = (
        (make("--pairs", "2", *words, output=output)[1])
        for words, output in (((), "drawings"), (("--content", "gray"), "gray"))
    )
    for place, has in ((drawings, ("line drawings", "线稿")), (gray, ("grey photograph", "黑白"))):
        pages = [place / "participants/study.html", place / "survey/questions.csv"]
        html, survey = (page.read_text("utf-8-sig") for page in pages)
        for language in has:
            assert language in html
        assert ("of the drawing?" in survey) == ("of the drawing?" in html) == (place == drawings)
        assert ("of the grey photograph?" in survey) == (place == gray)
    assert "线稿" not in (gray / "participants/study.html").read_text("utf-8")


def test_one_seed_makes_one_study_and_another_another(make):
    first, same, other = (
        make("--pairs", "4", "--seed", seed, output=output)[1]
        for seed, output in (("3", "a"), ("3", "b"), ("4", "c"))
    )
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(same) for path in same.rglob("*") if path.is_file())
    assert all((first / name).read_bytes() == (same / name).read_bytes() for name in names)
    assert read_key(other / "key.json").study != read_key(first / "key.json").study


def test_the_seed_alone_does_not_tell_the_letters(make, folders):
    before = read_key(make("--pairs", "8")[1] / "key.json")
    write_image(flat("Rival", 9), folders / "Rival/face0.png")
    after = read_key(make("--pairs", "8", output="other")[1] / "key.json")
    letters = [
        [page.letters for page in key.pages if page.role == "pair"] for key in (before, after)
    ]
    assert letters[0] != letters[1]
    assert not set(before.pictures) & set(after.pictures)


def test_a_study_of_fakes_always_shows_the_real_picture_and_one_other(make):
    _, place = make("--kind", "fool", "--pairs", "5")
    key = read_key(place / "key.json")
    for shown in public(place)["pages"]:
        page = key.page(shown["id"])
        others = [set(trial) - {page.truth} for trial in shown["trials"]]
        assert all(page.truth in trial and len(trial) == 2 for trial in shown["trials"])
        assert {letter for other in others for letter in other} == page.all_letters - {page.truth}
        assert page.trial in shown["trials"]
        assert color(place, shown["pictures"][page.truth])[0] == LEVELS["truth"]
        if page.role == "pair":
            assert len(others) == len(METHODS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--pairs", "9"), "--pairs expects at most the 8 drawings, got 9."),
        (("--pairs", "1"), "--pairs expects a number from 2 to 500, got 1."),
        (("--size", "8"), "--size expects a number from 16 to 2048, got 8."),
        (("--methods", "a"), "--methods expects NAME=FOLDER, got 'a'."),
        (("--methods", "a=x", "a=y"), "--methods expects names that differ, got 'a' twice."),
        (("--methods", "\xe9=x", "e\u0301=y"), "names that differ, got 'e\u0301'"),
        (("--methods", "a=/nowhere"), "/nowhere should be a folder of images but does not exist."),
        (("--methds", "a=b"), "there is no option '--methds'; did you mean '--methods'."),
        (("--seconds", "nan"), "--seconds expects a number from 0 to 60, got nan."),
        (("--layout", "after"), "--layout after expects --kind fool, without which it does"),
        (("--seconds", "2"), "--seconds 2.0 expects --kind fool, without which it does nothing."),
        (("--kind", "fool", "--layout", "after"), "--layout after expects --seconds above 0, got"),
        (("--kind", "fool", "--sketches", "d"), "--sketches d expects --kind grade, without which"),
        (("--kind", "fool", "--references", "d"), "--references d expects --kind grade, without"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_sentence_and_leaves_nothing(make, capsys, words, message):
    status, place = make(*words, methods=[] if "--methods" in words else METHODS)
    error = capsys.readouterr().err
    assert (status, error.count("\n")) == (2, 1)
    assert message in error
    assert not place.exists()
    assert list(place.parent.glob(".*")) == []


def test_a_missing_and_a_broken_result_are_named(make, folders, capsys):
    (folders / "Rival/face3.png").unlink()
    assert make("--pairs", "3")[0] == 2
    assert "Rival expects an image for each of" in (error := capsys.readouterr().err)
    assert "got none for 1 of 8: face3." in error
    (folders / "Rival/face3.png").write_bytes(b"broken")
    assert make("--pairs", "8")[0] == 2
    assert "face3.png is not an image that Pillow can read." in capsys.readouterr().err
    assert not (folders / "study").exists()


def test_a_folder_that_holds_something_is_left_alone(make, folders, capsys):
    (folders / "study").mkdir()
    assert make("--pairs", "2")[0] == 0
    before = (folders / "study/key.json").read_bytes()
    assert make("--pairs", "3")[0] == 2
    assert "--output expects a new or empty folder, got" in capsys.readouterr().err
    assert (folders / "study/key.json").read_bytes() == before


def test_a_study_is_no_picture_for_the_next_one(make, folders, capsys):
    (folders / "truth").rename(folders / "inner")
    (folders / "truth").mkdir()
    (folders / "inner").rename(folders / "truth/inner")
    assert make("--kind", "fool", "--pairs", "2", output="truth/study")[0] == 2
    expected = f"--output expects a folder outside of {folders / 'truth'}, whose images are read"
    assert expected in capsys.readouterr().err
    assert [path.name for path in (folders / "truth").iterdir()] == ["inner"]


def test_a_study_needs_its_folders(folders, capsys):
    from flowcolor.cli.main import main

    words = ["study", "make", "--methods", f"a={folders / 'Rival'}", "--output", str(folders / "s")]
    assert main(words) == 2
    assert "--kind grade expects --sketches FOLDER, got none." in capsys.readouterr().err
    assert main([*words, "--kind", "fool"]) == 2
    assert "--kind fool expects --truth FOLDER, got none." in capsys.readouterr().err
    assert main(["study", "raport"]) == 2
    assert "got 'raport'; did you mean 'report'." in capsys.readouterr().err
