"""JSON of others, however deep its brackets lie, ends in a sentence and not in a traceback."""

import json

import pytest

from flowcolor.cli.settings import read_settings
from flowcolor.data.datasets.prepared import read_manifest
from flowcolor.data.sketches.by_name import find_filter
from flowcolor.deploy.card import _summary
from flowcolor.deploy.folder import _description
from flowcolor.errors import InputError
from flowcolor.evaluation.costs import read_costs
from flowcolor.evaluation.report_files import read_report
from flowcolor.evaluation.study.key import read_key
from flowcolor.experiments.runner import agree
from flowcolor.io.json_text import parse_json

DEEP = "[" * 100_000
READERS = {
    "costs": read_costs,
    "report": read_report,
    "key": read_key,
    "card": _summary,
    "model": lambda path: _description(path, "a model"),
    "manifest": lambda path: read_manifest(path.parent),
    "record": lambda path: agree(path.parent, path.name, {}, ("a comparison", "comparison")),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_file_of_brackets_is_refused_by_name(reader, tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(DEEP)
    with pytest.raises(InputError, match=r"manifest\.json|config\.json"):
        READERS[reader](path)


def test_words_of_brackets_are_text_or_refused():
    assert read_settings([f"system={DEEP}"]) == {"system": DEEP}
    with pytest.raises(InputError, match="--sketch_filter is not JSON"):
        find_filter('{"a":' * 100_000)


@pytest.mark.parametrize("text", ['{"a": [1, null, 0.5]}', "[]", '"\\u00e4"', "NaN"])
def test_what_is_json_is_read_as_python_reads_it(text):
    assert repr(parse_json(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', b'[{"b": {"a": 1, "c": 0, "\\u0061": 1}}]'])
def test_a_key_that_stands_twice_is_an_error_and_not_its_last_value(text):
    with pytest.raises(ValueError, match="'a' stands twice in one place"):
        parse_json(text)
    assert parse_json('{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}')["b"][1] == {"a": 2}
