import json

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from flowcolor.evaluation.pictures import LEAST_SIDE, MARGIN, picture_grid
from flowcolor.io.images import read_image
from tests.training.helpers import flowcolor, write_config, write_photos


def test_row_b_holds_the_bth_image_of_every_column():
    side = LEAST_SIDE
    columns = [torch.full((3, 3, side, side), 0.1 * (c + 1)) for c in range(4)]
    for column in columns:
        column += 0.01 * torch.arange(3)[:, None, None, None]
    grid = picture_grid(columns)
    step = side + MARGIN
    for row in range(3):
        for c in range(4):
            value = grid[:, MARGIN + row * step + side // 2, MARGIN + c * step + side // 2]
            assert value.tolist() == pytest.approx([0.1 * (c + 1) + 0.01 * row] * 3)
    assert (grid[:, 0] == 1).all()


def test_small_images_are_enlarged_and_values_clamped():
    image = torch.tensor([-1.0, 2.0]).expand(1, 3, 2, 2)
    grid = picture_grid([image])
    assert grid.shape == (3, LEAST_SIDE + 2 * MARGIN, LEAST_SIDE + 2 * MARGIN)
    assert grid[0, 20, 20] == 0
    assert grid[0, 20, 100] == 1


def test_columns_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="columns of one shape"):
        picture_grid([torch.zeros(1, 3, 4, 4), torch.zeros(2, 3, 4, 4)])


def test_training_draws_every_n_steps_and_at_validation(run):
    names = {path.name for path in (run.folder / "pictures").iterdir()}
    drawn = {
        f"{kind}-{step:06d}.png" for kind in ("train", "val-self", "val-cross") for step in (2, 4)
    }
    assert names == drawn
    columns, rows = 4, 2
    height, width = read_image(run.folder / "pictures/val-cross-000004.png").shape[1:]
    assert (height, width) == tuple(MARGIN + n * (LEAST_SIDE + MARGIN) for n in (rows, columns))


def test_a_density_of_images_draws_samples_and_what_lies_between_at_validation(tmp_path):
    config = write_config(tmp_path / "glow.yaml", write_photos(tmp_path / "photos", 7))
    settings = json.loads(config.read_text())
    settings["model"]["colorizer"] = {
        "class_path": "flowcolor.models.Glow",
        "init_args": {"levels": 1, "steps": 1, "hidden": 4},
    }
    settings["model"]["objective"] = {"class_path": "flowcolor.training.objectives.Likelihood"}
    settings["trainer"]["max_epochs"] = 1
    config.write_text(json.dumps(settings))
    assert flowcolor("fit", "--config", config, "--trainer.default_root_dir", tmp_path) == 0
    drawn = tmp_path / "version_0" / "pictures"
    assert {path.name for path in drawn.glob("[!tv]*")} == {
        "samples-000002.png",
        "between-000002.png",
    }
    width = read_image(drawn / "between-000002.png").shape[2]
    assert width == MARGIN + 5 * (LEAST_SIDE + MARGIN)
    events = EventAccumulator(str(tmp_path / "version_0")).Reload()
    assert {"samples", "between", "val-self"} <= set(events.Tags()["images"])
