"""What a picture costs: arithmetic and bytes that are counted by hand, time that is slept."""

import json
import time

import pytest
import torch
from torch.nn import functional

from flowcolor.errors import InputError
from flowcolor.evaluation import costs as module
from flowcolor.evaluation.costs import Costs, costs_of, measure_costs, plain_costs, read_costs
from flowcolor.evaluation.live_bytes import peak_bytes
from flowcolor.evaluation.operations import count_operations

KIB = 256  # float32 numbers in a kibibyte


def test_operations_are_those_of_the_formulas_with_and_without_inference_mode():
    image, kernel = torch.rand(1, 3, 8, 8), torch.rand(5, 3, 3, 3)
    matrix = torch.rand(2, 10, 10)

    def run():
        functional.conv2d(image, kernel, padding=1)
        functional.linear(torch.rand(4, 10), torch.rand(6, 10))
        torch.linalg.inv(matrix)
        image.sigmoid()

    for inside in (torch.no_grad, torch.inference_mode):
        with inside():
            found = count_operations(run)
        assert found["convolutions"] == pytest.approx(8 * 8 * 5 * 3 * 9 / 1e9)
        assert found["matrix products"] == pytest.approx(4 * 10 * 6 / 1e9)
        assert found["linear algebra"] == pytest.approx(2 * 10**3 / 1e9)
        assert found["all"] == pytest.approx(sum(list(found.values())[1:]))


def pattern():
    """Hold 1, 3, 2 and 6 KiB, the last of them partly as views."""
    one = torch.ones(KIB)
    two = torch.ones(2 * KIB)
    del one
    four = torch.ones(4, KIB)
    view = four[1:].mT
    del four, two
    return view.shape


def test_the_peak_is_that_of_a_known_pattern_with_and_without_inference_mode():
    before = torch.ones(8 * KIB)
    for inside in (torch.no_grad, torch.inference_mode):
        with inside():
            assert peak_bytes(pattern, torch.device("cpu")) == 6 * 1024
            assert peak_bytes(before.neg, torch.device("cpu")) == 8 * 1024


def test_time_is_the_median_and_impatience_ends_it(monkeypatch):
    pauses = iter([0, 0, 0.02, 0.3, 0.02])
    found = measure_costs(lambda: time.sleep(next(pauses)), (64, 32), 7, runs=3)
    assert 0.02 <= found.seconds < 0.2
    assert (found.runs, found.size, found.parameters) == (3, (64, 32), 7)
    assert found.threads == torch.get_num_threads()
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    assert measure_costs(lambda: time.sleep(0.02), (64, 32), 7).runs == 1


def test_costs_come_back_from_a_file_and_from_the_report_of_a_test(tmp_path):
    costs = Costs(seconds=0.5, runs=3, size=(64, 32), gmacs=1.25, peak_bytes=3_000_000)
    text = "costs of a picture of 32x64: 0.5 s (median of 3), 1.25 GMACs, 3 MB of tensors at once"
    assert costs.text() == text
    for content in (plain_costs(costs), {"about": {"costs": plain_costs(costs)}, "pairs": []}):
        (tmp_path / "c.json").write_text(json.dumps(content))
        assert read_costs(tmp_path / "c.json") == costs
    assert costs_of({"costs": plain_costs(costs)}) == costs
    assert costs_of({}) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"seconds": "1"}',
        '{"second": 1}',
        "{}",
        "[]",
        "{",
        '{"seconds": -1}',
        '{"seconds": 1e400}',
        '{"size": [1]}',
        f'{{"parameters": 1{"0" * 400}}}',
    ],
)
def test_other_files_are_one_sentence(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(InputError, match=r"c\.json expects a JSON of any of device, gmacs, "):
        read_costs(tmp_path / "c.json")
    with pytest.raises(InputError, match=r"gone\.json cannot be read"):
        read_costs(tmp_path / "gone.json")
