"""The photographs that the tests of the datasets use."""

from tests.data.conftest import make_folder

__all__ = ["make_folder"]
