"""Turn a checkpoint of a whole classifier into a small file of the part that is looked through."""

import hashlib
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from flowcolor.errors import InputError
from flowcolor.io.files import is_file
from flowcolor.io.places import as_path
from flowcolor.io.same_file import protect
from flowcolor.io.whole_file import whole_file
from flowcolor.pretrained.vgg import empty_features, features_only
from flowcolor.pretrained.weights import WEIGHTS, cached_path, load_tensors, weights_note

#: The networks of which only the convolutional part is needed.
NETWORKS = ("vgg16", "vgg19", "alexnet")


def convert(source: Path | str, output: Path | str | None = None) -> Path:
    """Write the convolutional part of a VGG16, VGG19 or AlexNet checkpoint as ``.safetensors``.

    The result is accepted wherever a path to the weights is: 56 MiB instead of 528 for VGG16, 76
    instead of 548 for VGG19, 9 instead of 233 for AlexNet. It appears whole or not at all.

    Args:
        source: The checkpoint, ``.pth`` or ``.safetensors``. No code in it is run.
        output: A ``.safetensors`` file. ``None`` means the place in the torch hub cache where the
            weights are looked for, so that the checkpoint can be deleted.

    Returns:
        The file that was written.

    Raises:
        InputError: If ``source`` is no such checkpoint or ``output`` cannot be written.
    """
    source = as_path(convert, source)
    output = None if output is None else as_path(convert, output)
    if not is_file(source):
        raise InputError(f"--convert expects a file of weights, got {str(source)!r}.")
    if output is not None and output.suffix.lower() != ".safetensors":
        raise InputError(f"--output expects a file ending in .safetensors, got {str(output)!r}.")
    note = weights_note(source)
    if note:  # Its copy would be found as if it were the network that everybody means.
        raise InputError(f"--convert expects weights of ImageNet, got {str(source)!r}, {note}.")
    name, tensors = _recognise(load_tensors(source), source)
    output = output or cached_path(name).with_name(WEIGHTS[name].others[0])
    protect(output, [source])
    write_tensors(tensors, output, {"network": name, "sha256": checksum(source)})
    return output


def problem(name: str, path: Path) -> str | None:
    """Say in a few words what is wrong with a file of weights, or return ``None``.

    A download is compared with its checksum, a file of :func:`convert` with the checksum of what it
    was made of.

    Args:
        name: A key of :data:`~flowcolor.pretrained.weights.WEIGHTS`.
        path: A file that exists.
    """
    expected = WEIGHTS[name].sha256
    if path.suffix.lower() != ".safetensors":
        found = checksum(path)
        return (
            None if found.startswith(expected) else f"its checksum is {found[:8]}, not {expected}"
        )
    return not_made_of(WEIGHTS[name].filename, expected, path)


def not_made_of(origin: str, sha256: str, path: Path) -> str | None:
    """Say in a few words that a ``.safetensors`` was not made of a file, or return ``None``.

    Args:
        origin: The name of that file.
        sha256: The beginning of its checksum, which was written along.
        path: A file that exists.
    """
    try:
        with safe_open(path, "pt") as file:
            found = (file.metadata() or {}).get("sha256", "")
    except (OSError, SafetensorError):
        return "it is damaged"
    return None if found.startswith(sha256) else f"it was not made of {origin}"


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _recognise(tensors: dict[str, Tensor], source: Path) -> tuple[str, dict[str, Tensor]]:
    """Return which network it is, and the tensors of its convolutional part."""
    for name in NETWORKS:
        features = empty_features(name)
        shapes = {key: tensor.shape for key, tensor in features.state_dict().items()}
        given = {key.removeprefix("features."): tensor.shape for key, tensor in tensors.items()}
        if shapes.items() <= given.items():
            chosen = features_only(tensors, features, source)
            return name, {f"features.{key}": tensor for key, tensor in chosen.items()}
    raise InputError(
        f"--convert expects the weights of {', '.join(NETWORKS)}, got {str(source)!r} with "
        f"{len(tensors)} other tensors{': ' if tensors else ''}{', '.join(list(tensors)[:3])}."
    )


def write_tensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write named tensors as ``.safetensors``, whole or not at all.

    Raises:
        InputError: The file cannot be written.
    """
    try:
        whole = save({key: value.contiguous() for key, value in tensors.items()}, metadata)
        with whole_file(path) as file:
            file.write(whole)
    except (InputError, SafetensorError) as error:
        raise InputError(f"--output cannot be written: {str(error).rstrip('.')}.") from error
