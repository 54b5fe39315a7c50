"""Values that no option can have, and that a parser lets pass: one sentence before any work."""

import pytest

from tests.training.helpers import flowcolor

WRONG = {
    "data: {train: null}": "data.train expects another value than null, got null.",
    "data: {share: null}": "data.share expects another value than null, got null.",
    "data: {strict: null}": "data.strict expects another value than null, got null.",
    "data: {predict: null}": "data.predict expects keys and values, got null.",
    "data: {predict: [a, b]}": 'data.predict expects keys and values, got ["a", "b"].',
    "model: {optimizer: null}": "model.optimizer expects another value than null, got null.",
    "model: {interval: null}": "model.interval expects another value than null, got null.",
    "trainer: {max_steps: null}": "trainer.max_steps expects another value than null, got null.",
    "best: {mode: null}": "best.mode expects another value than null, got null.",
    "pictures: {pairs: null}": "pictures.pairs expects another value than null, got null.",
    "data: {sketch_filter: {}}": "or a function that draws, got torch.Tensor.",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_stands_for_no_value_is_named(text, run, tmp_path, capsys):
    file = tmp_path / "more.yaml"
    file.write_text(text)
    before = tmp_path / "before.yaml"  # An option would beat what is tried.
    before.write_text("data: {sketch_filter: null}" if "sketch_filter" in text else "data: {}")
    base = ("--config", run.config, "--config", before, "--config", file)
    assert flowcolor("fit", *base, "--trainer.default_root_dir", tmp_path / "runs") == 2
    error = capsys.readouterr().err
    assert error.endswith(f"{WRONG[text]}\n")
    assert error.count("\n") == 1
    assert not [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]


def test_null_stays_what_takes_back_an_option(run, tmp_path):
    words = ("--model.scheduler", "null", "--data.augment", "null", "--trainer.max_steps", 1)
    root = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", run.config, *words, *root) == 0
