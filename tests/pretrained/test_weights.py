"""Where pretrained weights come from, and what is said when they do not come."""

import hashlib
import pickle
import socket

import pytest
import torch
from safetensors.torch import save_file

from flowcolor.errors import InputError
from flowcolor.pretrained import weights
from flowcolor.pretrained.weights import (
    WEIGHTS,
    WeightsFile,
    cached_path,
    find_weights,
    load_tensors,
)


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    """Point torch hub's cache at an empty folder."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    yield tmp_path / "hub" / "checkpoints"
    socket.setdefaulttimeout(None)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve some bytes as the VGG16 weights; the last argument may spoil their checksum."""

    def serve(content=b"weights", sha256=None):
        source = tmp_path / "vgg16-397923af.pth"
        source.write_bytes(content)
        sha256 = sha256 or hashlib.sha256(content).hexdigest()[:8]
        monkeypatch.setitem(WEIGHTS, "vgg16", WeightsFile(source.as_uri(), sha256, 528))

    return serve


def cache(hub, name="vgg16-397923af.pth"):
    hub.mkdir(parents=True)
    (hub / name).write_bytes(b"cached")
    return hub / name


def test_known_files_are_the_ones_torchvision_names():
    from torchvision.models import AlexNet_Weights, VGG16_Weights, VGG19_Weights

    known = {"vgg16": VGG16_Weights, "vgg19": VGG19_Weights, "alexnet": AlexNet_Weights}
    for name, theirs in known.items():
        ours, theirs = WEIGHTS[name], theirs.IMAGENET1K_V1
        assert ours.url == theirs.url
        assert ours.filename.endswith(f"-{ours.sha256}.pth")
        assert ours.megabytes == round(theirs.meta["_file_size"])


def test_a_given_path_comes_before_the_cache(hub, tmp_path):
    cache(hub)
    given = tmp_path / "mine.pth"
    given.touch()
    assert find_weights("vgg16", given) == given
    assert find_weights("vgg16", str(given)) == given


def test_a_given_path_that_is_missing_is_an_error_even_with_a_cache(hub, tmp_path):
    cache(hub)
    for wrong in [tmp_path / "missing.pth", tmp_path]:
        with pytest.raises(InputError, match=r"^`loss\.vgg16` must name .* got '.*'\.$"):
            find_weights("vgg16", wrong, option="loss.vgg16")


def test_the_cache_comes_before_a_download(hub, server):
    server()
    found = find_weights("vgg16") if cache(hub) else None
    assert found == cached_path("vgg16") == hub / "vgg16-397923af.pth"
    assert found.read_bytes() == b"cached"


@pytest.mark.parametrize("name", ["vgg16", "vgg19", "alexnet", "inception"])
def test_a_file_that_serves_as_well_comes_before_the_whole(hub, name):
    other = {"inception": "pt_inception-2015-12-05-6726825d.pth"}.get(
        name, f"{name}-features.safetensors"
    )
    assert find_weights(name, cache(hub, other)) == find_weights(name) == hub / other
    cached_path(name).write_bytes(b"the whole")
    assert find_weights(name) == hub / other


def test_a_download_ends_up_in_the_cache(hub, server, capsys):
    server(b"downloaded")
    assert find_weights("vgg16").read_bytes() == b"downloaded"
    assert [path.name for path in hub.iterdir()] == ["vgg16-397923af.pth"]


def test_a_download_with_another_checksum_is_refused_and_leaves_nothing(hub, server, capsys):
    server(b"garbled", sha256="00000000")
    with pytest.raises(InputError, match="invalid hash value"):
        find_weights("vgg16")
    assert list(hub.iterdir()) == []


def refusing_url():
    """Return an address where nobody listens."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{port.getsockname()[1]}/vgg16-397923af.pth"


@pytest.mark.parametrize("download", [True, False])
def test_offline_one_sentence_names_file_size_place_and_option(hub, monkeypatch, download):
    url = refusing_url()
    monkeypatch.setitem(WEIGHTS, "vgg16", WeightsFile(url, "397923af", 528))
    socket.setdefaulttimeout(7)
    with pytest.raises(InputError) as caught:
        find_weights("vgg16", download=download, option="loss.vgg16")
    message = str(caught.value)
    for needed in ["vgg16-397923af.pth", "528 MB", str(hub / "vgg16-397923af.pth"), url]:
        assert needed in message
    assert "`loss.vgg16`" in message
    assert ("switched off" in message) is not download
    assert "\n" not in message
    assert message.endswith(".")
    assert socket.getdefaulttimeout() == 7


def test_a_silent_server_is_given_up(monkeypatch):
    """A server that accepts and never answers must end in an error, not in a hang."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        port.listen()
        url = f"http://127.0.0.1:{port.getsockname()[1]}/vgg16-397923af.pth"
        monkeypatch.setitem(WEIGHTS, "vgg16", WeightsFile(url, "397923af", 528))
        full = weights._socket_timeout
        monkeypatch.setattr(weights, "_socket_timeout", lambda seconds: full(seconds / 100))
        with pytest.raises(InputError, match="timed out"):
            find_weights("vgg16")


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path, server):
    (tmp_path / "hub").write_bytes(b"a file where a folder should be")
    server()
    with pytest.raises(InputError, match=r"The vgg16 weights are missing .*Error"):
        find_weights("vgg16")


def test_an_unknown_name_is_refused():
    known = "one of vgg16, vgg19, inception, googlenet, alexnet"
    with pytest.raises(ValueError, match=f"{known}, got 'vgg11'"):
        find_weights("vgg11")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".SAFETENSORS"])
def test_named_tensors_are_read_back(tmp_path, suffix):
    tensors = {"a": torch.randn(2, 3), "b": torch.arange(3)}
    path = tmp_path / f"some{suffix}"
    (torch.save if suffix == ".pth" else save_file)(tensors, path)
    found = load_tensors(path)
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[key], tensors[key]) for key in tensors)


class Harmful:
    """Run code while being unpickled."""

    def __reduce__(self):
        return pytest.fail, ("code in a file of weights was run",)


def broken_files():
    yield "empty.pth", b""
    yield "empty.safetensors", b""
    yield "text.pth", b"<html>404 not found</html>"
    yield "text.safetensors", b"<html>404 not found</html>"
    yield "harmful.pth", pickle.dumps(Harmful())
    yield "numbers.pth", {"epoch": 3}
    yield "list.pth", [torch.zeros(1)]
    yield "counted.pth", {0: torch.zeros(1)}


@pytest.mark.parametrize(("name", "content"), list(broken_files()))
def test_a_file_of_another_kind_is_one_sentence(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(InputError, match=rf"^'.*{name}' must .*, got .*\.$"):
        load_tensors(path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_truncated_file_is_one_sentence(tmp_path, suffix):
    path = tmp_path / f"cut{suffix}"
    (torch.save if suffix == ".pth" else save_file)({"a": torch.randn(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"must be a file of named tensors .* got one that is"):
        load_tensors(path)
    path.unlink()
    with pytest.raises(InputError, match=r"must be a file of named tensors"):
        load_tensors(path)
