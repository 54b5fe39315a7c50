"""A step of training takes the memory that is published, to the byte but for small tensors."""

import json
from pathlib import Path

import pytest

from benchmarks import memory

PUBLISHED = Path(memory.__file__).parent / "results" / "memory.json"


def rows(file):
    found = json.loads(file.read_text())["step, fake"]["rows"]
    return {(row["mode"], row["batch"]): row for row in found}


def test_a_whole_step_takes_what_is_published(tmp_path, monkeypatch):
    words = ["--parts", "step", "--count", "fake", "--limit", "1000", "--step-batches", "16"]
    modes = ["--modes", "checkpoint,reversible", "--out", str(tmp_path / "memory.json")]
    monkeypatch.setattr("sys.argv", ["memory", *words, *modes])
    memory.main()
    published, found = rows(PUBLISHED), rows(tmp_path / "memory.json")
    assert found.keys() == {("checkpoint", 16), ("reversible", 16)}
    for place, row in found.items():
        for name in ("everything", "peak", "held"):
            assert row[name] == pytest.approx(published[place][name], rel=1e-3)
