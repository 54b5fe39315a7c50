"""Weights that travel, offline: to a hub on loopback and back, bit for bit."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

import flowcolor
from flowcolor.cli.main import main
from flowcolor.deploy.folder import read_folder
from flowcolor.deploy.sources import find_weights
from flowcolor.errors import InputError
from flowcolor.models import Poisson, SketchColorFlow, Tint
from flowcolor.models.checkpoint import export_weights, read_weights
from flowcolor.pretrained import packaged_file
from tests.deploy.hub_server import COMMIT, running_hub
from tests.models.helpers import images, trained

constants = pytest.importorskip("huggingface_hub.constants")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with running_hub() as hub:
        yield hub


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "own.safetensors"
    export_weights(trained(ccbs=1, aggregation="attention", width=8), path, 16)
    return path


def push(hub, source, *more):
    words = ["push", "--checkpoint", str(source), "--repo", "us/ours", "--endpoint", hub.endpoint]
    return main([*words, *more])


def same(one, other):
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and torch.equal(one[name], other[name]) for name in one
    )


def test_the_packaged_model_goes_to_a_hub_and_comes_back_bit_for_bit(hub, capsys):
    assert push(hub, "faces", "--private") == 0
    assert 'flowcolor.load("hf://us/ours")' in capsys.readouterr().out
    assert hub.private == {"us/ours"}
    assert hub.repos["us/ours"].keys() == {"README.md", "config.json", "model.safetensors"}
    own = read_weights(packaged_file("faces"))
    back = find_weights("hf://us/ours", hub.endpoint)
    assert same(back.state, own.state)
    assert back.description == own.description
    painter = flowcolor.load("hf://us/ours", endpoint=hub.endpoint)
    assert painter.size == 128
    sketch, photo = images(1, 32)
    assert torch.equal(painter.colorizer(sketch, photo), own.build()(sketch, photo))


def test_only_two_files_are_fetched_once_and_without_the_token_of_another_hub(hub, checkpoint):
    push(hub, checkpoint)
    hub.repos["us/ours"]["pytorch_model.bin"] = b"never opened"
    hub.tokens.clear()
    hub.asked.clear()
    for _ in range(2):
        flowcolor.load(f"hf://us/ours@{COMMIT}", endpoint=hub.endpoint)
    fetched = [line for line in hub.asked if line.startswith("GET")]
    root = f"GET /us/ours/resolve/{COMMIT}"
    assert fetched == [f"{root}/config.json", f"{root}/model.safetensors"]
    assert hub.tokens == {None}


def test_a_folder_is_read_by_its_class_by_load_and_by_the_mixin_of_the_hub(tmp_path):
    from huggingface_hub import PyTorchModelHubMixin

    class Theirs(PyTorchModelHubMixin, SketchColorFlow):
        pass

    model = trained(ccbs=1, nccbs=0)
    model.save_pretrained(tmp_path / "ours", 16)
    ways = {
        "class": SketchColorFlow.from_pretrained(tmp_path / "ours"),
        "load": flowcolor.load(str(tmp_path / "ours")).colorizer,
        "mixin": Theirs.from_pretrained(str(tmp_path / "ours")),
        "file": flowcolor.load(tmp_path / "ours/model.safetensors").colorizer,
    }
    for name, again in ways.items():
        assert same(again.state_dict(), model.state_dict()), name
        assert torch.equal(again(*images()), model(*images())), name
    assert flowcolor.load(tmp_path / "ours").size == 16


def test_defaults_beyond_what_a_file_may_say_need_not_be_said(tmp_path):
    Poisson(keep_luminance=True).save_pretrained(tmp_path)
    assert Poisson.from_pretrained(tmp_path).config == {"smoothness": 1e10, "keep_luminance": True}


def broken():
    """Return a model of which one number is none."""
    model = trained(ccbs=1, nccbs=0)
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] = torch.nan
    return model


@pytest.mark.parametrize(
    ("model", "size", "expected"),
    [
        (lambda: Poisson(1e6), 0, r"numbers up to 65536 .* got smoothness 1000000\.0\."),
        (Tint, 8.0, r"a whole size from 0 to 65536, got Tint and 8\.0\."),
        (Tint, 70_000, r"a whole size from 0 to 65536, got Tint and 70000\."),
        (broken, 8, r"expects finite weights, got others in "),
    ],
)
def test_a_folder_that_nothing_could_read_is_not_written(model, size, expected, tmp_path):
    with pytest.raises(InputError, match=expected):
        model().save_pretrained(tmp_path / "new", size)
    assert not (tmp_path / "new").exists()


def test_a_model_without_weights_travels_too(tmp_path):
    Tint().save_pretrained(tmp_path)
    assert isinstance(Tint.from_pretrained(tmp_path), Tint)
    with pytest.raises(InputError, match=r"expects a SketchColorFlow, got a Tint\."):
        SketchColorFlow.from_pretrained(tmp_path)


def test_the_card_says_what_is_known_and_what_is_not(tmp_path, checkpoint, capsys):
    scores = tmp_path / "test.json"
    summary = {"self": {"pairs": 3, "ssim": 0.5981}, "cross": {"pairs": 3, "ssim": 0.25}}
    about = {"data": {"train": "a private folder"}}
    scores.write_text(json.dumps({"summary": summary, "about": about}))
    words = ["push", "--checkpoint", str(checkpoint), "--repo", "us/ours", "--folder"]
    assert main([*words, str(tmp_path / "bare")]) == 0
    facts = ["--license", "cc-by-4.0", "--data", 'Faces: "ours", CC0', "--scores", str(scores)]
    assert main([*words, str(tmp_path / "full"), *facts]) == 0
    assert "nothing was sent" in capsys.readouterr().out
    bare, full = ((tmp_path / name / "README.md").read_text() for name in ("bare", "full"))
    for text, licence in ((bare, "unknown"), (full, "cc-by-4.0")):
        matter = yaml.safe_load(text.split("---\n")[1])
        assert matter["license"] == licence
        assert matter["pipeline_tag"] == "image-to-image"
        assert matter["library_name"] == "flowcolor"
        assert 'flowcolor.load("hf://us/ours")' in text
    assert bare.count("not given") == 3
    assert "not given" not in full
    assert '- Faces: "ours", CC0' in full
    assert "| its own photograph, deformed | 3 | 0.598 |" in full
    assert "a private folder" not in full


def test_scores_are_of_the_model_that_is_pushed(tmp_path, checkpoint, capsys):
    scores, folder = tmp_path / "test.json", tmp_path / "card"
    words = ["push", "--checkpoint", str(checkpoint), "--repo", "us/ours", "--folder", str(folder)]
    count = sum(value.numel() for value in read_weights(checkpoint).build().parameters())
    for about, expected in (
        ({"model": "Tint", "parameters": 0}, "of another: 0 of Tint."),
        ({"model": "SketchColorFlow", "parameters": count + 1}, f"of another: {count + 1} of Sk"),
        ([], "expects the JSON of `flowcolor test`"),
        ({"model": "SketchColorFlow", "parameters": count, "checkpoint": "a\nb/best.ckpt"}, None),
    ):
        scores.write_text(json.dumps({"summary": {"self": {"ssim": 0.5}}, "about": about}))
        assert main([*words, "--scores", str(scores)]) == (2 if expected else 0)
        said = capsys.readouterr()
        assert expected is None or expected in said.err
        assert folder.exists() == (expected is None)
    assert "the scores on the card are of a\\nb/best.ckpt\n" in said.out


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"result": "painted"}, "By `flowcolor score`, of files:\n"),
        ({"checkpoint": "best.ckpt"}, "By `flowcolor test`, of the model's own picture:\n"),
    ],
)
def test_the_card_says_which_command_measured(about, expected, tmp_path, checkpoint):
    scores = tmp_path / "scores.json"
    scores.write_text(json.dumps({"summary": {"self": {"ssim": 0.5}}, "about": about}))
    words = ["push", "--checkpoint", str(checkpoint), "--repo", "us/ours", "--scores", str(scores)]
    assert main([*words, "--folder", str(tmp_path / "card")]) == 0
    assert expected in (tmp_path / "card" / "README.md").read_text()


def test_files_of_others_are_not_written_over(tmp_path, checkpoint, capsys):
    """A configuration of another library, weights of whoever, a text about something else."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    words = ["push", "--checkpoint", str(checkpoint), "--repo", "us/ours", "--folder", str(folder)]
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_text("{}")
        with pytest.raises(InputError, match=re.escape(str(folder))):
            Tint().save_pretrained(folder)
        assert (folder / name).read_text() == "{}"
        (folder / name).unlink()
    (folder / "README.md").write_text("My notes")
    for _ in range(2):  # Beside a text, and over an earlier model.
        Tint().save_pretrained(folder)
    assert main(words) == 2
    assert "whose README.md would be overwritten" in capsys.readouterr().err
    assert (folder / "README.md").read_text() == "My notes"


def test_a_card_of_words_that_are_not_utf_8_is_written_and_written_again(tmp_path, checkpoint):
    words = ["push", "--checkpoint", str(checkpoint), "--repo", "us/ours", "--folder"]
    for _ in range(2):
        assert main([*words, str(tmp_path), "--data", "photos of \udc83e"]) == 0
    assert "photos of " in (tmp_path / "README.md").read_text("utf-8")


def test_a_card_that_was_edited_is_not_written_over(tmp_path, checkpoint, capsys):
    words = ["push", "--checkpoint", str(checkpoint), "--repo", "us/ours", "--folder"]
    card = tmp_path / "README.md"
    for _ in range(2):  # The second goes over what the first has written.
        assert main([*words, str(tmp_path)]) == 0
    edited = card.read_text().replace("not given", "of our own")
    card.write_text(edited)
    assert main([*words, str(tmp_path)]) == 2
    assert "whose README.md would be overwritten" in capsys.readouterr().err
    assert card.read_text() == edited


def test_what_a_training_knows_of_its_own_machine_is_not_sent(tmp_path, checkpoint):
    """Checkpoints hold the configuration of their run, and in it the folders of photographs."""
    weights = read_weights(checkpoint)
    photos = tmp_path / "faces"
    run = {"data": {"train": {"photos": str(photos)}}, "model": {"average": {1, 2}}}
    state = {f"colorizer.{name}": value for name, value in weights.state.items()}
    last = tmp_path / "last.ckpt"
    torch.save({"flowcolor": weights.description | {"run": run}, "state_dict": state}, last)
    words = ["push", "--checkpoint", str(last), "--repo", "us/ours", "--folder"]
    assert main([*words, str(tmp_path / "sent")]) == 0
    files = list((tmp_path / "sent").iterdir())
    assert len(files) == 3
    assert not any(str(photos).encode() in file.read_bytes() for file in files)
    about = json.loads((tmp_path / "sent/config.json").read_text())["flowcolor"]
    assert about.keys() == {"version", "model", "size"}
    assert find_weights(str(tmp_path / "sent")).description == weights.description


def test_a_folder_keeps_what_no_push_has_written(tmp_path, checkpoint, capsys):
    words = ["push", "--repo", "us/ours", "--checkpoint"]
    run, other, card = (tmp_path / name for name in ("run", "other", "card"))
    for folder in (run, other):
        folder.mkdir()
        shutil.copy(checkpoint, folder / "model.safetensors")
    (run / "README.md").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    for source in (run / "model.safetensors", checkpoint):
        assert main([*words, str(source), "--folder", str(run)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert "--folder expects a place that holds no input" in said[0]
    assert said[1].endswith("run, whose model.safetensors and README.md would be overwritten.")
    (other / "config.json").write_text("{}")
    assert main([*words, str(checkpoint), "--folder", str(other)]) == 2
    assert "of another library" in capsys.readouterr().err
    (other / "config.json").unlink()
    assert {path: path.read_bytes() for path in before} == before
    for _ in range(2):  # Into a new folder, and into that of an earlier push.
        assert main([*words, str(checkpoint), "--folder", str(card)]) == 0


def test_a_push_into_a_folder_goes_on_where_one_was_interrupted(tmp_path, checkpoint, monkeypatch):
    words = ["push", "--repo", "us/ours", "--checkpoint", str(checkpoint), "--folder"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert main([*words, str(whole)]) == 0
    replace, done = Path.replace, []

    def interrupted(path, to):
        replace(path, to)
        done.append(to.name)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        assert main([*words, str(cut)]) == 130
        assert main([*words, str(cut)]) == 130
    assert done
    assert main([*words, str(cut)]) == 0
    assert read_all(cut) == read_all(whole)


def read_all(folder):
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    whole = found["model.safetensors"]
    end = 8 + int.from_bytes(whole[:8], "little")
    # The library writes what stands in its header in an order by chance.
    return found | {"model.safetensors": (json.loads(whole[8:end]), whole[end:])}


def refused(call, *args, **options):
    with pytest.raises(InputError) as caught:
        call(*args, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_what_a_hub_does_not_have_is_one_sentence(hub):
    hub.repos["us/others"] = {"pytorch_model.bin": b"", "config.json": b"{}"}
    hub.repos["us/none"] = {"weights.h5": b""}

    def load(name):
        return refused(flowcolor.load, name, endpoint=hub.endpoint)

    assert load("hf://us/nothing").startswith(
        f"hf://us/nothing expects a model of {hub.endpoint}, got none of that name"
    )
    assert (
        load("hf://us/others@old")
        == "hf://us/others@old expects a revision of us/others, got 'old'."
    )
    for name in ("others", "none"):
        assert load(f"hf://us/{name}") == (
            f"hf://us/{name} is no model of flowcolor: it expects config.json and "
            "model.safetensors there, and opens no other kind of file."
        )


@pytest.mark.parametrize(
    "name",
    [
        *("hf://", "hf://faces", "hf://a/b/c", "hf:/a/b", "hf://a/b@", "hf://a/é"),
        *("hf://a/b@../../c", "hf://a/b@/etc/c"),
    ],
)
def test_a_name_of_another_form_is_one_sentence(name):
    assert refused(flowcolor.load, name).startswith("A model on a hub expects a name like hf://")


@pytest.mark.parametrize("revision", ["../../c", "/etc/c", "a b"])
def test_a_revision_of_another_form_is_one_sentence(revision):
    sentence = refused(SketchColorFlow.from_pretrained, "us/ours", revision=revision)
    assert sentence.startswith("A model on a hub expects a name like hf://")


@pytest.mark.parametrize("name", ["revision", "endpoint"])
def test_what_is_of_a_hub_is_refused_beside_a_folder(name, tmp_path):
    """Other weights than those of that revision were returned, without a word."""
    Tint().save_pretrained(tmp_path)
    sentence = refused(Tint.from_pretrained, tmp_path, **{name: "v2"})
    assert sentence == (
        f"from_pretrained expects {name} beside a model on a hub only, got 'v2' beside {tmp_path}, "
        "which is none."
    )
    for source in ("faces", "tint", tmp_path, tmp_path / "model.safetensors"):
        assert "endpoint beside a model on a hub" in refused(flowcolor.load, source, endpoint="v2")


def test_two_revisions_of_one_model_are_refused():
    sentence = refused(Tint.from_pretrained, "us/ours@v1", revision="v2")
    assert sentence == "from_pretrained expects one revision, got hf://us/ours@v1 and v2."


@pytest.mark.parametrize(
    ("name", "wrong"), [("source", None), ("source", 3), ("revision", 3), ("endpoint", 3)]
)
def test_what_is_no_word_is_refused(name, wrong):
    with pytest.raises(
        ValueError, match=rf"^from_pretrained expects {name} to be a .*, got \w+\.$"
    ):
        SketchColorFlow.from_pretrained(**{"source": "us/ours", name: wrong})
    if name == "endpoint":
        with pytest.raises(ValueError, match=r"^load expects endpoint to be a word, got 3\.$"):
            flowcolor.load("hf://us/ours", endpoint=wrong)


def test_a_hub_that_cannot_be_reached_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(time, "sleep", lambda _: None)  # Between six tries.
    endpoint = "http://127.0.0.1:9"
    sentence = refused(flowcolor.load, "hf://us/ours", endpoint=endpoint)
    assert sentence == (
        f"hf://us/ours expects a network that reaches {endpoint}, got none, and keeps no copy."
    )


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b"{", "expects JSON, got a damaged file"),
        (b"[]", "the file is damaged or of another library"),
        (b"{}", "the file is damaged or of another library"),
        (b'{"flowcolor": {"model": "SketchColorFlow", "size": "64"}}', "damaged"),
        (b'{"ccbs": 1e999, "flowcolor": {"model": "SketchColorFlow", "size": 64}}', "damaged"),
        (b'{"ccbs": 9, "flowcolor": {"model": "SketchColorFlow", "size": 64}}', "too few"),
        (b'{"x": 1, "flowcolor": {"model": "SketchColorFlow", "size": 64}}', "does not describe"),
        (b'{"flowcolor": {"model": "os.system", "size": 64}}', "expects a model of this version"),
    ],
)
def test_a_damaged_configuration_is_one_sentence(tmp_path, config, words):
    trained(ccbs=1, nccbs=0).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_bytes(config)
    assert words in refused(lambda: read_folder(tmp_path).build())


@pytest.mark.parametrize("more", [("--private",), ("--endpoint", "http://127.0.0.1:9")])
def test_what_concerns_sending_alone_is_refused_where_nothing_is_sent(more, tmp_path, capsys):
    folder = tmp_path / "pushed"
    words = ["push", "--checkpoint", "faces", "--repo", "us/ours", "--folder", str(folder)]
    assert main([*words, *more]) == 2
    assert capsys.readouterr().err == (
        f"flowcolor: {more[0]} expects a model that is sent, got it beside --folder, which sends "
        "nothing.\n"
    )
    assert not folder.exists()


def test_a_push_that_fails_is_one_sentence_and_status_2(hub, checkpoint, capsys):
    words = ["push", "--checkpoint", str(checkpoint), "--endpoint", "http://127.0.0.1:9"]
    assert main([*words, "--repo", "ours"]) == 2
    assert main([*words, "--repo", "us/ours"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("flowcolor: A model on a hub expects a name like hf://user/name")
    assert second.startswith("flowcolor: Pushing to us/ours at http://127.0.0.1:9 failed: ")


def test_without_the_extra_one_sentence_says_what_to_install():
    code = """
import sys
sys.modules["huggingface_hub"] = None
import flowcolor
from flowcolor.models import SketchColorFlow
try:
    flowcolor.load("hf://us/ours")
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "hf://us/ours needs huggingface_hub: pip install 'flowcolor[hub]'.\n"
