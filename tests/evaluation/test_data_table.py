"""Tables over data sets: which number stands where, and which may not stand together."""

from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import write_report
from flowcolor.evaluation.scores import PairScore
from tests.training.helpers import flowcolor


def write(folder, name, about, ssim, setting="cross", truth="0"):
    scores = {"ssim": ssim, "ssim_sketch": 0.25, "ssim_tint": 0.5}
    scores |= {"psnr": 10 * ssim, "psnr_sketch": 1.0, "psnr_tint": 2.0}
    pairs = [
        PairScore(setting, index, str(index), "x", {"truth": truth}, scores, [0.0] * 3, [0.0] * 3)
        for index in range(2)
    ]
    (path, _) = write_report(Report(pairs, about=about), folder, name)
    return path


def test_rows_are_data_sets_and_columns_methods(tmp_path, capsys):
    files = [
        write(tmp_path, "a", {"result": "runs/ours", "truth": "data/faces"}, 0.75),
        write(tmp_path, "b", {"model": "Tint", "data": {"test": "data/faces"}}, 0.5),
        write(
            tmp_path, "c", {"model": "Tint", "data": {"test": None, "train": ["x/one", "two"]}}, 1
        ),
    ]
    assert flowcolor("table", "--reports", *files, "--output", tmp_path / "t.md") == 0
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (tmp_path / "t.md").read_text().splitlines()
    ]
    assert (tmp_path / "t.md").read_text() in capsys.readouterr().out
    names = ["ours", "Tint", "the sketch itself", "sketch tinted by the reference"]
    assert rows[0] == ["data", *(f"{name}, {x}" for name in names for x in ("PSNR", "SSIM"))]
    trivial = ["1.00", "0.2500", "2.00", "0.5000"]
    assert rows[2] == ["faces", "7.50", "0.7500", "5.00", "0.5000", *trivial]
    assert rows[3] == ["one, two", "-", "-", "10.00", "1.0000", *trivial]


def test_what_may_not_stand_together_is_one_sentence(tmp_path, capsys):
    about = {"model": "Tint", "truth": "faces"}
    first = write(tmp_path, "a", about, 0.5)
    gray = write(tmp_path, "b", {**about, "model": "LUT", "content": "gray"}, 0.5)
    without = write(tmp_path, "c", about, 0.5)
    without.write_text(without.read_text().replace("psnr", "prns"))
    other = write(tmp_path, "d", {"model": "Tint", "truth": "x/faces"}, 0.5, truth="1")
    cases = {
        "one kind of content, got drawing and gray": (first, gray),
        f"got others in {first} and {other}, which both call theirs faces": (first, other),
        "is a second report of Tint on faces": (first, first),
        "expects scores in the setting self, got none": (first, "--setting", "self"),
        "expects psnr, ssim, got none of psnr": (without,),
        "cannot be read": (tmp_path / "gone.json",),
    }
    for sentence, words in cases.items():
        assert flowcolor("table", "--reports", *words, "--output", tmp_path / "t.md") == 2
        assert sentence in capsys.readouterr().err
    assert not (tmp_path / "t.md").exists()
    before = first.read_bytes()
    assert flowcolor("table", "--reports", first, "--output", first) == 2
    assert "--output expects a place that holds no input" in capsys.readouterr().err
    assert first.read_bytes() == before
    picture = tmp_path / "face.png"
    picture.write_bytes(b"the only one")
    for place, sentence in (
        (picture, "--output expects a file ending in .md, .markdown, .txt, got"),
        ("~/t.md", "--output expects a place written in full, got ~/t.md"),
    ):
        assert flowcolor("table", "--reports", first, "--output", place) == 2
        said = capsys.readouterr()
        assert (said.out, sentence in said.err) == ("", True)
    assert picture.read_bytes() == b"the only one"
