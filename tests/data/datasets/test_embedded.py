"""The two portraits are there, squarely cut, with a person inside the mask."""

import pytest
import torch

from flowcolor.data import EmbeddedPortraits, Portraits, open_portraits
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.errors import InputError


def test_items():
    portraits = open_portraits("embedded", 32)
    assert portraits.names == ["astronaut", "grace_hopper"]
    for index, item in enumerate(portraits):
        assert (item["index"], item["name"]) == (index, portraits.names[index])
        assert item["photo"].shape == item["content"].shape == (3, 32, 32)
        assert item["photo"].dtype == torch.float32
        assert 0.15 < item["photo"].std() < 0.4
        ink = 1 - item["content"][0]
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
    plain, masked = Portraits(EmbeddedPortraits(masked=False), 32), open_portraits("embedded", 32)
    white = open_portraits("embedded", 32, background="white", cache=False)
    for index in range(2):
        assert (plain[index]["content"] <= masked[index]["content"]).all()
        assert (masked[index]["content"][:, :6, :4] == 1).all()
        assert (white[index]["photo"][:, :6, :4] == 1).all()
        assert torch.equal(plain[index]["photo"], masked[index]["photo"])
    assert (plain[1]["content"][:, :6, :4] < 1).any()  # the flag behind her


def test_grey_content_is_the_photograph_s_luma():
    grey = open_portraits("embedded", 32, content="gray")[1]
    weights = torch.tensor([0.299, 0.587, 0.114])
    luma = (grey["photo"] * weights[:, None, None]).sum(0).expand(3, -1, -1)
    torch.testing.assert_close(grey["content"], luma, atol=1.01 / 255, rtol=0)
    assert torch.equal(grey["photo"], open_portraits("embedded", 32)[1]["photo"])


def test_they_take_no_files_of_others(tmp_path):
    for option in ("sketches", "masks"):
        with pytest.raises(InputError, match="take neither sketches nor masks"):
            open_portraits("embedded", 32, **{option: tmp_path})


def test_the_default_type_of_numbers_does_not_matter():
    expected = load_portrait("astronaut")[0]
    torch.set_default_dtype(torch.bfloat16)
    try:
        found = load_portrait("astronaut")[0]
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(found, expected)


def test_a_filter_that_writes_to_its_photograph_leaves_what_is_trained_on_alone():
    def write(photo, size, mask):
        return photo.zero_()[:1]

    side = load_portrait("astronaut")[0].shape[-1]  # At which nothing is resized.
    plain, written = (open_portraits("embedded", side, sketch_filter=f)[0] for f in (None, write))
    assert torch.equal(written["photo"], plain["photo"])
    assert not written["content"].any()
