"""Instance-aware colorization: published sizes, what boxes do, and what becomes of its stages."""

import math
import re

import pytest
import torch
from torch.nn.functional import interpolate, l1_loss
from torch.testing import assert_close

from flowcolor.color import rgb_to_lab, to_gray
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.errors import InputError
from flowcolor.metrics.psnr import psnr
from flowcolor.models import Guided, Hints, InstanceColorization
from flowcolor.models.box_fusion import BoxFusion
from flowcolor.models.find_boxes import boxes_of, quadrants
from flowcolor.models.instance_net import cut_out
from flowcolor.pretrained import detector
from tests.models.helpers import trained_guided, trained_instance

CLASSES = 256 * 529 + 529  # The published networks have a second head, which nothing here uses.


def gray(batch=1, side=16):
    torch.manual_seed(1)
    return torch.rand(batch, 1, side, side).expand(-1, 3, -1, -1)


def with_boxes(content, *boxes):
    empty = torch.zeros_like(content)
    return Hints(empty, empty[:, :1], [torch.tensor(b, dtype=torch.float32) for b in boxes])


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_parameters_are_those_of_the_published_networks():
    with torch.device("meta"):
        net = InstanceColorization().net
        assert count(net.whole) + CLASSES == count(net.objects) + CLASSES == 34_187_027
        assert round(count(net.fusion) / 1e6, 2) == 1.08
        assert round((count(net.whole) + CLASSES + count(net.fusion)) / 1e6, 2) == 35.27
        assert count(InstanceColorization(fusion="letter").net.fusion) == count(net.fusion)
        assert len(net.fusion) == 13
        small = [count(InstanceColorization(16, stage=stage)) for stage in (1, 2, 3)]
    assert [round(number / 1e6, 2) for number in small] == [2.13, 4.26, 4.58]


def test_without_boxes_it_is_the_network_of_the_whole():
    model, content = trained_instance(), gray(2)
    guided = Guided(2).eval()
    guided.net.load_state_dict(model.net.whole.state_dict())
    hints = Hints(torch.rand(2, 3, 16, 16), torch.ones(2, 1, 16, 16))
    for given in (None, hints):
        assert torch.equal(model(content, hints=given), guided(content, hints=given))
    empty = Hints(hints.colors, hints.mask, [torch.zeros(0, 4)] * 2)
    assert torch.equal(model(content, hints=empty), guided(content, hints=hints))


def test_boxes_of_one_picture_leave_another_alone_and_their_order_does_not_matter():
    model, content = trained_instance().double(), gray(2).double()
    boxes = [[0, 0, 8, 8], [3, 2, 16, 15], [4, 4, 6, 12]]
    some = with_boxes(content, boxes, [[0, 0, 16, 16]])
    result = model(content, hints=some)
    other = model(content, hints=with_boxes(content, boxes[::-1], [[0, 0, 3, 3]]))
    assert_close(result[0], other[0], rtol=0, atol=1e-12)
    assert not torch.allclose(result[1], other[1], atol=1e-6)
    assert not torch.allclose(result[0], model(content)[0], atol=1e-6)


def test_one_box_over_all_without_weight_for_the_whole_is_the_network_of_objects():
    model, content = trained_instance(), gray()
    for fuse in model.net.fusion:
        torch.nn.init.constant_(fuse.of_whole[-1].bias, -1e6)
    model.net.whole.chroma.load_state_dict(model.net.objects.chroma.state_dict())
    hints = with_boxes(content, [[0, 0, 16, 16]])
    assert_close(model.chroma(content, hints), model.object_chroma(content, hints.boxes))
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand_as(content)
    hints = Hints(red, (torch.rand(1, 1, 16, 16) > 0.5).float(), hints.boxes)
    told = model.object_chroma(content, hints.boxes, hints)
    assert_close(model.chroma(content, hints), told)
    assert not torch.allclose(told, model.object_chroma(content, hints.boxes), atol=1e-3)


def test_an_object_is_cut_out_and_shown_at_the_size_of_the_picture():
    images = torch.rand(2, 3, 16, 8)
    pieces = cut_out(images, [torch.tensor([[0, 4, 4, 8], [0, 0, 8, 16.0]]), torch.zeros(0, 4)])
    assert_close(pieces[0], interpolate(images[:1, :, 4:8, :4], (16, 8), mode="bilinear")[0])
    assert torch.equal(pieces[1], images[0])
    assert len(pieces) == 2


def test_the_fusion_has_the_last_word_at_all_places():
    model, content = trained_instance(), gray()
    seen = []
    for fuse in model.net.fusion:
        fuse.register_forward_hook(lambda _, inputs, out: seen.append((inputs[2], out.shape[1:])))
    model(content, hints=with_boxes(content, [[0, 0, 8, 8]]))
    halves = {16: (0, 0, 8, 8), 8: (0, 0, 4, 4), 4: (0, 0, 2, 2), 2: (0, 0, 1, 1)}
    assert [boxes[0] for boxes, _ in seen] == [halves[shape[1]] for _, shape in seen]
    assert [shape[0] for _, shape in seen] == model.net.whole.channels
    assert isinstance(model.net.fusion[0], BoxFusion)


def test_what_are_no_boxes_of_the_pictures_is_refused():
    model, content = trained_instance(), torch.full((2, 3, 16, 16), 0.5)
    box, who = torch.tensor([[2.0, 2, 9, 9]]), "InstanceColorization expects"
    for wrong, expected in (
        ([box], rf"^{who} boxes for each of 2 samples, got 1\."),
        (torch.stack([box, box]), rf"^{who} boxes to be a list, got "),
        ([box + 10, box], rf"^{who} boxes inside the picture, 16x16, got 12, 12, 19, 19\."),
        ([box.flip(1), box], rf"^{who} boxes with left before right"),
        ([torch.ones(1, 5), box], rf"^{who} the boxes of each sample as a tensor"),
        ([None, box], r"^InstanceColorization with boxes expects a tensor, got None"),
        ([box.to("meta"), box], rf"^{who} tensors with values"),
    ):
        for call in (model.chroma, model.object_chroma):
            with pytest.raises(ValueError, match=expected):
                call(content, boxes=wrong)
    assert model.object_chroma(content, [box[:0], box[:0]]).shape == (0, 2, 16, 16)


def test_a_way_to_find_boxes_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"^boxes_of expects find to be one of .* got 'quadrant'"):
        boxes_of(torch.rand(1, 3, 16, 16), "quadrant")


def test_quadrants_are_looked_at_where_nobody_gives_boxes():
    content = gray()
    found = trained_instance(find="quadrants")
    given = trained_instance()
    four = with_boxes(content, quadrants(16, 16).tolist())
    assert torch.equal(found(content), given(content, hints=four))
    assert not torch.allclose(found(content), given(content), atol=1e-6)


def test_objects_begin_as_the_whole_and_each_stage_moves_its_part_alone():
    stages = [trained_instance(seed, stage=seed) for seed in (1, 2, 3)]
    second = stages[1].upgraded(stages[0].state_dict())
    stages[1].load_state_dict(second)
    for name, value in stages[0].net.whole.state_dict().items():
        assert torch.equal(stages[1].net.objects.state_dict()[name], value)
    fusion = stages[2].net.fusion.state_dict()
    stages[2].load_state_dict(stages[2].upgraded(second))
    assert all(torch.equal(stages[2].net.fusion.state_dict()[k], v) for k, v in fusion.items())
    assert stages[2].upgraded(stages[2].state_dict()).keys() == stages[2].state_dict().keys()
    whole = stages[2].net.whole
    expected = [stages[0].net.whole, stages[1].net.objects]
    assert [m.learning for m in stages[:2]] == expected
    own = {id(p) for p in stages[2].learning.parameters()}
    last = [*stages[2].net.fusion.parameters(), *whole.after[2].parameters()]
    assert own == {id(p) for p in [*last, *whole.chroma.parameters()]}


class Found(torch.nn.Module):
    """Sees ten things, of which the third and later are less and less likely."""

    def forward(self, images):
        boxes = torch.tensor([[float(k), 0, k + 4, 99] for k in range(10)])
        scores = torch.tensor([0.98, 0.99, *(0.92 - 0.02 * k for k in range(8))])
        return [{"boxes": boxes, "scores": scores} for _ in images]


def test_the_detector_is_asked_for_eight_boxes_at_most_and_sure_ones(monkeypatch):
    monkeypatch.setattr(detector, "require_detector", lambda: None)
    monkeypatch.setattr(detector, "_network", lambda path: Found())
    content = gray(2)
    (first, _) = detector.detect(content)
    assert first.tolist() == [
        [1, 0, 5, 16],
        [0, 0, 4, 16],
        *([k, 0, k + 4, 16] for k in range(2, 8)),
    ]
    monkeypatch.setattr(
        Found, "forward", lambda *_: [{"boxes": first, "scores": torch.full((8,), 0.7)}]
    )
    assert detector.detect(content)[0].shape == (0, 4)


def test_a_missing_detector_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    expected = r"detector's weights are missing, and flowcolor does not .* at /.*pth, or choose "
    with pytest.raises(InputError, match=expected):
        trained_instance(find="detector")(gray())


@pytest.mark.parametrize("weight", [torch.zeros(2, 2), torch.full((2, 2), math.nan)])
def test_a_detector_that_would_find_nothing_in_any_picture_is_refused(
    weight, monkeypatch, tmp_path
):
    detection = pytest.importorskip("torchvision.models.detection")
    monkeypatch.setattr(detection, "maskrcnn_resnet50_fpn", lambda **_: torch.nn.Linear(2, 2))
    torch.save({"weight": weight, "bias": torch.zeros(2)}, file := tmp_path / "detector.pth")
    with pytest.raises(InputError, match=r"must hold (trained|finite) weights, got .* `weight`"):
        detector._network(file)


def test_both_networks_and_their_fusion_learn_a_photograph_by_heart():
    truth = interpolate(load_portrait("astronaut")[0][None], (32, 32), mode="area")
    torch.manual_seed(0)
    model, content = InstanceColorization(8), to_gray(truth).expand(-1, 3, -1, -1)
    hints, target = with_boxes(content, [[4, 0, 28, 32]]), rgb_to_lab(truth)[:, 1:]
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(60):
        optimizer.zero_grad()
        (l1_loss(model.chroma(content, hints), target) / 55).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        found = [image.clamp(0, 1) for image in (model.eval()(content, hints=hints), content)]
    learned, grey = (psnr(image, truth) for image in found)
    assert learned > grey + 4


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"width": 0}, "InstanceColorization expects width to be a whole number of at least 1, g"),
        ({"stage": 4}, "InstanceColorization expects width to be at most 512 and stage to be 1, 2"),
        ({"fusion": "sum"}, "InstanceColorization expects fusion to be one of ['masked', 'letter'"),
        ({"find": "face"}, "InstanceColorization expects find to be one of ['none', 'quadrants', "),
    ],
)
def test_what_it_cannot_do_is_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        InstanceColorization(**options)
    with pytest.raises(ValueError, match=r"content to be multiples of 8, got 16 x 12\.$"):
        trained_instance()(gray()[..., :12])
    with pytest.raises(ValueError, match=r"^Guided cannot use the boxes of hints, got some\.$"):
        trained_guided()(gray(), hints=with_boxes(gray(), [[0, 0, 8, 8]]))


def test_vmap_over_boxes_and_under_a_detector_is_refused():
    model, content = trained_instance(), gray()
    boxes = quadrants(*content.shape[2:]).expand(len(content), -1, -1)
    message = r"^InstanceColorization looks at values and expects a batch instead of vmap, got "
    with pytest.raises(ValueError, match=message):
        torch.func.vmap(lambda x, box: model.chroma(x[None], boxes=[box]))(content, boxes)
    model = trained_instance(find="detector")
    with pytest.raises(ValueError, match=message):
        torch.func.vmap(lambda x: model(x[None]))(content)
