"""A small model and its programs, exported once for all tests."""

import pytest
import torch

from flowcolor.data import open_portraits
from flowcolor.deploy.export import export_model
from tests.models.helpers import trained


def portraits(batch, height, width):
    """Return drawings of the embedded portraits, and each with the photograph of the other."""
    items = [open_portraits("embedded", max(height, width))[index % 2] for index in range(batch)]
    drawings = torch.stack([item["content"].expand(3, -1, -1) for item in items])
    photos = torch.stack([item["photo"] for item in items]).roll(1, 0)
    return drawings[..., :height, :width].contiguous(), photos[..., :height, :width].contiguous()


@pytest.fixture(scope="session")
def model():
    return trained(ccbs=1, nccbs=1, aggregation="attention", width=8, parametrization="lu")


@pytest.fixture(scope="session")
def onnx(model, tmp_path_factory):
    pytest.importorskip("onnxscript", reason="nothing writes ONNX")
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_model(model, path, "onnx")
    return path
