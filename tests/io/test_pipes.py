"""What is read whole is a file: a pipe or a device, which may never end, is one sentence."""

import os
from threading import Timer

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.data.datasets.prepared import read_manifest
from flowcolor.data.prepare.ledger import JOURNAL, Ledger
from flowcolor.data.split import official_split
from flowcolor.deploy.folder import require_earlier
from flowcolor.errors import InputError
from flowcolor.evaluation.costs import read_costs
from flowcolor.evaluation.curves import read_points
from flowcolor.evaluation.report_files import read_report
from flowcolor.evaluation.study.answers import read_answers
from flowcolor.evaluation.study.key import Key, read_key
from flowcolor.evaluation.study.survey_import import import_survey
from flowcolor.experiments.runner import agree
from flowcolor.io.places import require_place
from flowcolor.io.streams import read_whole
from flowcolor.io.whole_file import write_text
from flowcolor.models.box_files import read_boxes
from flowcolor.models.checkpoint import read_weights
from flowcolor.training.config_files import read_yaml

KEY = Key("a", "grade", [], 0, [], {})
READERS = {
    "answers": lambda path: read_answers(path, KEY),
    "boxes": lambda path: read_boxes(path, torch.ones(3, 4, 4)),
    "config": read_yaml,
    "description": lambda path: require_earlier(path.parent, "--folder"),
    "costs": read_costs,
    "curves": read_points,
    "key": read_key,
    "model": read_weights,
    "partition": lambda path: official_split(["1"], path, path),
    "record": lambda path: agree(path.parent, path.name, {}, ("an ablation", "table")),
    "report": read_report,
    "survey": lambda path: import_survey(path, KEY, path.parent / "out"),
}


@pytest.mark.parametrize("name", READERS)
def test_devices_are_not_read(name, tmp_path):
    path = tmp_path / {"description": "config.json"}.get(name, "device")
    path.symlink_to("/dev/null")  # Of a pipe, a test that fails would wait for ever.
    with pytest.raises(InputError, match="is a pipe or a device"):
        READERS[name](path)


def test_pipes_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / JOURNAL).symlink_to("/dev/null")
    (tmp_path / "prepared").mkdir()
    os.mkfifo(tmp_path / "prepared/manifest.json")
    with pytest.raises(OSError, match="is a pipe or a device"):
        read_whole(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not the manifest"):
        read_manifest(tmp_path / "prepared")
    with pytest.raises(InputError, match="is a pipe or a device"):
        Ledger(tmp_path, {})


def test_pipes_and_devices_are_not_replaced_by_files(tmp_path):
    (tmp_path / "device.png").symlink_to("/dev/null")
    for write in (lambda path: write_text("a", path), require_place):
        with pytest.raises(InputError, match="is a pipe or a device"):
            write(tmp_path / "device.png")
    assert (tmp_path / "device.png").is_symlink()


OPTIONS = [["--trainer", "p.yaml"], ["--model.colorizer=p.yaml"], ["--config", "names.yaml"]]


@pytest.mark.parametrize("option", OPTIONS, ids=" ".join)
def test_configurations_are_no_pipes(option, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("p.yaml")
    writer = Timer(5, os.close, [os.open("p.yaml", os.O_RDWR)])  # Otherwise who reads would wait.
    writer.start()
    write_text("trainer: p.yaml\n", tmp_path / "names.yaml")
    words = ["fit", "--config", "quickstart", *option, "--trainer.default_root_dir", "runs"]
    assert main(words) == 2
    assert capsys.readouterr().err == "flowcolor: p.yaml is a pipe; expected a file.\n"


def test_the_pipe_of_a_shell_is_read(tmp_path, capsys):
    reader, writer = os.pipe()
    os.write(writer, b"max_epochs: word\n")
    os.close(writer)
    words = ["--trainer", f"/dev/fd/{reader}", "--trainer.default_root_dir", str(tmp_path / "runs")]
    assert main(["fit", "--config", "quickstart", *words]) == 2
    os.close(reader)
    assert "max_epochs" in capsys.readouterr().err
