"""Plots of one picture: the numbers in them, and that they are written beside the result."""

import numpy as np
import pytest
import torch
from PIL import Image

from flowcolor.cli.main import main
from flowcolor.evaluation.plots import differences, draw_plots, histograms
from flowcolor.io.images import read_image, write_image


def test_histograms_are_those_of_numpy():
    image = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))
    image[0, :5] = 1  # The last part has its end.
    for plane, found in zip(image, histograms(image), strict=True):
        counts, _ = np.histogram(plane.numpy(), 64, (0, 1))
        assert found.tolist() == pytest.approx((counts / 600).tolist())


def test_differences_are_those_of_pillow_but_for_its_rounding():
    levels = torch.randint(256, (2, 16, 16, 3), dtype=torch.uint8)
    before, after = (
        np.asarray(Image.fromarray(image.numpy()).convert("YCbCr")).astype(float) / 255
        for image in levels
    )
    found = differences(*(levels.permute(0, 3, 1, 2) / 255))
    assert np.abs(found.permute(1, 2, 0).numpy() - (after - before)).max() < 1.1 / 255


def test_the_picture_shows_a_change_where_there_is_one(tmp_path):
    gray = torch.full((3, 40, 40), 0.5)
    result = gray.clone()
    result[0, :, 20:] = 0.9  # Red on the right.
    draw_plots(gray, result, tmp_path / "a.png", torch.rand(3, 10, 10))
    picture = read_image(tmp_path / "a.png")
    height, width = picture.shape[1:]
    chroma = picture[:, 2 * height // 3 :, int(0.6 * width) : int(0.9 * width)]
    red = (chroma[0] > 0.9) & (chroma[1:].amax(0) < 0.5)
    assert 0.05 < red.float().mean() < 0.5
    draw_plots(gray, gray, tmp_path / "b.png")
    picture = read_image(tmp_path / "b.png")[:, 2 * height // 3 :, : int(0.85 * width)]
    assert (picture.amax(0) - picture.amin(0)).mean() < 0.02  # White: nothing has changed.
    with pytest.raises(ValueError, match="content and result of one size"):
        draw_plots(gray, gray[:, :3], tmp_path / "c.png")


def test_the_command_writes_them_beside_the_result_and_over_no_input(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_image(torch.rand(1, 20, 30), "grey.png")
    write_image(torch.rand(3, 20, 30), "photo.png")
    words = ["colorize", "--method", "lut", "--content", "grey.png", "--output", "o.png", "--plots"]
    assert main([*words, "--reference", "photo.png"]) == 0
    assert "wrote o-plots.png" in capsys.readouterr().out
    assert read_image("o-plots.png").std() > 0.05
    write_image(torch.rand(3, 20, 30), "o-plots.png")
    before = read_image("o-plots.png")
    assert main([*words, "--reference", "o-plots.png"]) == 2
    assert "expects a place that holds no input, got o-plots.png" in capsys.readouterr().err
    assert torch.equal(read_image("o-plots.png"), before)
