"""Nothing is lost because a name cannot be shown, and nobody sees a traceback for a closed pipe."""

import csv
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import distributed

from flowcolor.cli.latents import plot
from flowcolor.cli.main import COMMANDS, main
from flowcolor.console import complain, say, shown, warn
from flowcolor.data import open_portraits, write_image
from flowcolor.errors import InputError
from flowcolor.evaluation.captions import captioned
from flowcolor.evaluation.curves import Point, draw_curves
from flowcolor.evaluation.study.chart import write_chart
from flowcolor.io.images import read_image
from flowcolor.io.whole_file import write_text
from flowcolor.models import flowcolor_tiny
from flowcolor.models.checkpoint import export_weights
from flowcolor.training.quiet import quiet

ODD = ["\udc83J", "é写", "plain"]  # The first is Shift-JIS, as Linux hands it to Python.


def photographs(folder):
    for seed, name in enumerate(ODD):
        generator = torch.Generator().manual_seed(seed)
        write_image(torch.rand(3, 16, 16, generator=generator), folder / f"{name}.png")
    return str(folder)


@pytest.fixture
def photos(tmp_path):
    return photographs(tmp_path / "f\udcff")


def test_text_that_cannot_be_shown_is_escaped(capsys, monkeypatch):
    say(f"wrote {ODD[0]}")
    complain(ODD[0])
    assert capsys.readouterr() == ("wrote \\udc83J\n", "\\udc83J\n")
    with Path(os.devnull).open("w", encoding="cp1252") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        say("写")


def test_of_processes_that_have_met_the_first_says_that_all_are_interrupted(capsys, monkeypatch):
    def interrupt(_words):
        raise KeyboardInterrupt

    monkeypatch.setitem(COMMANDS, "methods", interrupt)
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    said = []
    for rank in (0, 1):
        monkeypatch.setattr(distributed, "get_rank", lambda rank=rank: rank)
        assert main(["methods"]) == 130
        said.append(capsys.readouterr().err)
    assert said == ["flowcolor: interrupted\n", ""]


COMMAND = "a\x1b[31m\n\u202eb\r\x9b"  # Red, another line, backwards, the line's beginning, again.


def test_no_name_commands_a_terminal(capsys, caplog):
    say(f"one {COMMAND}\n\ttwo")
    complain(COMMAND)
    warn(COMMAND)
    plain = r"a\x1b[31m\n\u202eb\r\x9b"
    assert capsys.readouterr() == (f"one {plain}\n\ttwo\n".replace(r"m\n", "m\n"), f"{plain}\n")
    assert caplog.messages == [f"flowcolor: {plain}"]
    joined = "\u0915\u094d\u200d\u0937"  # Devanagari, which needs its joiner.
    assert shown(joined) == joined


def test_what_lightning_logs_commands_no_terminal(caplog):
    with quiet(), caplog.at_level(logging.INFO, "lightning.pytorch"):
        logging.getLogger("lightning.pytorch").info("in %s\nand", "\x1b]0;title\x07")
    assert "in \\x1b]0;title\\x07\nand" in caplog.messages


def test_folders_whose_names_are_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    photos, out = Path(COMMAND), f"out{COMMAND}"
    for name in ("a", f"b{COMMAND}"):
        write_image(torch.rand(3, 16, 16), photos / f"{name}.png")
    (photos / f"c{COMMAND}.png").touch()
    words = ["--method", "tint", "--reference", str(photos / "a.png"), "--output", out]
    assert main(["colorize", *words, "--sketch", COMMAND]) == 2
    (photos / f"c{COMMAND}.png").unlink()
    words = ["--truth", COMMAND, "--references", COMMAND, "--output", f"score{COMMAND}"]
    assert main(["score", "--results", out, *words]) == 0
    assert main(["table", "--reports", f"score{COMMAND}/score.json"]) == 0
    said = "".join(capsys.readouterr())
    assert said.count("outa\\x1b[31m\\n") > 2
    assert said.count("left out ") == 1
    assert not set(said) & set("\x1b\u202e\r\x9b")
    assert not [line for line in said.splitlines() if line.startswith("\\u202e")]


def test_names_in_pictures_are_no_formulas(tmp_path):
    for name in ("$x_{$", COMMAND):
        plot(torch.rand(2, 9), [name, "b"], tmp_path / "latents.png")
        draw_curves([Point(1, name, 2.0)], tmp_path / "curves.png")
        rate = {"mean": 0.5, "low": 0.4, "high": 0.6}
        write_chart({"fool": {"methods": {name: rate}}}, tmp_path / "rates.png")
        grades = {"shares": [0.2] * 5}
        write_chart({"color": {"methods": {name: grades}}}, tmp_path / "grades.png")
        assert captioned({name: torch.zeros(3, 64, 64)}).amax() > 0.5  # Letters above black.
    for picture in ("latents", "curves", "rates", "grades"):
        assert read_image(tmp_path / f"{picture}.png").std() > 0


def test_files_keep_names_that_are_no_text(tmp_path):
    write_text(json.dumps({"name": ODD[0]}, ensure_ascii=False), tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["name"] == ODD[0]


def test_score_and_colorize(photos, tmp_path, capsys):
    words = ["colorize", "--method", "tint", "--sketch", photos, "--reference", photos]
    assert main([*words, "--output", str(tmp_path / "painted\udcfe")]) == 0
    assert capsys.readouterr().out.count("\\udcfe/") == 3
    words = ["--results", str(tmp_path / "painted\udcfe"), "--truth", photos]
    words += ["--references", photos, "--output", str(tmp_path / "score\udcfd")]
    assert main(["score", *words]) == 0
    assert "udc83" in capsys.readouterr().out
    folder = tmp_path / "score\udcfd"
    pairs = json.loads((folder / "score.json").read_text("utf-8"))["pairs"]
    assert sorted(pair["name"] for pair in pairs) == sorted(ODD)
    rows = list(csv.DictReader((folder / "score.csv").read_text("utf-8").splitlines()))
    assert "\\udc83J" in {row["name"] for row in rows}
    assert (folder / "extremes-cross.png").is_file()
    words[-1] = str(tmp_path / "again")
    assert main(["score", *words, "--compare", str(folder / "score.json")]) == 0


def test_prepare_test_and_predict(photos, tmp_path, capsys):
    ready = str(tmp_path / "ready\udcfc")
    words = ["prepare", "--photos", photos, "--output", ready, "--size", "16", "--workers", "1"]
    assert main(words) == 0
    assert set(open_portraits(ready, 16).names) == set(ODD)
    model = tmp_path / "model.safetensors"
    export_weights(flowcolor_tiny(), model, 16)
    words = ["--ckpt_path", str(model), "--trainer.accelerator=cpu"]
    root = ["--trainer.default_root_dir", str(tmp_path / "tested\udcfb")]
    assert main(["test", *words, *root, f"--data.test={photos}", "--pictures.write_all=true"]) == 0
    pairs = json.loads((tmp_path / "tested\udcfb/test.json").read_text("utf-8"))["pairs"]
    assert {pair["name"] for pair in pairs} == set(ODD)
    root[1] = str(tmp_path / "painted")
    files = [f"--data.predict.sketches={photos}", f"--data.predict.photos={photos}"]
    assert main(["predict", *words, *root, *files]) == 0
    assert {path.stem for path in (tmp_path / "painted").glob("*.png")} == set(ODD)
    assert "Traceback" not in capsys.readouterr().err


def test_a_run_that_could_not_be_continued_is_refused(photos, tmp_path, capsys):
    words = ["fit", "--config", "quickstart", "--trainer.default_root_dir"]
    assert main([*words, str(tmp_path / "runs\udcfb")]) == 2
    assert main([*words, str(tmp_path / "runs"), f"--data.train={photos}"]) == 2
    error = capsys.readouterr().err.splitlines()
    assert [line.partition(", got ")[0] for line in error] == [
        "flowcolor: flowcolor fit expects names in UTF-8, because a run notes them"
    ] * 2
    assert not list(tmp_path.glob("runs*"))


def run(words, redirection="", **environment):
    environment = {"PYTHONUNBUFFERED": "", **environment}
    command = f"{sys.executable} -m flowcolor {words} {redirection}"
    return subprocess.run(
        ["/bin/bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        encoding="latin-1",
        env=os.environ | environment,
    )


@pytest.mark.parametrize("words", ["--help", "colorize --help"])
@pytest.mark.parametrize("redirection", ["| true", ">&-", "> /dev/full"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_standard_output_may_be_closed_or_full(words, redirection, unbuffered):
    if unbuffered and "colorize" in words:
        pytest.skip("argparse itself passes over what happens to its help")
    redirection = "| (exec <&-; sleep 0.2)" if redirection == "| true" else redirection
    result = run(words, redirection, PYTHONUNBUFFERED=unbuffered)
    full = redirection == "> /dev/full"
    assert result.returncode == (2 if full else 0)
    sentence = "flowcolor: Standard output cannot be written: No space left on device.\n"
    assert result.stderr == (sentence if full else "")


def test_a_configuration_that_does_not_fit_on_a_full_disk_is_one_sentence():
    words = "fit --config quickstart --print_config"
    result = run(words, "> /dev/full", PYTHONUNBUFFERED="1")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "Standard output cannot be written: No space left on device." in result.stderr


def test_results_are_written_though_nobody_reads_what_is_said(photos, tmp_path):
    out, model = tmp_path / "out", tmp_path / "model.safetensors"
    export_weights(flowcolor_tiny(), model, 16)
    words = f"colorize --checkpoint {model} --reference {tmp_path}/f*/plain.png --output {out}"
    result = run(f"{words} --sketch {tmp_path}/f*", "| true")
    assert (result.returncode, result.stderr) == (0, "")
    assert len(list(out.iterdir())) == 3


def test_a_console_that_knows_few_letters(photos, tmp_path):
    words = f"colorize --method tint --sketch {tmp_path}/f* --reference {tmp_path}/f*"
    result = run(f"{words} --output {tmp_path}/写", PYTHONIOENCODING="cp1252", PYTHONUTF8="1")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\\u5199") == 4
    result = run(
        f"colorize --method unchanged --sketch 写 --output {tmp_path}", PYTHONIOENCODING="ascii"
    )
    assert result.returncode == 2
    assert "\\u5199" in result.stderr


def test_a_full_disk_is_said_where_it_is_not_the_command_that_speaks(monkeypatch, capsys):
    class Full:
        encoding = None

        def write(self, text):
            return len(text)

        def flush(self):
            raise OSError(28, "No space left on device")

        def fileno(self):
            raise OSError

    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(InputError, match="Standard output cannot be written: No space left"):
        say("a")
