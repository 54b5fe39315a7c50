"""What all trainings of colorizers share; how their weights move is up to two subclasses."""

from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

import torch
from lightning import Callback, LightningModule
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.arguments import check_choice, check_path, check_type
from flowcolor.data.batch import Batch, require_images
from flowcolor.errors import InputError
from flowcolor.evaluation.scores import gather_all
from flowcolor.layers.reversible.torch_private import is_sharded
from flowcolor.models import Colorizer
from flowcolor.models.checkpoint import (
    KEY,
    PREFIX,
    check_fits,
    require_same,
    require_tensors,
)
from flowcolor.models.description import describable, describe
from flowcolor.models.inputs import check_traits
from flowcolor.training.callbacks.average import (
    WeightAverage,
    require_decay,
    require_one_average,
)
from flowcolor.training.contents import require_content, require_heard
from flowcolor.training.count_batches import average_by_batches
from flowcolor.training.early_end import repeat_early_end
from flowcolor.training.frozen import freeze_the_rest
from flowcolor.training.idle_weights import IdleWeights
from flowcolor.training.objectives.base import Objective, colorize_batch
from flowcolor.training.options import check_static_graph, in_one_line
from flowcolor.training.plateau import plateau_schedule
from flowcolor.training.precision import widen_early
from flowcolor.training.rates import check_rates, planned, require_least
from flowcolor.training.resumption import Resumption, note_progress
from flowcolor.training.samples import colorize_samples
from flowcolor.training.say import say
from flowcolor.training.schedules import advance_after_epoch
from flowcolor.training.sizes import require_size
from flowcolor.training.starting_weights import StartingWeights
from flowcolor.values import kind_of, widen, without_autocast

Interval = Literal["epoch", "step"]


class Task(LightningModule, ABC):
    """Train, validate, test and run a colorizer; callbacks score, measure and draw its results.

    Validation and test know two settings, one per data loader: in the first, ``self``, the
    reference is a deformed copy of the drawing's own photograph; in the second, ``cross``, it is
    another photograph. Each step of them returns ``result``, the coloured batch in [0, 1].

    Args:
        colorizer: The model.
        objective: What training minimises.
        optimizer: Builds the optimizer from the parameters of colorizer and objective.
        scheduler: Builds the learning rate schedule from an optimizer; constant if missing.
            ``ReduceLROnPlateau`` watches ``val/ssim``; Lightning's class of this name,
            ``lightning.pytorch.cli.ReduceLROnPlateau``, also takes another ``monitor``.
        interval: Whether the schedule advances per epoch or per step.
        weights: A ``.ckpt`` or ``.safetensors`` file to start from: only the weights are taken.
        average: Decay of an average of the weights, see
            :class:`~flowcolor.training.callbacks.average.WeightAverage`; ``None`` for none.

    Attributes:
        scored: Names under which numbers of the objective's have been logged in validation.
    """

    def __init__(
        self,
        colorizer: Colorizer,
        objective: Objective,
        optimizer: OptimizerCallable = lambda parameters: torch.optim.Adam(parameters, lr=1e-4),
        scheduler: LRSchedulerCallable | None = None,
        interval: Interval = "epoch",
        weights: Path | None = None,
        average: float | None = None,
    ) -> None:
        super().__init__()
        check_type(self, Colorizer, colorizer=colorizer)
        check_traits(colorizer)
        check_type(self, Objective, objective=objective)
        check_choice(self, interval=(interval, Interval))
        check_path(self, weights=weights)
        if average is not None:
            require_decay("model.average expects", average)
        self.colorizer = colorizer
        self.objective = objective
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.interval = interval
        self.weights = weights
        self.average = average
        self._scores: list[tuple[str, float, int]] = []
        self.scored: set[str] = set()
        self._idle: IdleWeights | None = None
        self._seed = 0
        self._start = StartingWeights(weights)
        self._steps_before = 0
        self._resumption = Resumption()

    @abstractmethod
    def build_optimizers(self) -> list[tuple[Optimizer, Any]]:
        """Return each optimizer with its schedule or None, freshly built."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """How many batches have moved the weights: what intervals of callbacks count."""

    @property
    def moved(self) -> bool:
        """Whether the last batch moved the weights, where gradients of several may accumulate."""
        return self.steps != self._steps_before

    @property
    def size(self) -> int:
        """Side of the training images in pixels, 0 outside a run."""
        trainer = self._trainer
        return int(getattr(getattr(trainer, "datamodule", None), "size", 0))

    @classmethod
    def load_from_checkpoint(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: Lightning could not build the objects that a task is made of.

        Raises:
            InputError: Always; it says what loads a model.
        """
        raise InputError(
            f"{cls.__name__} cannot be loaded from a checkpoint: flowcolor.load or "
            "flowcolor.models.checkpoint.load_model loads its model."
        )

    def forward(self, batch: Batch) -> Tensor:
        """Colour a batch; not clamped."""
        require_images(self, batch, "content")
        return colorize_batch(self.colorizer, batch)

    def setup(self, stage: str) -> None:
        """Check the image size against the colorizer and load the weights to start from."""
        if self.size:
            require_size(self.size, self.colorizer, self.objective if stage == "fit" else None)
        content = getattr(getattr(self._trainer, "datamodule", None), "content", None)
        if content is not None:
            require_content(self.colorizer, content)
        data = getattr(self._trainer, "datamodule", None)
        drawn = stage != "predict" and getattr(data, "hints", None) is not None
        if self.colorizer.hints == "required" and not drawn:
            way = "" if stage == "predict" else "data.hints, which takes them from the truth, or "
            raise InputError(
                f"{type(self.colorizer).__name__} expects colours at points: give {way}files to "
                "flowcolor colorize --hints."
            )
        goes_on = getattr(self._trainer, "ckpt_path", None) is not None
        self._start.fill(self.colorizer, stage == "fit", goes_on)
        if stage == "fit":
            if self._trainer is not None:
                require_one_average(self._trainer)
                check_static_graph(self._trainer)
            require_heard(self.colorizer, data)
            # Else it would be trained, and none of its checkpoints could be read.
            describable(self.colorizer, self.size, "A training")
            freeze_the_rest(self.colorizer)
            self.objective.check(self.colorizer)
            self.objective.prepare()
            if self.colorizer.aligned and not getattr(data, "aligned", True):
                say(
                    f"notice: {type(self.colorizer).__name__} expects faces that lie as in "
                    "CelebA-HQ, and no turns or cuts by data.augment: these are not known to be so"
                )
            count = sum(parameter.numel() for parameter in self.colorizer.parameters())
            name, side = type(self.colorizer).__name__, self.size
            say(f"training {name}, {count / 1e6:.2f} M parameters, at {side}x{side}")

    def _require_whole(self) -> None:
        self._start.require_whole(self.colorizer)

    on_test_start = on_predict_start = _require_whole

    def on_validation_start(self) -> None:
        """Let no batch follow a validation that is all that is left of a training."""
        self._require_whole()
        self._resumption.last_validation.end()

    def on_fit_start(self) -> None:
        """Remember the seed of the run; from now on there is nothing that is not trained.

        But for a training that an early end had ended.
        """
        repeat_early_end(self.trainer)
        self._start.note_trained()
        self._seed = torch.initial_seed()

    def on_train_start(self) -> None:
        """Refuse schedules that would go wrong later, and go on where a checkpoint stands."""
        self._resumption.begin(self)
        if not self.automatic_optimization:
            average_by_batches(self.trainer)
        if self._resumption.last_validation.is_due:
            return  # There is no step left for which the schedule has to give a rate.
        optimizers = len(self.trainer.optimizers)
        require_least(self.trainer, optimizers)
        count = planned(self.trainer, self.interval, optimizers)
        check_rates(partial(self.build_optimizer, self.optimizer), count, self.interval)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Let what a batch draws by chance depend on the seed and on how many came before."""
        self._steps_before = self.steps
        # Checkpoints hold no generators. So a resumed training draws what one in one go would have.
        loop: Any = self.trainer.fit_loop.epoch_loop
        done = loop.batch_progress.total.processed
        # Processes share the seed, and should draw for themselves. On a CPU 32 bits of it count.
        own = self.global_rank << 24
        torch.manual_seed((self._seed + own + int(done)) % 2**63)
        # Of the steps that loggers write down, too: Lightning counts one twice that it resumes
        # after its validation, or inside of it.
        loop._batches_that_stepped = self.steps

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Let several processes go on with one set of buffers, as statistics of batches."""
        wrapper = self.trainer.strategy.model
        if isinstance(wrapper, DistributedDataParallel):
            # It copies them with its next forward pass, but not after one without a backward pass
            # of its own: that is what a task looks like to it which steps its optimizers itself.
            wrapper.require_forward_param_sync = True

    def configure_callbacks(self) -> list[Callback]:
        """Return what averages the weights of a training, if something should.

        All callbacks come after this, some of which copy the weights.
        """
        widen_early(self._trainer, self)
        # Here, not among the trainer's: checkpoints record the options of the model, and a run that
        # is resumed without its average would go on from it instead of from the weights.
        training = self.trainer.state.fn == TrainerFn.FITTING
        return [WeightAverage(self.average)] if training and self.average is not None else []

    def validation_step(
        self, batch: Batch, batch_idx: int, dataloader_idx: int = 0
    ) -> dict[str, Tensor]:
        """Return the coloured batch in [0, 1] as ``result``; log what the objective scores."""
        self._require_named(batch)
        if dataloader_idx == 0:  # The photographs of both settings are the same.
            size = len(batch["name"])
            for name, value in self.objective.scores(self.colorizer, batch).items():
                self.scored.add(f"val/{name}")
                self._scores.append((f"val/{name}", float(value), size))
        return {"result": self(batch).float().clamp(0, 1)}

    def on_validation_epoch_start(self) -> None:
        """Forget the scores of a validation that was ended."""
        self._scores = []

    def on_validation_epoch_end(self) -> None:
        """Log means over the photographs of all processes, which may have different numbers."""
        found = [each for scores in gather_all(self._scores) for each in scores]
        for name in dict.fromkeys(name for name, _, _ in found):
            own = [(value, size) for other, value, size in found if other == name]
            mean = sum(value * size for value, size in own) / sum(size for _, size in own)
            self.log(name, mean, batch_size=1, sync_dist=True)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> dict[str, Tensor]:
        """Return the coloured batch in [0, 1] as ``result``, and as it was as ``painted``."""
        self._require_named(batch)
        painted = colorize_samples(self.colorizer, batch).float()
        return {"result": painted.clamp(0, 1), "painted": painted}

    def predict_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> Tensor:
        """Return the coloured batch in [0, 1], of no images where none could be read."""
        if isinstance(batch, dict) and not batch.get("name", True):
            return torch.empty(0, 3, self.size, self.size)
        self._require_named(batch)
        painted = colorize_samples(self.colorizer, batch).float()
        finite = painted.isfinite().flatten(1).all(1).tolist()
        if not all(finite):  # Written, it would be black, and nobody would say why.
            raise InputError(
                f"{type(self.colorizer).__name__} expects weights with which it computes colours, "
                f"got values that are not finite for {batch['name'][finite.index(False)]}."
            )
        return painted.clamp(0, 1)

    def on_predict_batch_end(
        self, outputs: Any, batch: Batch, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """End at SIGTERM, which Lightning heeds in every loop but that of predictions."""
        if self.trainer.received_sigterm:
            raise SIGTERMException

    def configure_optimizers(self) -> Any:
        """Build the optimizers and their schedules."""
        return [
            {"optimizer": optimizer}
            if scheduler is None
            else {"optimizer": optimizer, "lr_scheduler": self._schedule(scheduler)}
            for optimizer, scheduler in self.build_optimizers()
        ]

    def on_train_epoch_end(self) -> None:
        """Advance schedules that wait for a plateau, before checkpoints are written."""
        advance_after_epoch(self.trainer)

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Advance a schedule, but for one that waits for a plateau, which was there before."""
        if not isinstance(scheduler, ReduceLROnPlateau):
            super().lr_scheduler_step(scheduler, metric)

    def _schedule(self, scheduler: Any) -> dict[str, Any]:
        if isinstance(scheduler, ReduceLROnPlateau):
            schedule = plateau_schedule(scheduler, self.interval, self.trainer)
            if not self.automatic_optimization:  # Lightning warns that it would not look at it.
                del schedule["monitor"]
            return schedule
        return {"scheduler": scheduler, "interval": self.interval}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the description from which the colorizer is rebuilt, and where its training is."""
        checkpoint[KEY] = checkpoint.get(KEY, {}) | describe(self.colorizer, self.size)
        note_progress(checkpoint, self)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint of another model, or another objective, in one sentence."""
        state = {
            name.removeprefix(PREFIX): value
            for name, value in checkpoint["state_dict"].items()
            if name.startswith(PREFIX)
        }
        check_fits(state, self.colorizer, "The checkpoint")
        # Critics, for one, without what modules keep beside tensors, as pools of pictures do.
        whole, own = (
            {name: value for name, value in each.items() if not name.endswith("_extra_state")}
            for each in (checkpoint["state_dict"], self.state_dict())
        )
        require_tensors(whole, "The checkpoint")
        require_same(whole, own, "The checkpoint")
        if self.trainer.state.fn == TrainerFn.FITTING:
            self._resumption.take(checkpoint, self)
        self._start.note_trained()

    def losses_of(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the objective computes of a training batch.

        Raises:
            InputError: Nothing could be learnt from its loss: beside a critic's, or among several
                processes, nobody would notice.
        """
        losses = self.objective.losses(self.colorizer, batch)
        self._require_named(batch)
        if not losses["loss"].requires_grad:
            raise InputError(
                f"{type(self.objective).__name__} expects its loss to depend on weights that "
                "train, got one without gradients, as of detach() or no_grad()."
            )
        return losses

    def _require_named(self, batch: Batch) -> None:
        """Refuse what loaders of one's own may give, before a number is logged of it."""
        require_images(self, batch, "content", also=["name"])

    def with_idle_weights(self, loss: Tensor) -> Tensor:
        """Return a loss for whose gradients several processes can wait; of one, the loss itself."""
        alike, strategy = self.objective.uses_all, self.trainer.strategy
        if self.trainer.world_size == 1 or (alike and not isinstance(strategy, DDPStrategy)):
            return loss
        if self._idle is None:  # To look at every module takes long in every step.
            if any(map(is_sharded, self.modules())):  # Nobody waits for those that all leave aside.
                return loss
            self._idle = IdleWeights(self.parameters(), alike)
        return self._idle.join(loss, lambda own: cast(Tensor, self.all_gather(own)))

    def on_before_backward(self, loss: Tensor) -> None:
        """Look at gradients: Lightning has forgotten those of the last step by now."""
        if self._idle is not None:
            self._idle.before_backward()

    def on_after_backward(self) -> None:
        """Leave what no process has used without a gradient."""
        if self._idle is not None:
            self._idle.after_backward()

    def take_gradients(self, loss: Tensor) -> None:
        """Take the backward pass of a task that steps its optimizers itself.

        Lightning calls all of such a task's step under autocast, which would round the gradients of
        what has been computed in full, as of losses and of log-dets.
        """
        with without_autocast(loss):
            self.manual_backward(loss)

    def log_losses(self, losses: dict[str, Tensor], batch: Batch) -> None:
        """Log numbers of a training batch, means over all processes.

        With numbers of its own, each would lower its rate, or wait for an end, by itself.
        """
        numbers = {name: value for name, value in losses.items() if value.ndim == 0}
        if self.trainer.world_size > 1:
            own = torch.stack([widen(value.detach()) for value in numbers.values()])
            means: Any = self.trainer.strategy.reduce(own, reduce_op="mean")
            numbers = dict(zip(numbers, means.unbind(), strict=True))
        for name, value in numbers.items():
            self.log(f"train/{name}", value, prog_bar=True, batch_size=len(batch["name"]))

    def build_optimizer(
        self, optimizer: OptimizerCallable, parameters: Any
    ) -> tuple[Optimizer, Any]:
        """Build an optimizer and its schedule, or say in one sentence why they cannot be."""
        what = "optimizer"
        try:
            built = optimizer(parameters)
            _require_step(built)
            what = "schedule"
            scheduler = None if self.scheduler is None else self.scheduler(built)
            if self.scheduler is not None:  # Without its return, the rate would stay as it is.
                _require_step(scheduler)
        except (ValueError, ArithmeticError, TypeError, RuntimeError) as error:
            raise InputError(f"The {what} cannot be built: {in_one_line(error)}.") from error
        if isinstance(built, LBFGS) and not self.automatic_optimization:
            raise InputError(
                "An objective of two optimizers expects ones that compute a loss once in a step, "
                "got LBFGS."
            )
        return built, scheduler


def _require_step(made: object) -> None:
    """Refuse what a function returned that should have built something that steps."""
    if not hasattr(made, "step"):
        raise TypeError(f"expected a function that returns one, got {kind_of(made)} from it")
