"""The index of names leaves out nothing that is public, and says what each name is."""

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import flowcolor

pytest.importorskip("sphinx", reason="without Sphinx there are no pages")
EXTENSIONS = Path(__file__).parents[2] / "docs" / "extensions"


@pytest.fixture
def index(monkeypatch):
    monkeypatch.syspath_prepend(EXTENSIONS)
    return import_module("api_index")


def packages_with_names():
    for module in pkgutil.walk_packages(flowcolor.__path__, "flowcolor."):
        if module.ispkg and hasattr(import_module(module.name), "__all__"):
            yield module.name


def test_every_name_that_a_package_hands_out_is_in_the_index(index):
    listed = {
        id(getattr(import_module(module), name))
        for module in index.PUBLIC
        for name in index.names_of(module)
    }
    missing = [
        f"{package}.{name}"
        for package in packages_with_names()
        for name in import_module(package).__all__
        if id(getattr(import_module(package), name)) not in listed
    ]
    assert missing == []


def test_every_name_of_the_index_has_a_line(index):
    for module in index.PUBLIC:
        for name in index.names_of(module):
            assert index.line_of(module, name).endswith((".", ":", "?")), (module, name)


def test_a_name_leads_to_its_public_or_to_its_own_place_and_else_nowhere(index):
    public, own = "flowcolor.data.read_image", "flowcolor.io.images.read_image"
    assert index.place_of("flowcolor.data", "read_image", {public, own}) == public
    assert index.place_of("flowcolor.data", "read_image", {own}) == own
    assert index.place_of("flowcolor.data", "read_image", {"flowcolor.data.XDoG"}) is None
