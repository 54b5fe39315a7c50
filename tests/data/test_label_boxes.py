"""Boxes around parts of a face."""

import pytest
import torch

from flowcolor.data import boxes_of_labels
from flowcolor.data.label_boxes import CELEBA_PARTS, FACE_PARTS


@pytest.mark.parametrize("parts", [FACE_PARTS, CELEBA_PARTS])
def test_each_part_has_the_smallest_box_that_holds_all_of_it(parts):
    torch.manual_seed(0)
    labels = torch.randint(0, 19, (9, 12), dtype=torch.uint8)
    labels[labels == parts["mouth"][0]] = 0
    labels[labels == parts["mouth"][-1]] = 0
    labels[4, 7] = parts["mouth"][-1]
    boxes = boxes_of_labels(labels, parts)
    expected = []
    for numbers in parts.values():
        places = [(x, y) for y in range(9) for x in range(12) if int(labels[y, x]) in numbers]
        columns, rows = zip(*places, strict=True)
        expected.append([min(columns), min(rows), max(columns) + 1, max(rows) + 1])
    assert boxes.tolist() == expected
    if len(parts["mouth"]) == 1:
        assert boxes[-1].tolist() == [7, 4, 8, 5]


def test_what_is_not_shown_has_no_box():
    assert boxes_of_labels(torch.zeros(4, 4, dtype=torch.int64)).shape == (0, 4)
