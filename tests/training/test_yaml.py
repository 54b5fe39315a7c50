"""What YAML would read otherwise than it seems to be meant, and files that name each other."""

import re

import pytest

from flowcolor.errors import InputError
from flowcolor.training.config_files import read_yaml
from flowcolor.training.parser import resolve_configs


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


@pytest.mark.parametrize(
    ("number", "read"),
    [("010", 8), ("-032", -26), ("1:10", 70), ("10:00:00:00", 2160000), ("1:10.5", 70.5)],
)
def test_a_number_to_another_base_is_refused(number, read, tmp_path):
    file = tmp_path / "base.yaml"
    file.write_text(f"data:\n  size: {number}\n")
    with pytest.raises(InputError, match=rf"\({number} in line 2 would be {read}: write numbers"):
        read_yaml(file)
    for option in (f"--trainer.callbacks=[{number}]", f"{{a: {number}}}"):
        with pytest.raises(InputError, match=rf"An option expects YAML, got .* would be {read}: "):
            resolve_configs(["--data", option])


def test_numbers_that_are_what_they_seem_and_times_in_quotes_are_read(tmp_path):
    file = tmp_path / "base.yaml"
    file.write_text("a: [007, 0, 0.50, 0x10, 1_000, '010', '1:10', 00:10:00:00, 08]\n")
    values = [7, 0, 0.5, 16, 1000, "010", "1:10", "00:10:00:00", "08"]
    assert read_yaml(file)["a"] == values


def test_a_key_that_stands_twice_in_an_option_is_refused():
    with pytest.raises(InputError, match="'faces' stands twice in one place"):
        resolve_configs(["--data.held_out", "{faces: 1, faces: 2}"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"size: 1\nsize: 2\n", "'size' stands twice in one place"),
        (b"# \xf6\n", "expects YAML in UTF-8"),
        (b"size: &a [*a]\n", "an alias stands inside of what it means"),
        (b"size: !!bool x\n", "a tag does not fit its value"),
        (b"", "expects keys and values, got nothing"),
        (b"more: part.yaml\nsize: 1\nsize: 2\n", "'size' stands twice in one place"),
    ],
)
@pytest.mark.parametrize("key", ["config: ", "data: ", "model:\n  colorizer: ", "a:\n- "])
def test_a_file_that_a_configuration_names_is_read_as_it_is(key, content, message, tmp_path):
    part, file = tmp_path / "part.yaml", tmp_path / "whole.yaml"
    part.write_bytes(content)
    file.write_text(f"{key}part.yaml\n")
    with pytest.raises(InputError, match=rf"{part} .*{re.escape(message)}"):
        resolve_configs(["--config", str(file)])


def test_files_that_name_each_other_and_one_of_a_list_are_left_to_the_parser(tmp_path):
    file = tmp_path / "whole.yaml"
    file.write_text(f"config: ../{tmp_path.name}/whole.yaml\ntrainer: {{callbacks: list.yaml}}\n")
    (tmp_path / "list.yaml").write_text("- {class_path: lightning.pytorch.callbacks.Timer}\n")
    assert resolve_configs(["--config", str(file)])[1] == [file]


@pytest.mark.parametrize("form", ["--trainer={}", "--data.predict {}"])
def test_a_file_of_an_option_may_have_any_name_and_is_read_as_strictly(form, tmp_path):
    part = tmp_path / "part.txt"
    part.write_bytes("max_epochs: 1  # \xe9\n".encode("latin-1"))
    with pytest.raises(InputError, match=rf"{part} expects YAML in UTF-8"):
        resolve_configs(["--config", "quickstart", *form.format(part).split(" ")])


@pytest.mark.parametrize("other", ["[other.yaml]", "3", "{a: b}"])
def test_another_file_is_one_name(other, tmp_path):
    file = tmp_path / "whole.yaml"
    file.write_text(f"config: {other}\n")
    with pytest.raises(InputError, match="expects the name of another file under 'config', got "):
        resolve_configs(["--config", str(file)])


@pytest.mark.parametrize("text", ["%NAME x\n---\na: 1\n", 'a: "\\ud800"\n'])
def test_what_the_parser_alone_would_not_read_is_refused_with_the_name_of_the_file(text, tmp_path):
    file = tmp_path / "other.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=f"{file} expects YAML in UTF-8"):
        read_yaml(file)
