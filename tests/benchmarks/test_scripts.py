"""Every script runs with tiny settings and writes what the documentation reads."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.report import RESULTS
from flowcolor.errors import InputError

SCRIPTS = {
    "live_bytes": "--size 16 --ccbs 1",
    "memory": "--size 16 --ccbs 1 --batches 1,2 --step-batches 1,2 --depths 1,2 --sizes 16"
    " --nets 2.1 --modes reversible --count storages",
    "gmacs": "--size 16 --ccbs 1 --nets 2.1",
    "speed": "--size 16 --ccbs 1 --repeats 1",
    "shortcuts": "--size 16 --ccbs 1 --repeats 1",
    "roundtrip": "--size 16 --deviations 0.01",
    "parameters": "",
    "other_libraries": "--size 16 --steps 1 --hidden 4 --batch 1 --repeats 1",
    "systems": "--small --size 32 --names Glow --modes none,reversible --batches 1,2"
    " --timed-size 32 --timed-batch 1 --repeats 1",
    "configurations": "--names guided-small --batches 1,2 --timed-batch 2 --repeats 1",
    "likelihood": "--levels 1 --steps 1 --hidden 4 --size 8 --batch 2 --train 5 --seeds 0"
    " --memory-size 16 --memory-steps 1 --memory-hidden 4",
    "scaling": "--processes 2 --size 16 --ccbs 1 --batch 1 --repeats 1",
    "data": "--size 16 --photo 32 --count 2 --batch 2 --ccbs 1 --repeats 1",
    "classical": "--size 16 --repeats 1",
    "painting": "--side 32 --page 48 64 --repeats 1",
    "prepare": "--size 16 --photo 32 --count 2 --repeats 1",
    "hints": "--checkpoint levin poisson --content gray --size 16 --counts 0,1,4 --seeds 1",
}
PARTS = {
    "live_bytes": {"reversible": {"peak", "held", "parts"}},
    "memory": {
        "batch": {"rows", "slopes_mib_per_image"},
        "depth": {"rows", "slopes_mib_per_image_and_block"},
        "size": {"rows"},
        "step": {"rows"},
        "variants": {"rows"},
    },
    "gmacs": {"16x16": {"parts", "steps", "variants"}},
    "speed": {"speed": {"steps", "images"}},
    "shortcuts": {"shortcuts": {"steps", "images"}},
    "roundtrip": {"roundtrip": {"rows"}},
    "parameters": {"parameters": {"rows", "parts"}},
    "other_libraries": {"K=1": {"rows", "steps", "samples"}},
    "systems": {"counts": {"rows"}, "times": {"rows"}},
    "configurations": {
        "counts": {"rows", "batches"},
        "times": {"s per step", "s per picture", "size", "batch"},
    },
    "likelihood": {"8x8": {"bits", "steps", "memory"}},
    "scaling": {"scaling": {"rows"}},
    "data": {"data": {"rates"}},
    "classical": {"classical": {"rows"}},
    "painting": {"painting": {"rows"}},
    "prepare": {"prepare": {"stages", "rates"}},
    "hints": {"points, gray": {"rows", "content"}},
}


def run(name, options, path, monkeypatch):
    script = importlib.import_module(f"benchmarks.{name}")
    monkeypatch.setattr(sys, "argv", [name, *options.split(), "--out", str(path)])
    script.main()
    return json.loads(path.read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Of the libraries that flowcolor is compared with.
@pytest.mark.parametrize("name", SCRIPTS)
def test_script_runs_and_writes_its_results(name, tmp_path, monkeypatch, capsys):
    found = run(name, SCRIPTS[name], tmp_path / "found.json", monkeypatch)
    for part, keys in PARTS[name].items():
        assert keys <= set(found[part])
        assert {"commit", "torch", "device", "load_average"} <= set(found[part]["environment"])
    assert "| ---" in capsys.readouterr().out


def test_a_step_beyond_the_limit_is_left_out_and_said_so(tmp_path, monkeypatch, capsys):
    options = "--size 16 --ccbs 1 --parts batch --batches 1,2 --modes none --count fake"
    found = run("memory", f"{options} --limit 0.0001", tmp_path / "m.json", monkeypatch)
    assert "skipped" in found["batch, fake"]["rows"][1]
    assert "GiB" in capsys.readouterr().out


def test_a_disk_that_is_full_leaves_what_was_measured_before(tmp_path, monkeypatch):
    def full(path, target):
        raise OSError(28, "No space left on device", str(target))

    report.write(tmp_path / "found.json", "first", {"rows": 1}, {})
    before = (tmp_path / "found.json").read_bytes()
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        report.write(tmp_path / "found.json", "second", {"rows": 2}, {})
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_explains_the_script(name, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        run(name, "--help", tmp_path / "none.json", monkeypatch)
    assert "--device" in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_no_result_names_a_folder_of_the_machine_that_it_is_from(path):
    found = re.findall(r'(?:^|[\s"\[,=])(/[a-z][\w.-]*/[^\s",\]]*)', path.read_text("utf-8"))
    assert not found
