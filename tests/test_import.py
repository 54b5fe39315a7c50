"""What an import brings along."""

import json
import subprocess
import sys

import pytest

import flowcolor

HEAVY = {
    "lightning",
    "torchvision",
    "torchmetrics",
    "skimage",
    "scipy",
    "matplotlib",
    "PIL",
    "torch._dynamo",
}
SCRIPT = """
import json, sys
loaded = {}
import flowcolor
loaded["flowcolor"] = list(sys.modules)
import flowcolor.layers
loaded["layers"] = list(sys.modules)
flowcolor.models  # Found when asked for.
loaded["models"] = list(sys.modules)
print(json.dumps(loaded))
"""


def test_an_import_brings_no_more_than_it_needs():
    command = [sys.executable, "-c", SCRIPT]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    loaded = {name: set(modules) for name, modules in json.loads(output).items()}
    assert loaded["flowcolor"].isdisjoint(HEAVY | {"torch", "numpy"})
    assert "flowcolor.models" not in loaded["layers"]
    assert loaded["layers"].isdisjoint(HEAVY)
    assert "flowcolor.models" in loaded["models"]
    assert loaded["models"].isdisjoint(HEAVY)


@pytest.mark.parametrize("name", ["data", "layers", "models"])
def test_subpackages_are_attributes(name):
    assert getattr(flowcolor, name).__name__ == f"flowcolor.{name}"


def test_a_misspelt_subpackage_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'layer'"):
        flowcolor.layer  # noqa: B018
