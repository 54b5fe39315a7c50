import errno
import json
import pickle
from functools import partial
from pathlib import Path

import pytest
import torch
from lightning import Trainer
from safetensors.torch import save_file
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.utils.parametrizations import weight_norm

from flowcolor import __version__
from flowcolor.errors import InputError
from flowcolor.layers import AffineCoupling
from flowcolor.losses import ColorizationLoss
from flowcolor.models import SketchColorFlow
from flowcolor.models.checkpoint import KEY, export_weights, load_model, read_weights
from flowcolor.models.description import describe
from flowcolor.training.build_task import build_task
from flowcolor.training.callbacks.run_keeper import RunKeeper
from flowcolor.training.objectives import Paired
from tests.training.helpers import flowcolor


@pytest.fixture
def model():
    model = SketchColorFlow(downsamplings=1, nccbs=1, ccbs=2, aggregation="adain")
    model(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8))  # ActNorm sees its first batch.
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
    return model.eval()


def test_an_exported_model_is_rebuilt_exactly(model, tmp_path):
    path = tmp_path / "new" / "model.safetensors"
    export_weights(model, path, size=8)
    sketch, reference = torch.rand(2, 1, 3, 8, 8)
    again = load_model(path)
    assert not again.training
    assert torch.equal(again(sketch, reference), model(sketch, reference))
    assert read_weights(path).size == 8
    assert [file.name for file in path.parent.iterdir()] == ["model.safetensors"]
    path = path.rename(tmp_path / "MODEL.SAFETENSORS")  # As other systems write names.
    assert torch.equal(load_model(path)(sketch, reference), model(sketch, reference))


@pytest.mark.parametrize("whole", [True, False])
def test_a_compiled_model_is_rebuilt_as_it_was(whole, model, tmp_path):
    """Written as what torch wraps around it, nothing could read it."""
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for part in list(model.modules()):
        if isinstance(part, AffineCoupling):
            part.net = torch.compile(part.net, backend="eager")
    path = tmp_path / "model.safetensors"
    export_weights(torch.compile(model, backend="eager") if whole else model, path, size=8)
    model.save_pretrained(tmp_path / "folder", 8)
    task = {f"colorizer.{name}": value for name, value in model.state_dict().items()}
    torch.save({KEY: describe(model, 8), "state_dict": task}, tmp_path / "model.ckpt")
    for file in (path, tmp_path / "folder/model.safetensors", tmp_path / "model.ckpt"):
        found = load_model(file).state_dict()
        assert found.keys() == state.keys()
        assert all(torch.equal(value, state[name]) for name, value in found.items())


@pytest.mark.usefixtures("_leave_the_group")
def test_a_sharded_model_is_refused_with_what_to_do(tmp_path):
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    model = SketchColorFlow(1, nccbs=0, ccbs=1)
    fully_shard(model, mesh=init_device_mesh("cpu", (1,)))
    path = tmp_path / "model.safetensors"
    for write in (partial(export_weights, model, path, 8), partial(model.save_pretrained, path)):
        with pytest.raises(InputError, match=r"expects a model that is whole, got one that fully_"):
            write()
    assert not path.exists()


def test_the_checkpoint_of_a_training_is_rebuilt_exactly(run):
    state = torch.load(run.last, weights_only=True)["state_dict"]
    model = load_model(run.last)
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[f"colorizer.{name}"])
    assert read_weights(run.last).size == 16


def test_the_run_folder_holds_the_best_model_as_safetensors(run):
    best = read_weights(run.folder / "checkpoints/best.ckpt").state
    exported = read_weights(run.folder / "model.safetensors").state
    assert best.keys() == exported.keys()
    assert all(torch.equal(best[name], exported[name]) for name in best)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("A pickle was executed.",))


def bad_file(kind, path):
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not a checkpoint")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb()))
    elif kind == "torch pickle":
        torch.save({"state_dict": Bomb()}, path)
    elif kind == "foreign":
        torch.save({"state_dict": {"weight": torch.zeros(3)}}, path)
    elif kind == "not a dictionary":
        torch.save(torch.zeros(3), path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "truncated":
        torch.save({"state_dict": {"weight": torch.zeros(3000)}}, path)
        path.write_bytes(path.read_bytes()[:5000])


KINDS = ["missing", "empty", "text", "pickle", "torch pickle", "foreign", "not a dictionary"]


@pytest.mark.parametrize("kind", [*KINDS, "folder", "truncated"])
@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_what_is_not_a_checkpoint_is_one_sentence(kind, suffix, tmp_path):
    path = tmp_path / f"file{suffix}"
    bad_file(kind, path)
    with pytest.raises(InputError, match=r"file\.\w+ (is|expects|holds) ") as error:
        read_weights(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "Chain"},
        {"model": "flowcolor_tiny"},
        {"config": {"ccbs": 0}},
        {"config": {"ccbs": [2]}},
        {"config": {"x": 1}},
    ],
)
def test_a_description_that_cannot_be_built_is_one_sentence(model, change, tmp_path):
    path = tmp_path / "model.safetensors"
    description = {"version": "0", "model": "SketchColorFlow", "config": model.config, "size": 8}
    save_file({"a": torch.zeros(1)}, path, metadata={"flowcolor": json.dumps(description | change)})
    with pytest.raises(InputError, match=r"model\.safetensors (expects a model|does not describe)"):
        load_model(path)


@pytest.mark.parametrize("name", ["Chain", "SketchColorFlow"])
def test_a_file_of_another_version_says_which(model, name, tmp_path):
    path = tmp_path / "model.safetensors"
    description = {"model": name, "config": model.config | {"an_option": 1}, "size": 8}
    for version, said in (("9.1", True), (__version__, False)):
        text = json.dumps(description | {"version": version})
        save_file(model.state_dict(), path, metadata={"flowcolor": text})
        with pytest.raises(InputError) as error:
            load_model(path)
        assert (f"written by flowcolor 9.1, and this is {__version__}" in str(error.value)) == said


def test_weights_of_another_size_name_the_first_difference(model, tmp_path):
    path = tmp_path / "model.safetensors"
    export_weights(model, path, size=8)
    with pytest.raises(InputError, match=r"another size .* expects .* got nothing"):
        read_weights(path).fill(SketchColorFlow(downsamplings=1, nccbs=1, ccbs=3))


def test_an_export_that_cannot_be_written_is_one_sentence(model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        export_weights(model, tmp_path / "file" / "model.safetensors", size=8)


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"ccbs": 10**9}},
        {"config": {"ccbs": 10**400}},
        {"config": {"ccbs": [[2]]}},
        {"config": {"ccbs": [10**9]}},
        {"config": {"ccbs": [2] * 65}},
        {"config": "abc"},
        {"model": 3},
        {"size": "abc"},
        {"size": 10**9},
        {"size": 1e9},
        {"version": [1]},
    ],
)
@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_a_description_of_other_types_is_one_sentence(change, suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    description = {"model": "SketchColorFlow", "config": {}, "size": 8} | change
    if suffix == ".ckpt":
        torch.save({"flowcolor": description, "state_dict": {}}, path)
    else:
        save_file({"a": torch.zeros(1)}, path, metadata={"flowcolor": json.dumps(description)})
    with pytest.raises(InputError, match=r"description under the key 'flowcolor' .*or damaged"):
        read_weights(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_named(model, value, tmp_path):
    path = tmp_path / "model.safetensors"
    export_weights(model, str(path), size=8)
    read = read_weights(path)
    next(iter(read.state.values())).view(-1)[0] = value
    save_file(read.state, path, metadata={"flowcolor": json.dumps(read.description)})
    with pytest.raises(InputError, match=r"model\.safetensors expects finite weights, got others"):
        read_weights(path)


@pytest.mark.parametrize(
    ("name", "size", "value", "expected"),
    [
        ("e.txt", 8, 0.0, r"expect a file ending in \.safetensors, got .*e\.txt"),
        ("e.safetensors", -3, 0.0, "a whole size from 0 to 65536, got SketchColorFlow and -3"),
        ("e.safetensors", 8.0, 0.0, "a whole size from 0 to 65536, got SketchColorFlow and 8.0"),
        ("e.safetensors", 8, float("nan"), "expects finite weights, got others"),
    ],
)
def test_what_nothing_could_read_is_not_written(model, name, size, value, expected, tmp_path):
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] = value
    with pytest.raises(InputError, match=expected):
        export_weights(model, tmp_path / name, size)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda model, path: (path, model, 8), "a path, got SketchColorFlow"),
        (lambda model, path: (model.state_dict(), path, 8), "a model, got OrderedDict"),
        (lambda model, path: (nn.Linear(2, 2), path, 8), "a colorizer .*, got a Linear of torch"),
        (lambda model, path: (model, path, 8, "float16"), "a float type .*, got float16"),
        (lambda model, path: (model, path, 8, torch.uint8), r"a float type .*, got torch\.uint8"),
    ],
)
def test_arguments_of_another_kind_or_order_write_nothing(model, given, expected, tmp_path):
    with pytest.raises(InputError, match=f"expects? {expected}"):
        export_weights(*given(model, tmp_path / "model.safetensors"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("read", [load_model, read_weights])
def test_what_is_no_path_is_not_read(model, read):
    with pytest.raises(InputError, match="load_model expects a path, got OrderedDict"):
        read(model.state_dict())


class Descendant(SketchColorFlow):
    """A class that no file may name."""


def descendant(model):
    return Descendant(**model.config)


def normed(model):
    weight_norm(next(part for part in model.modules() if isinstance(part, nn.Conv2d)))
    return model


def extended(model):
    model.more = nn.Linear(2, 2)
    return model


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (normed, r"with other weights in '.*weight': take off what was added"),
        (extended, r"with other weights in 'more.weight': take off"),
    ],
)
def test_a_model_that_its_arguments_do_not_make_is_neither_written_nor_trained(
    model, change, expected, tmp_path
):
    changed = change(model)
    task = build_task(changed, Paired(ColorizationLoss(perceptual=0.0)))
    for write in (
        partial(export_weights, changed, tmp_path / "model.safetensors", 8),
        partial(changed.save_pretrained, tmp_path / "folder"),
        partial(RunKeeper().setup, Trainer(logger=False), task, "fit"),
    ):
        with pytest.raises(InputError, match=expected):
            write()
    assert not list(tmp_path.iterdir())


def test_a_model_of_a_class_of_ones_own_is_trained_and_tested_but_no_file_names_it(
    model, run, tmp_path, capsys
):
    expected = r"expects a colorizer of flowcolor\.models, .*, got a Descendant of tests\."
    with pytest.raises(InputError, match=expected):
        export_weights(descendant(model), tmp_path / "model.safetensors", 8)
    words = ("--config", run.config, "--model.colorizer.class_path", f"{__name__}.Descendant")
    words += ("--model.colorizer.init_args", "{downsamplings: 1, nccbs: 1, ccbs: 1}")
    assert flowcolor("fit", *words, "--trainer.default_root_dir", tmp_path / "runs") == 0
    assert "notice: there is no model.safetensors: a file chooses" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.safetensors"))
    last = tmp_path / "runs/version_0/checkpoints/last.ckpt"
    out = ("--trainer.default_root_dir", tmp_path / "out")
    assert flowcolor("validate", *words, "--ckpt_path", last, *out) == 0


def test_a_model_that_nothing_could_read_is_not_trained():
    objective = Paired(ColorizationLoss(perceptual=0.0))
    task = build_task(SketchColorFlow(1, 0, 1, norm_eps=1e6), objective)
    with pytest.raises(InputError, match=r"numbers up to 65536 .* got norm_eps 1000000\.0\."):
        task.setup("fit")


@pytest.mark.parametrize("state", [None, [1], {"colorizer.a": "b"}, {3: torch.zeros(1)}])
def test_a_checkpoint_without_tensors_is_one_sentence(state, tmp_path):
    description = {"model": "SketchColorFlow", "config": {}, "size": 8}
    torch.save({"flowcolor": description, "state_dict": state}, tmp_path / "last.ckpt")
    with pytest.raises(InputError, match=r"last\.ckpt expects (weights|a tensor)"):
        read_weights(tmp_path / "last.ckpt")


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.to("meta"),
        lambda value: value[:1, :1].expand(2**40, 2**20),
        pytest.param(
            lambda value: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8),
            marks=pytest.mark.filterwarnings("ignore:.*quantized tensor creation functions"),
        ),
    ],
)
def test_weights_that_are_not_there_are_named(model, change, tmp_path):
    export_weights(model, tmp_path / "model.safetensors", size=8)
    weights = read_weights(tmp_path / "model.safetensors")
    state = {f"colorizer.{name}": value for name, value in weights.state.items()}
    name = next(name for name, value in state.items() if value.ndim == 2)
    state[name] = change(state[name])
    torch.save({"flowcolor": weights.description, "state_dict": state}, tmp_path / "last.ckpt")
    with pytest.raises(InputError, match=rf"last\.ckpt expects finite weights, .*'{name}'"):
        read_weights(tmp_path / "last.ckpt")


def test_a_flag_that_is_not_there_is_named(model, tmp_path):
    """Of numbers that are not learned, too, as whether a layer has seen its first batch."""
    export_weights(model, tmp_path / "model.safetensors", size=8)
    weights = read_weights(tmp_path / "model.safetensors")
    state = {f"colorizer.{name}": value for name, value in weights.state.items()}
    name = next(name for name, value in state.items() if not value.is_floating_point())
    for change in (lambda value: value.to("meta"), lambda value: value[None].to_sparse()):
        changed = state | {name: change(state[name])}
        torch.save({"flowcolor": weights.description, "state_dict": changed}, tmp_path / "a.ckpt")
        with pytest.raises(InputError, match=rf"a\.ckpt expects finite weights, .*'{name}'"):
            load_model(tmp_path / "a.ckpt")


def test_integers_are_no_weights(model, tmp_path):
    export_weights(model, tmp_path / "model.safetensors", size=8)
    weights = read_weights(tmp_path / "model.safetensors")
    name = next(name for name, value in model.named_parameters())
    weights.state[name] = weights.state[name].int()
    with pytest.raises(InputError, match=r"expects torch\.float32 as .*, got torch\.int32"):
        weights.build()


def test_a_full_disk_leaves_the_old_model_and_no_partial_one(model, tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "model.safetensors"
    path.write_bytes(b"old")
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(InputError, match=r"model\.safetensors cannot be written: No space left"):
        export_weights(model, path, size=8)
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["Hints", "Colorizer", "ResidualNet", "flowcolor_tiny", "nothing"])
def test_only_colorizers_are_built_from_a_file(name, tmp_path):
    path = tmp_path / "model.safetensors"
    description = {"model": name, "config": {"colors": "a", "mask": "b"}, "size": 8}
    save_file({}, path, metadata={KEY: json.dumps(description)})
    with pytest.raises(InputError, match=rf"model\.safetensors .*\b{name}\b"):
        load_model(path)


def test_a_configuration_without_weights_takes_none_of_an_exported_model(run, tmp_path, capsys):
    """As the one that a run writes beside its model."""
    beside = run.folder / "config.yaml"
    assert "weights: null" in beside.read_text()

    def scores(name):
        words = ("--config", beside, "--ckpt_path", run.folder / name)
        root = f"--trainer.default_root_dir={tmp_path / Path(name).name}"
        assert flowcolor("validate", *words, root) == 0
        lines = capsys.readouterr().out.splitlines()
        return [line for line in lines if line.startswith("val/")]

    expected = scores("checkpoints/best.ckpt")
    assert expected
    assert scores("model.safetensors") == expected


def test_a_checkpoint_without_what_only_a_training_needs_is_scored(run, tmp_path, capsys):
    """As somebody leaves it who makes it smaller; nothing is learned from it."""
    whole = torch.load(run.last, weights_only=True)
    for name in ("optimizer_states", "lr_schedulers", "global_step"):
        del whole[name]
    torch.save(whole, tmp_path / "small.ckpt")
    root = f"--trainer.default_root_dir={tmp_path / 'out'}"
    assert flowcolor("validate", "--ckpt_path", tmp_path / "small.ckpt", root) == 0
    assert "val/ssim" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("fit", "checkpoints/last.ckpt"),
        ("validate", "checkpoints/last.ckpt"),
        ("test", "model.safetensors"),
        ("predict", "model.safetensors"),
    ],
)
def test_other_weights_beside_a_checkpoint_are_refused(command, name, run, tmp_path, capsys):
    root = f"--trainer.default_root_dir={tmp_path}"
    other = run.folder / "checkpoints/best.ckpt"
    words = (command, "--ckpt_path", run.folder / name, "--model.weights", other, root)
    assert flowcolor(*words) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "Give either --ckpt_path or --model.weights, got " in error
    assert name in error
    assert str(other) in error
    assert not list(tmp_path.iterdir())
