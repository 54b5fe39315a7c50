"""Training with two optimizers that play against each other."""

from typing import Any

from lightning import Trainer
from torch.optim import Optimizer

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.training.clipped import clip
from flowcolor.training.finite import require_finite
from flowcolor.training.objectives.game import Game
from flowcolor.training.scaled import one_scale
from flowcolor.training.schedules import advance_after_batch
from flowcolor.training.task import Task


class AdversarialTask(Task):
    """Let the colorizer and the critics of an adversarial objective step on every batch.

    Both gradients are of the same moment: critics judge the result before either side moves. So all
    weights get their gradients before any is used, as data-parallel training needs.

    Lightning counts the steps of both optimizers: its ``global_step`` and ``max_steps`` run twice
    as fast as batches. The commands take ``trainer.max_steps`` as batches.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not isinstance(self.objective, Game):
            raise InputError(
                "AdversarialTask expects an objective with critics, such as Adversarial, got "
                f"{type(self.objective).__name__}."
            )
        self.automatic_optimization = False

    @property
    def steps(self) -> int:
        """How many batches have moved the weights."""
        return self.global_step // 2

    @property
    def game(self) -> Game:
        """The objective."""
        assert isinstance(self.objective, Game)  # noqa: S101 - the constructor has seen to it
        return self.objective

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Move both sides by one batch."""
        made = self.losses_of(batch)
        made |= self.game.critic_losses(batch, made)
        losses = {name: value for name, value in made.items() if value.ndim == 0}
        require_finite(losses, batch, self.steps, self.trainer)
        self.log_losses(losses, batch)
        optimizers: Any = self.optimizers()
        for optimizer in optimizers:
            optimizer.zero_grad()
        # As one sum, because neither loss reaches the other's weights: a data-parallel wrapper
        # expects one backward pass for each forward pass.
        self.take_gradients(self.with_idle_weights(losses["loss"] + losses["critic"]))
        with one_scale(self.trainer):
            for optimizer in optimizers:
                optimizer.step()
        advance_after_batch(self.trainer, self.interval)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradients of one side."""
        clip(optimizer, self.game.gradient_clip_val)

    def build_optimizers(self) -> list[tuple[Optimizer, Any]]:
        critics = list(self.game.critic_parameters())
        judging = {id(parameter) for parameter in critics}
        own = [each for each in self.game.parameters() if id(each) not in judging]
        return [
            self.build_optimizer(self.optimizer, [*self.colorizer.learning.parameters(), *own]),
            self.build_optimizer(self.game.optimizer, critics),
        ]


def refuse_trainer_options(trainer: Trainer) -> None:
    """Refuse what Lightning cannot do with two optimizers, and say what to do instead.

    Raises:
        InputError: The trainer clips gradients or accumulates them.
    """
    if trainer.gradient_clip_val:
        raise InputError(
            "trainer.gradient_clip_val expects null with an objective of two optimizers, "
            f"got {trainer.gradient_clip_val}: set model.objective.init_args.gradient_clip_val "
            "instead."
        )
    if trainer.gradient_clip_algorithm not in (None, "norm"):
        raise InputError(
            "trainer.gradient_clip_algorithm expects null with an objective of two optimizers, "
            f"whose gradient_clip_val limits norms, got {trainer.gradient_clip_algorithm.value}."
        )
    if trainer.accumulate_grad_batches != 1:
        raise InputError(
            "trainer.accumulate_grad_batches expects 1 with an objective of two optimizers, "
            f"got {trainer.accumulate_grad_batches}."
        )
