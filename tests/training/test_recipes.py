"""The configurations of published size train as the documents and their papers say."""

import pytest

from flowcolor.training.config_files import CONFIGS, read_yaml

ADAM = "torch.optim.Adam"
RECIPES = {
    "pix2pix": {
        "model.colorizer.init_args": {"width": 64, "levels": 8, "dropout": 0.5},
        # 100 for values from -1 to 1; the critic's own share of each half is in the game.
        "model.objective.init_args.objective.init_args.loss.init_args.l1": 200.0,
        "model.objective.init_args.kind": "bce",
        "model.objective.init_args.weight": 1.0,
        "model.objective.init_args.critic.init_args": {"channels": 6, "std": 0.02},
        "model.optimizer.class_path": ADAM,
        "model.optimizer.init_args": {"lr": 2e-4, "betas": [0.5, 0.999]},
        "data.size": 256,
        "data.batch_size": 1,
        "trainer.max_epochs": 200,
    },
    "cic": {
        "model.colorizer.init_args": {"width": 64, "annealing": 0.38},
        "model.objective.init_args.uniform": 0.5,
        "model.optimizer.class_path": ADAM,
        "model.optimizer.init_args.lr": 3e-5,
        "data.content": "gray",
        "data.batch_size": 40,
    },
    "guided": {
        "model.colorizer.init_args": {"width": 64},
        "model.optimizer.class_path": ADAM,
        "model.optimizer.init_args.lr": 1e-4,
        "model.scheduler.init_args.gamma": 0.1,  # To 1e-5 and to 1e-6.
        "data.augment.init_args.hints.class_path": "flowcolor.data.HintPoints",
        "data.content": "gray",
    },
    "unetadain": {
        "model.colorizer.init_args": {"width": 16, "latent": 32, "dropout": 0.2, "space": "rgb"},
        "model.objective.init_args.loss.init_args": {"mse": 1.0, "lpips": 1.0},
        "model.optimizer.class_path": ADAM,
        "model.optimizer.init_args.lr": 1e-4,
        "data.content": "gray",
        "data.size": 128,
        "data.batch_size": 16,
        "trainer.max_epochs": 32,
    },
    "gatys": {
        "model.colorizer.init_args.content_layer": 5,
        "model.colorizer.init_args.style_layers": [1, 2, 3, 4, 5],
        "model.colorizer.init_args.style_weights": [500.0],
        "model.colorizer.init_args.steps": 500,
    },
    "levin": {"model.colorizer.init_args.system": "square"},
    "lut": {"model.colorizer.init_args.gamut": "chroma"},
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_configuration_has_the_numbers_of_its_document(name):
    config = read_yaml(CONFIGS / f"models/{name}.yaml")
    for path, expected in RECIPES[name].items():
        found = config
        for key in path.split("."):
            found = found[key]
        assert found == expected, path
