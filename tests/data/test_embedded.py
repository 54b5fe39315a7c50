"""The two portraits are there, squarely cut, with a person inside the mask."""

import torch
from flowcolor.data.datasets.embedded import load_portrait

from flowcolor.data import EmbeddedPortraits


def test_items():
    portraits = EmbeddedPortraits(32)
    assert portraits.names == ["astronaut", "grace_hopper"]
    for index, item in enumerate(portraits):
        assert (item["index"], item["name"]) == (index, portraits.names[index])
        assert item["photo"].shape == item["sketch"].shape == (3, 32, 32)
        assert item["photo"].dtype == torch.float32
        assert 0.15 < item["photo"].std() < 0.4
        ink = 1 - item["sketch"][0]
        assert 0.05 < ink.mean() < 0.4
        assert ink[8:24, 8:24].mean() > 2 * ink[:8, :4].mean()


def test_masks_hold_the_head_and_not_the_corners():
    for name in ("astronaut", "grace_hopper"):
        photo, mask = load_portrait(name)
        assert photo.shape[1:] == mask.shape
        assert mask.shape[0] == mask.shape[1]
        side = mask.shape[0]
        assert mask[side // 4 : side // 2, int(side * 0.4) : int(side * 0.6)].all()
        assert not mask[: side // 5, : side // 6].any()
        assert not mask[: side // 5, -side // 6 :].any()
        assert 0.3 < mask.float().mean() < 0.75


def test_options():
    plain, masked = EmbeddedPortraits(32, masked=False), EmbeddedPortraits(32)
    white = EmbeddedPortraits(32, background="white", cache=False)
    for index in range(2):
        assert (plain[index]["sketch"] <= masked[index]["sketch"]).all()
        assert (masked[index]["sketch"][:, :6, :4] == 1).all()
        assert (white[index]["photo"][:, :6, :4] == 1).all()
        assert torch.equal(plain[index]["photo"], masked[index]["photo"])
    assert (plain[1]["sketch"][:, :6, :4] < 1).any()  # the flag behind her
