"""What the packaged configurations train: a task, a batch, and what a step of it differentiates.

A configuration in stages is one system for each stage.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.data.module import ColorizationDataModule
from flowcolor.training.build_task import build_task
from flowcolor.training.config_files import CONFIGS, find_config, read_yaml
from flowcolor.training.frozen import freeze_the_rest
from flowcolor.training.objectives.game import Game
from flowcolor.training.parser import TrainingParser
from flowcolor.training.stages import overlaid, stages_of
from flowcolor.training.task import Task

WITHOUT_FILES = {
    # A perceptual loss is not counted. Random weights cost what trained ones do.
    "unetadain": {"objective": {"init_args": {"loss": {"init_args": {"lpips": 0.0}}}}},
    "adaattn": {"colorizer": {"init_args": {"random_weights": True}}},
    "instance": {"colorizer": {"init_args": {"find": "quadrants"}}},
    # Its own encoder has learned: what comes after is most of the training.
    "adaattn-small": {"objective": {"init_args": {"autoencoder": 0}}},
}


@dataclass(frozen=True)
class Configured:
    """What one configuration trains, or one stage of it.

    Attributes:
        name: Of the file, and of the stage.
        last: Whether it is the whole system.
        config: The configuration.
    """

    name: str
    last: bool
    config: Mapping[str, Any]

    def task(self) -> Task:
        """Build what is trained, as a training begins with it."""
        task: Task = _built(build_task, "model", self.config["model"])
        freeze_the_rest(task.colorizer)
        return task

    def data(self) -> ColorizationDataModule:
        """Build the data module, which knows sizes and augmentation."""
        data: ColorizationDataModule = _built(
            ColorizationDataModule, "data", self.config.get("data", {})
        )
        return data

    def batch(self, count: int, size: int | None = None) -> Batch:
        """Return a training batch of random photographs."""
        data = self.data()
        side = data.size if size is None else size
        photo, content = torch.rand(2, count, 3, side, side)
        names = [str(number) for number in range(count)]
        item: Batch = {
            "photo": photo,
            "content": content[:, :1].repeat(1, 3, 1, 1),
            "index": torch.arange(count),
            "name": names,
        }
        return data.complete(item, training=True)


def configured(names: Sequence[str]) -> Iterator[Configured]:
    """Yield what the packaged configurations of these names train, stage by stage."""
    for name in names:
        file = find_config(name if (CONFIGS / f"{name}.yaml").exists() else f"models/{name}")
        stages = stages_of(file)
        for number, config in enumerate(stages or [read_yaml(file)], start=1):
            model = overlaid(config["model"], WITHOUT_FILES.get(name, {}))
            label = f"{name}, stage {number}" if stages else name
            yield Configured(label, number == (len(stages) or 1), {**config, "model": model})


def trained_names() -> list[str]:
    """Return the names of all packaged models that something trains."""
    files = sorted((CONFIGS / "models").glob("*.yaml"))
    return [file.stem for file in files if colorizer_class(file.stem).trained]


def colorizer_class(name: str) -> Any:
    """Return the class of a packaged model."""
    path = read_yaml(find_config(f"models/{name}"))["model"]["colorizer"]["class_path"]
    module, _, word = path.rpartition(".")
    return getattr(import_module(module), word)


def loss_of(task: Task, batch: Batch) -> Tensor:
    """Return what a step differentiates: with critics, the losses of both sides as one sum."""
    made = task.objective.losses(task.colorizer, batch)
    if isinstance(task.objective, Game):
        # As the task does: each side's loss leaves the other's weights alone.
        return made["loss"] + task.objective.critic_losses(batch, made)["critic"]
    return made["loss"]


def _built(what: Any, key: str, config: Mapping[str, Any]) -> Any:
    parser = TrainingParser()
    parser.add_lightning_class_args(what, key)
    return getattr(parser.instantiate(parser.parse_object({key: dict(config)})), key)
