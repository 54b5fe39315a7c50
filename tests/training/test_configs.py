import pytest

from flowcolor.training.config_files import CONFIGS, find_config, packaged_configs
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet


def build(*words):
    with quiet():
        return TrainingCLI(["fit", *words], run=False)


def test_the_packaged_configurations_are_these():
    others = ["128", "128_exchanged", "critic", "exchanged", "hints"]
    faces = ["faces", *(f"faces_{name}" for name in others)]
    assert packaged_configs() == [*faces, "portraits", "quickstart", "thesis"]


@pytest.mark.parametrize("name", packaged_configs())
def test_every_packaged_configuration_builds_model_and_data(name, tmp_path):
    cli = build("--config", name, "--trainer.default_root_dir", str(tmp_path))
    assert cli.datamodule.size % cli.model.colorizer.multiple == 0
    assert cli.model.configure_optimizers() is not None


@pytest.mark.parametrize("name", packaged_configs())
def test_every_packaged_configuration_begins_with_its_command_line(name):
    comment = [line for line in find_config(name).read_text().splitlines() if line.startswith("#")]
    assert any(f"flowcolor fit --config {name}" in line for line in comment)
    assert find_config(name) == CONFIGS / f"{name}.yaml"


def test_the_thesis_configuration_has_the_hyperparameters_of_the_thesis(tmp_path):
    cli = build("--config", "thesis", "--trainer.default_root_dir", str(tmp_path))
    (configured,) = cli.model.configure_optimizers()
    optimizer, scheduler = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    rates = []
    for _ in range(11):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx([1e-4] * 5 + [0.9e-4] * 5 + [0.81e-4])
    assert configured["lr_scheduler"]["interval"] == "epoch"
    assert type(optimizer).__name__ == "Adam"
    assert cli.model.objective.loss.weights == {"l1": 10.0, "perceptual": 1.0, "ssim": 0.0}
    assert (cli.datamodule.size, cli.datamodule.batch_size) == (256, 16)
    assert cli.trainer.max_epochs == 100
    assert cli.model.colorizer.config["ccbs"] == 8
