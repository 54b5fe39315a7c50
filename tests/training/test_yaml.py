"""A configuration in which a key stands twice says two things, of which YAML would drop one."""

import pytest

from flowcolor.errors import InputError
from flowcolor.training.config_files import read_yaml


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("data: {}\ntrainer: {}\ndata: {}\n", "data", "1 and 3"),
        ("data:\n  size: 1\n  size: 1\n", "size", "2 and 3"),
        ("a:\n- b\n- {c: 1,\n   c: 2}\n", "c", "3 and 4"),
    ],
)
def test_a_key_that_stands_twice_is_refused(text, key, lines, tmp_path):
    file = tmp_path / "twice.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=rf"'{key}' stands twice in one place, in lines {lines}"):
        read_yaml(file)


def test_a_key_of_another_place_and_one_that_replaces_a_merged_one_are_read(tmp_path):
    file = tmp_path / "merged.yaml"
    file.write_text("a: &a {x: 1, y: 1}\nb: {<<: *a, x: 2}\nc: *a\n")
    assert read_yaml(file)["b"] == {"x": 2, "y": 1}
