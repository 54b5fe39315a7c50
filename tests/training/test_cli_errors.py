"""What a user can get wrong on the command line: one sentence, status 2, nothing left behind."""

import re
import runpy
from functools import partial

import pytest
from lightning.fabric.utilities.rank_zero import _get_rank
from torchmetrics.utilities import prints

from flowcolor.cli.main import COMMANDS
from tests.training.helpers import flowcolor

FIT = ("fit", "--config", "quickstart")
WRONG = {
    "unknown configuration": (
        ("fit", "--config", "quickstrat"),
        r"one of faces, .*, thesis, got 'quickstrat'; did you mean 'quickstart'\.",
    ),
    "no configuration": (("fit",), r"fit expects --config .* got neither\."),
    "misspelt option": (
        (*FIT, "--data.siez=32"),
        r"no option 'data.siez'; did you mean 'data.size'",
    ),
    "option of another command": (
        (*FIT, "--masks=MASKS"),
        r"no option 'masks'; did you mean 'data.test.masks' or 'data.train.masks'\.$",
    ),
    "option without its section": (
        (*FIT, "--data.sketches=SKETCHES"),
        r"; did you mean 'data.predict.sketches' or 'data.test.sketches' or 'data.train.sketches'",
    ),
    "abbreviated option": ((*FIT, "--trainer.max_epoch=3"), r"did you mean 'trainer.max_epochs'"),
    "misspelt argument of the model": (
        (*FIT, "--model.colorizer.init_args.cbs=3"),
        r"no option 'cbs'; did you mean 'ccbs'",
    ),
    "misspelt option of the pictures": (
        (*FIT, "--pictures.pair=3"),
        r"did you mean 'pictures.pairs'",
    ),
    "not a number": ((*FIT, "--data.size=abc"), r"Option 'data.size': Expected an int, got abc\.$"),
    "refused by the constructor": (
        (*FIT, "--model.colorizer.init_args.ccbs=0"),
        r"SketchColorFlow expects .* got 2, 1 and 0\.",
    ),
    "tag that does not fit": (
        (*FIT, "--data.held_out={a: !!timestamp x}"),
        r"An option expects YAML, got a tag that does not fit its value\.$",
    ),
    "another tag": (
        (*FIT, "--data.size=!!bool x"),
        r"got a tag that does not fit its value 'x'\.$",
    ),
    "file whose name is no UTF-8": (
        ("test", "--config", "models/tint", "--compare=a\udc83.json"),
        r"Option 'compare': Expected a name in UTF-8, got a\\udc83\.json\.$",
    ),
    "number as a name": (
        (*FIT, "--model.optimizer.init_args={lr: 0.1, 7: 8}"),
        r"A configuration expects words as names of options, got 7\.$",
    ),
    "name with a space": (
        (*FIT, "--best={mo de: max}"),
        r"There is no option 'mo de'; did you mean 'model'\.$",
    ),
    "name with nothing between dots": (
        (*FIT, "--best={mode..x: max}"),
        r"There is no option 'mode\.\.x'",
    ),
    "class that is null": (
        (*FIT, "--model.optimizer", "{class_path: null}"),
        r"An option expects the name of a class under 'model.optimizer.class_path', got nothing\.$",
    ),
    "arguments that are null": (
        (*FIT, "--model.colorizer.init_args=null"),
        r"An option expects keys and values under 'model.colorizer.init_args', got nothing\.$",
    ),
    "size": ((*FIT, "--data.size=33"), r"data.size expects a multiple of 4 .* got 33\."),
    "size of a critic": (
        ("fit", "--config", "models/chromagan-small", "--data.train=embedded", "--data.size=8"),
        r"data.size expects at least \d\d for the critics of WassersteinChroma, got 8\.$",
    ),
    "no batches": (
        (*FIT, "--trainer.limit_train_batches=0"),
        r"limit_train_batches .* nothing is tr",
    ),
    "no batches to validate": (
        ("validate", "--config", "models/unchanged", "--trainer.limit_val_batches=0"),
        r"limit_val_batches expects another number than 0, by which nothing is validated\.$",
    ),
    "no batches to test": (
        ("test", "--config", "models/unchanged", "--trainer.limit_test_batches=0"),
        r"limit_test_batches expects another number than 0, by which nothing is tested\.$",
    ),
    "spawned processes": (
        (*FIT, "--trainer.strategy=ddp_spawn"),
        r"trainer.strategy expects ddp for several processes, got ddp_spawn, ",
    ),
    "no steps": ((*FIT, "--trainer.max_steps=0"), r"max_steps expects another number than 0"),
    "no epochs": ((*FIT, "--trainer.max_epochs=0"), r"max_epochs expects another number than 0"),
    "learning rate": (
        (*FIT, "--model.optimizer.init_args.lr=-1"),
        r"lr expects .* got -1",
    ),
    "photo folder": ((*FIT, "--data.train=none"), r"none should be a folder of images"),
    "masks of no photographs": (
        (*FIT, "--data.train=a", "--data.train.masks=b"),
        r"Option 'data.train' expects its photographs as --data.train.photos, got none there\.$",
    ),
    "misspelt part of a folder": (
        (*FIT, "--data.train.photos=a", "--data.train.mask=b"),
        r"no option 'mask'; did you mean 'masks'",
    ),
    "no photographs": ((*FIT, "--data.train="), r"fit: --data.train expects a value, got an empty"),
    "no folder of runs": (
        (*FIT, "--trainer.default_root_dir", ""),
        r"fit: --trainer.default_root_dir expects a value, got an empty word\.$",
    ),
    "no run to continue": ((*FIT, "--ckpt_path=last"), r"last expects a run .* got none\."),
    "missing checkpoint": ((*FIT, "--ckpt_path=no.ckpt"), r"no.ckpt expects a file, got no such"),
    "missing weights": ((*FIT, "--model.weights=no.ckpt"), r"no.ckpt expects a file, got no such"),
    "validate untrained": (("validate", "--config", "quickstart"), r"expects trained weights"),
    "test untrained": (("test", "--config", "quickstart"), r"expects trained weights"),
    "predict untrained": (("predict", "--config", "quickstart"), r"expects trained weights"),
    "quickstart": (("quickstart", "--train", "--max_minutes=0"), r"number above 0 .* got 0\."),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_words_are_one_sentence(case, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words, sentence = WRONG[case]
    assert flowcolor(*words) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("flowcolor: ")
    assert re.search(sentence, error)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


BAD_FILES = {
    "modle: {colorizer: 3}": r"no option 'modle.colorizer'; did you mean 'model.colorizer'",
    "model: {optimiser: {init_args: {lr: 1}}}": r"did you mean 'model.optimizer'\.",
    "data: {batchsize: 3}": r"no option 'data.batchsize'; did you mean 'data.batch_size'",
    "model: {colorizer: {class_path: flowcolor.models.SketchColorFlow, init_args: {cbs: 2}}}": (
        r"no option 'cbs'; did you mean 'ccbs'"
    ),
    "data: [": r"pars",
    "data: {train: ''}": r"photos expects the name of a folder or file, got an empty one",
    "data: {train: {photos: a, masks: ['']}}": r"masks expects the name of a folder or file",
    "trainer: 5": r"my\.yaml expects keys and values under 'trainer', got int\.",
    "best:": r"my\.yaml expects keys and values under 'best', got nothing\.",
    "data: []": r"my\.yaml expects keys and values under 'data', got list\.",
    'trainer: {default_root_dir: "a\\0b"}': r"cannot be written \(embedded null byte\)",
    "help: 1": r"There is no option 'help'\.",
    "model: {optimizer: {class_path: torch.optim.Adam, lr: 1}}": (
        r"my\.yaml expects 'lr' under 'model\.optimizer\.init_args', got it beside class_path\."
    ),
    "model: {colorizer: {class_path: flowcolor.models.Tint, init_args: }}": (
        r"my\.yaml expects keys and values under 'model\.colorizer\.init_args', got nothing\."
    ),
    "trainer: {callbacks: [{class_path: [RichProgressBar]}]}": (
        r"my\.yaml expects the name of a class under 'trainer\.callbacks\.class_path', got list\."
    ),
    "trainer: {callbacks: [{RichProgressBar: {}}]}": r"There is no option 'RichProgressBar'\.",
    "stages: [{model: }, {model: {}}]": r"my\.yaml expects .* under 'model', got nothing\.",
    "ckpt_path: last": r"expects a checkpoint as --ckpt_path .* got ckpt_path: last in .*my\.yaml",
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_a_wrong_file_is_one_sentence(text, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "my.yaml"
    file.write_text(text)
    assert flowcolor(*FIT, "--config", file) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(BAD_FILES[text], error)


def test_a_folder_that_cannot_be_written_is_one_sentence(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert flowcolor(*FIT, "--trainer.default_root_dir", tmp_path / "file" / "runs") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_help_explains_the_options(capsys):
    with pytest.raises(SystemExit) as stop:
        flowcolor("fit", "--help")
    assert stop.value.code in (0, None)
    text = " ".join(capsys.readouterr().out.split())
    assert "Steps between two measurements in training." in text
    assert "--model.weights" in text


@pytest.mark.parametrize("between", " =")
def test_help_on_a_part_needs_no_configuration(between, capsys):
    name = "flowcolor.models.SketchColorFlow"
    word = f"--model.colorizer.help{between}{name}"
    with pytest.raises(SystemExit) as stop:
        flowcolor("fit", *word.split(" "))
    assert stop.value.code in (0, None)
    assert "--model.colorizer.downsamplings" in capsys.readouterr().out


def test_a_misspelt_argument_inside_an_optional_part_is_one_short_sentence(capsys):
    loss = "--model.objective.init_args.loss"
    words = (f"{loss}=flowcolor.losses.ColorizationLoss", f"{loss}.init_args.precep=1")
    assert flowcolor(*FIT, *words) == 2
    error = capsys.readouterr().err
    assert re.fullmatch(r"flowcolor: .*no option '[\w.]*precep'.*\.\n", error)
    assert len(error) < 120


EARLY = "class_path: lightning.pytorch.callbacks.EarlyStopping, init_args: "
OF_SEVERAL_TYPES = {
    f"trainer: {{callbacks: [{{{EARLY} {{monitor: a, patience: abc}}}}]}}": (
        "Option 'trainer.callbacks.patience': Expected an int, got abc"
    ),
    f"trainer: {{callbacks: [{{{EARLY} {{monitor: a, patienc: 3}}}}]}}": (
        "There is no option 'patienc'; did you mean 'patience'"
    ),
    f"trainer: {{callbacks: [{{{EARLY} {{}}}}]}}": (
        "Option 'trainer.callbacks.monitor': Expected a value, got none"
    ),
    "trainer: {callbacks: [{class_path: torch.nn.Linear}]}": (
        "Option 'trainer.callbacks': Import path torch.nn.Linear does not correspond to a subclass "
        "of Callback"
    ),
    "trainer: {callbacks: EarlyStoping}": (
        "Option 'trainer.callbacks': Expected list[Callback], Callback or null, got EarlyStoping"
    ),
    "trainer: {callbacks: {class_path: GradientAccumulationScheduler, "
    "init_args: {scheduling: {-1: 2}}}}": (
        "The configuration cannot be built: Epoch should be an int greater than or equal to 0. Got "
        "[-1]"
    ),
    "trainer: {logger: {class_path: CSVLogger, init_args: {save_dir: 5}}}": (
        "Option 'trainer.logger.save_dir': Expected str or Path, got 5"
    ),
    "trainer: {strategy: {class_path: DDPStrateg}}": (
        "Option 'trainer.strategy': Expected str or Strategy, got {'class_path': 'DDPStrateg'}"
    ),
    "trainer: {deterministic: maybe}": (
        "Option 'trainer.deterministic': Expected bool, one of 'warn' or null, got maybe"
    ),
    "model: {optimizer: {class_path: torch.optim.Adma}}": (
        "Option 'model.optimizer': module 'torch.optim' has no attribute 'Adma'"
    ),
    "model: {optimizer: 5}": (
        "Option 'model.optimizer': Expected an import path or a subclass spec, got 5"
    ),
    "model: {scheduler: {class_path: torch.optim.lr_scheduler.StepLR, init_args: {gamma: x}}}": (
        "Option 'model.scheduler.gamma': Expected a float, got x"
    ),
    "model: {average: abc}": "Option 'model.average': Expected float or null, got abc",
}


@pytest.mark.parametrize("text", OF_SEVERAL_TYPES)
def test_an_option_of_several_types_tells_of_the_deepest_mistake_alone(text, capsys, tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text(text)
    root = ("--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor(*FIT, "--config", file, *root) == 2
    assert capsys.readouterr().err == f"flowcolor: {OF_SEVERAL_TYPES[text]}.\n"


def test_an_option_of_several_types_on_the_command_line_does_too(capsys):
    words = ("--trainer.callbacks+=EarlyStopping", "--trainer.callbacks.patience=abc")
    assert flowcolor(*FIT, *words) == 2
    sentence = "Option 'trainer.callbacks.patience': Expected an int, got abc."
    assert capsys.readouterr().err == f"flowcolor: {sentence}\n"


@pytest.mark.parametrize(
    "text",
    [
        b"data: \xff",
        b"data:\n\tsize: 8",
        b"data: [8",
        b"- 8",
        b"",
        b"# nothing",
        b"data: &a {size: *a}",
        b"data: &a [[1, *a]]",
        b"data: " + b"[" * 5000,
        b"data: !!bool x",
        b"data: !!int ''",
        b"data: !!timestamp x",
        b"a: &a [1]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n, n, b"*%c," % (n - 1) * 9) for n in b"bcdefghi"),
    ],
)
def test_a_configuration_that_is_no_yaml_is_named(text, run, tmp_path, capsys):
    (tmp_path / "own.yaml").write_bytes(text)
    for words in ([], ["--ckpt_path", run.last]):
        assert flowcolor("fit", *words, "--config", tmp_path / "own.yaml") == 2
        last = capsys.readouterr().err.splitlines()
        assert len(last) == 1
        assert "own.yaml expects" in last[0]
    assert flowcolor(*FIT, "--trainer", tmp_path / "own.yaml") == 2
    assert "own.yaml expects" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("RANK", _get_rank),
        ("SLURM_PROCID", _get_rank),
        ("LOCAL_RANK", partial(runpy.run_path, prints.__file__)),
    ],
)
def test_a_rank_that_is_no_number_is_named(name, load, monkeypatch, capsys):
    """Lightning and torchmetrics read it when they are imported; by now they have been."""
    for each in ("RANK", "LOCAL_RANK", "SLURM_PROCID"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, "")
    monkeypatch.setitem(COMMANDS, "fit", lambda words: load())
    assert flowcolor("fit") == 2
    expected = f"flowcolor: {name} in the environment expects the number of a process, got '': "
    assert capsys.readouterr().err.startswith(expected)
