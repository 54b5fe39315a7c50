"""What ``flowcolor score`` and ``flowcolor study`` show of painted drawings."""

import json
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from docs.gallery.desk import run
from docs.gallery.painting import painter
from docs.gallery.people import FACES, drawn, invented
from flowcolor.evaluation.study.key import Page, read_key
from flowcolor.io.images import read_image, write_image
from flowcolor.io.resizing import resize
from flowcolor.pretrained import packaged_file

Picture = tuple[str, Tensor]
SIDE = 128
METHODS = ("faces", "tint")


def quickstart() -> Iterator[Picture]:
    """The picture that ``flowcolor quickstart`` names, half as large."""
    with tempfile.TemporaryDirectory() as place:
        run("quickstart", "--output", place)
        picture = read_image(Path(place) / "quickstart.png")
    yield (
        "quickstart",
        resize(picture, (picture.shape[-2] // 2, picture.shape[-1] // 2)).clamp(0, 1),
    )


def validated() -> Iterator[Picture]:
    """What ``flowcolor fit`` and ``validate`` draw of the held-out photographs."""
    with tempfile.TemporaryDirectory() as place:
        words = ["--ckpt_path", packaged_file("faces"), "--data.train", "embedded"]
        run("validate", *words, "--data.size", SIDE, "--trainer.default_root_dir", place)
        for setting in ("self", "cross"):
            picture = next((Path(place) / "pictures").glob(f"val-{setting}-*.png"))
            yield f"validate-{setting}", read_image(picture)


def graded() -> Iterator[Picture]:
    """The chart of a study that eight simulated people took part in."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        key_file = make_study(write_results(folder), folder / "study") / "key.json"
        key = read_key(key_file)
        files = []
        for person in range(1, 9):
            pages = [_grade(page, random) for page in sorted(key.pages, key=_place)]
            content = {"study": key.study, "kind": key.kind, "participant": person, "pages": pages}
            files.append(folder / f"answers-{person}.json")
            files[-1].write_text(json.dumps(content), "utf-8")
        run("study", "report", *files, "--key", key_file, "--output", folder / "report")
        picture = read_image(folder / "report" / "grades.png")
    half = (picture.shape[-2] // 2, picture.shape[-1] // 2)
    yield "study-grades", resize(picture, half).clamp(0, 1)


def _place(page: Page) -> tuple[bool, str, str]:
    """Where a page stands among all, in whatever order they are shown; the repeated one last."""
    return page.role == "repeat", page.question, page.name


def _grade(page: Page, random: np.random.Generator) -> dict[str, Any]:
    likes = {"ours": 4.0, "theirs": 2.2}
    grades = {letter: likes[method] for letter, method in page.letters.items()}
    if page.role == "control":
        grades = {page.truth: 5.0, page.bad: 1.0}
    noisy = {
        letter: int(np.clip(round(random.normal(grades[letter], 0.7)), 1, 5))
        for letter in sorted(grades, key=grades.__getitem__)
    }
    return {"page": page.id, "seconds": 9.0, "grades": noisy}


def asked() -> Iterator[Picture]:
    """Two questions as survey sites show them: about colours, and which picture is real."""
    with tempfile.TemporaryDirectory() as place:
        folders = write_results(Path(place))
        yield (
            "study-colors",
            survey_page(
                folders,
                Path(place) / "grade",
                lambda page: (
                    (page.question, page.role, page.name) == ("color", "pair", "beard")
                    and page.letters == {"A": "ours", "B": "theirs"}
                ),
            ),
        )
        yield (
            "study-fool",
            survey_page(
                folders,
                Path(place) / "fool",
                lambda page: (
                    (page.role, page.name, page.truth) == ("pair", "beard", "A")
                    and page.letters[page.trial[1]] == "ours"
                ),
                "--kind",
                "fool",
            ),
        )


def survey_page(
    folders: dict[str, Path], place: Path, wanted: Callable[[Page], bool], *more: object
) -> Tensor:
    """Return the first page of a kind, of as many studies as it takes.

    The bytes of all pictures decide on what goes where, and processors round some otherwise.
    """
    for seed in count():
        study = make_study(folders, place / str(seed), "--seed", seed, *more)
        for page in read_key(study / "key.json").pages:
            if wanted(page):
                return read_image(study / "survey" / f"{page.id}.png")
    raise AssertionError


def make_study(folders: dict[str, Path], place: Path, *more: object) -> Path:
    """Make a small study of invented people and return its folder."""
    words = ["--methods", f"ours={folders['faces']}", f"theirs={folders['tint']}"]
    if "fool" not in more:
        words += ["--sketches", folders["drawings"], "--references", folders["references"]]
    words += ["--truth", folders["photos"], "--pairs", 4, "--size", SIDE]
    run("study", "make", *words, *more, "--output", place)
    return place


def scored() -> Iterator[Picture]:
    """Best, median and worst results by ``flowcolor score``, also small and without drawings."""
    with tempfile.TemporaryDirectory() as place:
        folders = write_results(Path(place))
        words = ["--results", folders["faces"], "--truth", folders["photos"]]
        words += ["--references", folders["references"]]
        output = Path(place) / "score"
        run("score", *words, "--sketches", folders["drawings"], "--output", output)
        yield "score-extremes", read_image(output / "extremes-cross.png")
        run("score", *words, "--size", SIDE // 2, "--output", output)
        yield "score-small", read_image(output / "extremes-cross.png")


def write_results(place: Path) -> dict[str, Path]:
    """Paint every invented person with the next one's colours, and write it all for a command."""
    kinds = ("photos", "drawings", "references", *METHODS)
    folders = {kind: place / kind for kind in kinds}
    names = list(FACES)
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        photo, reference = (resize(invented(n), (SIDE, SIDE)).clamp(0, 1) for n in (name, other))
        images = {"photos": photo, "drawings": drawn(photo), "references": reference}
        for method in METHODS:
            images[method] = painter(method)(images["drawings"], reference).image
        for kind, image in images.items():
            write_image(image, folders[kind] / f"{name}.png")
    return folders
