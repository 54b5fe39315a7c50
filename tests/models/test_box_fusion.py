"""Fusion of features against what must hold of any weights, and against the letter's losses."""

import pytest
import torch
from torch.nn.functional import interpolate
from torch.testing import assert_close

from flowcolor.models.box_fusion import BoxFusion, whole_pixels

BOXES = [(0, 0, 4, 6), (2, 3, 8, 8), (5, 1, 7, 2)]


def drawn(fusion="masked", channels=3, count=3):
    torch.manual_seed(0)
    net = BoxFusion(channels, fusion).double()
    whole = torch.randn(1, channels, 8, 8).double()
    return net, whole, torch.randn(count, channels, 8, 8).double()


def without_opinion(net):
    for part in (net.of_whole, net.of_objects):
        for parameter in part.parameters():
            torch.nn.init.zeros_(parameter)
    return net


def test_outside_of_all_boxes_is_exactly_the_whole():
    net, whole, objects = drawn()
    result = net(whole, objects, BOXES)
    outside = torch.ones(8, 8, dtype=torch.bool)
    for left, top, right, bottom in BOXES:
        outside[top:bottom, left:right] = False
    assert outside.any()
    assert torch.equal(result[..., outside], whole[..., outside])
    assert not torch.isclose(result, whole)[..., ~outside].any()
    assert torch.equal(net(whole, objects[:0], []), whole)


def test_features_of_ones_stay_ones():
    net, whole, objects = drawn()
    for part in (net.of_whole, net.of_objects):
        part[0].weight.data *= 50  # Far from equal weights.
    result = net(torch.ones_like(whole), torch.ones_like(objects), BOXES)
    assert_close(result, torch.ones_like(whole), rtol=0, atol=1e-12)


def test_the_order_of_boxes_does_not_matter():
    net, whole, objects = drawn()
    order = [2, 0, 1]
    permuted = net(whole, objects[order], [BOXES[k] for k in order])
    assert_close(permuted, net(whole, objects, BOXES), rtol=0, atol=1e-12)


def test_one_box_over_all_without_weight_for_the_whole_is_the_object():
    net, whole, objects = drawn()
    torch.nn.init.constant_(net.of_whole[-1].bias, -1e6)
    assert torch.equal(net(whole, objects[:1], [(0, 0, 8, 8)]), objects[:1])


def test_the_weights_are_those_of_a_softmax_over_what_is_there():
    net, whole, objects = drawn(count=2)
    boxes = [(0, 0, 4, 4), (2, 2, 8, 6)]
    result = net(whole, objects, boxes)
    small = [
        interpolate(x[None], (b[3] - b[1], b[2] - b[0]), mode="bilinear")
        for x, b in zip(objects, boxes, strict=True)
    ]
    logits = [
        interpolate(net.of_objects(x[None]), (b[3] - b[1], b[2] - b[0]), mode="bilinear")
        for x, b in zip(objects, boxes, strict=True)
    ]
    y, x = 3, 2  # In both boxes.
    places = [(y - b[1], x - b[0]) for b in boxes]
    there = [whole[0, :, y, x], *(s[0, :, p[0], p[1]] for s, p in zip(small, places, strict=True))]
    said = [
        net.of_whole(whole)[0, 0, y, x],
        *(value[0, 0, p[0], p[1]] for value, p in zip(logits, places, strict=True)),
    ]
    weights = torch.stack(said).softmax(0)
    assert_close(result[0, :, y, x], sum(w * f for w, f in zip(weights, there, strict=True)))


@pytest.mark.parametrize(("count", "expected"), [(2, 2 / 3), (5, 1 / 3)])
def test_the_letter_loses_colour_where_there_are_several_boxes(count, expected):
    boxes = [(0, 0, 4, 8)] + [(4, k, 8, k + 1) for k in range(count - 1)]
    for fusion, inside in (("letter", expected), ("masked", 1.0)):
        net = without_opinion(drawn(fusion)[0])
        ones = torch.ones(count, 3, 8, 8).double()
        result = net(ones[:1], ones, boxes)
        assert_close(result[..., :4], torch.full((1, 3, 8, 4), inside).double())
    assert isinstance(BoxFusion(2, "letter").of_whole[-1], torch.nn.ReLU)


def test_gradients_reach_both_kinds_of_logits():
    net, whole, objects = drawn()
    net(whole, objects, BOXES).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())
    assert all(p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 16, 16), (0, 0, 4, 4)),
        ((1.9, 2.1, 13.9, 14.1), (0, 1, 3, 4)),
        ((14.5, 15.9, 16, 16), (3, 3, 4, 4)),
        ((5, 5, 5.1, 5.1), (1, 1, 2, 2)),
    ],
)
def test_boxes_are_rounded_to_pixels_and_never_empty(box, expected):
    assert whole_pixels(torch.tensor(box), (16, 16), (4, 4)) == expected
