"""Pretrained weights of the networks that losses and metrics look through: where they come from."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from flowcolor.bounds import shown_value
from flowcolor.errors import InputError
from flowcolor.io.files import from_home, is_file
from flowcolor.io.new_folders import make_folders
from flowcolor.io.plain_load import plain_load
from flowcolor.io.streams import require_readable


class WeightsFile(NamedTuple):
    """A file that can be downloaded; ``sha256`` is the beginning of its checksum.

    ``others`` are names of files beside it that serve as well: the same under the name that
    another library gives it, or only the part that is needed.
    """

    url: str
    sha256: str
    megabytes: int
    others: tuple[str, ...] = ()

    @property
    def filename(self) -> str:
        """The name under which torch hub keeps it."""
        return self.url.rsplit("/", 1)[1]


WEIGHTS = {
    "vgg16": WeightsFile(
        "https://download.pytorch.org/models/vgg16-397923af.pth",
        "397923af",
        528,
        ("vgg16-features.safetensors",),
    ),
    "vgg19": WeightsFile(
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        "dcbb9e9d",
        548,
        ("vgg19-features.safetensors",),
    ),
    "inception": WeightsFile(
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
        "weights-inception-2015-12-05-6726825d.pth",
        "6726825d",
        91,
        ("pt_inception-2015-12-05-6726825d.pth",),
    ),
    "googlenet": WeightsFile(
        "https://download.pytorch.org/models/googlenet-1378be20.pth", "1378be20", 50
    ),
    "alexnet": WeightsFile(
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        "7be5be79",
        233,
        ("alexnet-features.safetensors",),
    ),
}


def weights_folder() -> Path:
    """Return the folder where weights are looked for: that of the torch hub cache."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def cached_path(name: str) -> Path:
    """Return the place in the torch hub cache where the weights ``name`` lie or would lie.

    Args:
        name: A key of :data:`WEIGHTS`.

    Raises:
        ValueError: If there are no weights of that name.

    Example:
        >>> cached_path("vgg16").name
        'vgg16-397923af.pth'
    """
    if name not in WEIGHTS:
        raise ValueError(f"`name` must be one of {', '.join(WEIGHTS)}, got {shown_value(name)}.")
    return weights_folder() / WEIGHTS[name].filename


def cached_file(name: str) -> Path | None:
    """Return the file in the torch hub cache that serves as weights ``name``, if there is one.

    A file of only the part that is needed comes before the whole, which takes longer to read.
    """
    whole = cached_path(name)
    places = [*(whole.with_name(other) for other in WEIGHTS[name].others), whole]
    return next((place for place in places if is_file(place)), None)


def find_weights(
    name: str,
    path: str | Path | None = None,
    *,
    download: bool = True,
    option: str | None = None,
) -> Path:
    """Return a file with the weights ``name``: the given one, else the cached, else a download.

    A download goes to a temporary name, is compared with its checksum and only then moved to its
    place, so that an interruption leaves nothing behind that looks like weights.

    Args:
        name: A key of :data:`WEIGHTS`.
        path: A file of the user's; nothing else is tried if it is given.
        download: Whether the network may be used.
        option: What the user calls ``path``, for the error message; ``None`` means ``name``.

    Raises:
        InputError: If there is no such file and it cannot be downloaded. The message names the
            file, its size, the exact place for it and ``option``.
    """
    option = option or name
    cached, found = cached_path(name), cached_file(name)
    if path is not None:
        file = from_home(path) if isinstance(path, str | PathLike) else None
        if file is None or not is_file(file):
            got = repr(path if file is None else str(file))
            raise InputError(f"`{option}` must name a file with {name} weights, got {got}.")
        return file
    if found is not None:
        return found
    problem = _download(WEIGHTS[name], cached) if download else "downloads are switched off"
    if problem:
        known = WEIGHTS[name]
        raise InputError(
            f"The {name} weights are missing ({problem}): put {known.filename} "
            f"({known.megabytes} MB, from {known.url}) at {cached} or give its path as `{option}`."
        )
    return cached


def load_tensors(path: str | Path) -> dict[str, Tensor]:
    """Read a file of named tensors to the CPU: ``.safetensors``, or what ``torch.save`` wrote.

    No code in the file is run. Pickled files are read with ``weights_only=True``.

    Raises:
        InputError: If the file cannot be read or holds anything but named tensors.
    """
    path = Path(path)
    if is_file(path):
        require_readable(path)
    try:
        if path.suffix.lower() == ".safetensors":
            # Local import: only needed for this kind of file.
            from safetensors.torch import load_file

            tensors = load_file(path)
        else:
            tensors = plain_load(path)
    except Exception as error:  # Each kind of broken file has an exception of its own.
        raise InputError(
            f"{str(path)!r} must be a file of named tensors (.safetensors or .pth), "
            f"got one that is damaged or of another kind ({type(error).__name__})."
        ) from error
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in tensors.items()
    ):
        raise InputError(
            f"{str(path)!r} must hold a dictionary of named tensors, got {type(tensors).__name__}"
            f"{' of other things' if isinstance(tensors, dict) else ''}."
        )
    return tensors


def weights_note(path: Path) -> str:
    """Return what has to stand beside every number that is made with a file; mostly nothing.

    A file that flowcolor made carries it within; one that cannot be read has none.
    """
    if path.suffix.lower() != ".safetensors":
        return ""
    # Local import: only needed for this kind of file.
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return str((file.metadata() or {}).get("note", ""))
    except (OSError, SafetensorError):
        return ""


def _download(known: WeightsFile, target: Path) -> str | None:
    """Fetch the file, or return in a few words why that failed."""
    try:
        make_folders(target.parent)
        with _socket_timeout(20):
            torch.hub.download_url_to_file(known.url, str(target), hash_prefix=known.sha256)
    except (OSError, RuntimeError, HTTPException) as error:  # RuntimeError: another checksum.
        return f"the download failed with {type(error).__name__}: {error}"
    return None


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Give up on a silent network; torch hub itself would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
