"""Models that come with the package; see the model card in the documentation."""

from pathlib import Path

PACKAGED = ("faces",)


def packaged_file(name: str) -> Path:
    """Return the file of a model that comes with the package."""
    return Path(__file__).parent / f"{name}.safetensors"
