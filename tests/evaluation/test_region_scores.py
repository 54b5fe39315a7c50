"""With what the colours of regions are compared, in self-reference and with somebody else's."""

import torch
from torch.testing import assert_close

from flowcolor.evaluation.region_scores import region_scores
from flowcolor.metrics import region_color_distance

REGIONS = {"one": (0,), "two": (1, 2)}


def drawn():
    torch.manual_seed(0)
    truth, reference, result = torch.rand(3, 2, 3, 16, 16)
    labels, others = torch.randint(0, 3, (2, 2, 16, 16), dtype=torch.uint8)
    return {"truth": truth, "reference": reference}, result, labels, others


def test_a_reference_with_a_map_is_what_a_result_is_compared_with():
    batch, result, labels, others = drawn()
    batch |= {"labels": labels, "reference_labels": others}
    expected = region_color_distance(result, batch["reference"], labels, others, REGIONS)
    for setting in ("self", "cross"):
        found = region_scores(setting, batch, {"": result}, REGIONS)
        assert found.keys() == {"region_one", "region_two", "region_colors"}
        for name, distance in expected.items():
            assert_close(found[f"region_{name}"], distance)
        assert_close(found["region_colors"], (expected["one"] + expected["two"]) / 2)


def test_an_own_photograph_without_a_map_is_judged_by_the_true_one():
    batch, result, labels, _ = drawn()
    batch["labels"] = labels
    expected = region_color_distance(result, batch["truth"], labels, labels, REGIONS)
    found = region_scores("self", batch, {"": result, "_raw": batch["truth"]}, REGIONS)
    assert_close(found["region_two"], expected["two"])
    assert_close(found["region_colors_raw"], torch.zeros(2))
    assert region_scores("cross", batch, {"": result}, REGIONS) == {}


def test_drawings_without_maps_have_no_such_scores():
    batch, result, _, others = drawn()
    batch["reference_labels"] = others
    for setting in ("self", "cross"):
        assert region_scores(setting, batch, {"": result}, REGIONS) == {}
