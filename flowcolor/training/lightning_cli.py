"""``flowcolor fit | validate | test | predict``: Lightning's command line with our manners.

Precedence, lowest first: defaults of the classes, what the checkpoint of ``--ckpt_path`` was
trained with, ``--config`` files in their order, options on the command line.
"""

import json
import signal
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from docstring_parser import DocstringStyle
from jsonargparse import set_parsing_settings
from lightning import Callback, Trainer
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.strategies.launchers import _MultiProcessingLauncher
from lightning.pytorch.utilities.exceptions import SIGTERMException

from flowcolor.bounds import within
from flowcolor.console import shown, warn_of_replaced
from flowcolor.data.module import ColorizationDataModule
from flowcolor.ending import sigterm_for_others
from flowcolor.errors import InputError, refuse_empty
from flowcolor.io.apart import require_apart
from flowcolor.io.disk_errors import is_below, is_full
from flowcolor.io.files import real
from flowcolor.io.same_file import require_outside
from flowcolor.models.checkpoint import read_weights
from flowcolor.training.build_task import build_task
from flowcolor.training.callbacks.collapse_monitor import CollapseMonitor
from flowcolor.training.callbacks.comparison import compare_with, require_comparable
from flowcolor.training.callbacks.evaluator import Evaluator
from flowcolor.training.callbacks.interruption import Interruption
from flowcolor.training.callbacks.monitors import MissingNumberError, Monitors
from flowcolor.training.callbacks.prediction_writer import PredictionWriter
from flowcolor.training.callbacks.run_keeper import RunKeeper
from flowcolor.training.callbacks.run_record import RunRecord
from flowcolor.training.command_options import (
    add_callback_options,
    add_test_options,
    check_files,
    mode_of,
)
from flowcolor.training.complaints import plain
from flowcolor.training.contents import require_content, require_labels
from flowcolor.training.earlier_files import (
    spare_checkpoints,
    spare_configurations,
    spare_model,
    spare_own,
    spare_rescued,
    spare_training,
    tell_earlier_test,
)
from flowcolor.training.fit_checks import check_fit, has_begun
from flowcolor.training.late_logger import BeginLog, LateLogger
from flowcolor.training.named import colorizer_class
from flowcolor.training.nulls import refuse_nulls
from flowcolor.training.options import (
    check_folders,
    check_trainer,
    comes_from,
    in_one_line,
    require_text,
    who_refused,
)
from flowcolor.training.other_processes import end_as_others, end_together
from flowcolor.training.parser import TrainingParser, resolve_configs
from flowcolor.training.precision import check_precision
from flowcolor.training.quiet import quiet
from flowcolor.training.recorded import differences, read_recorded, spell_out_folders
from flowcolor.training.run_folder import SharedFolder, is_first_process
from flowcolor.training.run_place import ROOT, RunPlace
from flowcolor.training.say import say
from flowcolor.training.stages import last_stages
from flowcolor.training.step_options import step_options
from flowcolor.training.their_numbers import check_their_numbers
from flowcolor.training.whole_checkpoints import WholeCheckpoints
from flowcolor.training.whole_config import WholeConfig
from flowcolor.training.words import (
    asks_for_help,
    one_test_set,
    refuse_idle,
    refuse_roundtrip,
    refuse_unscored_pairs,
    with_plain_words,
)


class TrainingCLI(LightningCLI):
    """Parse the words after ``flowcolor``, build task and data, and run.

    Args:
        words: The command and its options.
        run: Whether to run the command, or only build ``model``, ``datamodule`` and ``trainer``.
    """

    def __init__(self, words: Sequence[str], run: bool = True) -> None:
        # Without this, a formula in a docstring is taken for reST and `--help` loses all texts.
        set_parsing_settings(docstring_parse_style=DocstringStyle.GOOGLE)
        self.command, *options = words
        command, self.options = self.command, tuple(options)
        refuse_empty(f"flowcolor {command}", options)
        if run:  # What is only built may be built for a training that goes before.
            refuse_idle(command, options)
        warn_of_replaced(options, ("--ckpt_path", "--compare"))
        options, files = resolve_configs(options)
        options = one_test_set(last_stages(options, files))
        self.files = files
        self.root = Path("runs") / (files[-1].stem if files else "flowcolor")
        self.execute = run
        self.recorded = read_recorded(command, options, files, self.root)
        if not (files or self.recorded.config or asks_for_help(options)):
            if self.recorded.checkpoint is not None:  # As of `--last.save_weights_only`.
                raise InputError(
                    f"flowcolor {command} expects --config NAME_OR_FILE beside "
                    f"{self.recorded.checkpoint}, which holds weights without the configuration of "
                    "their training, got none."
                )
            raise InputError(
                f"flowcolor {command} expects --config NAME_OR_FILE, for instance --config "
                "quickstart, or --ckpt_path FILE, got neither."
            )
        with ExitStack() as holds:
            self.place = RunPlace(command, holds)
            try:
                super().__init__(
                    model_class=build_task,
                    datamodule_class=ColorizationDataModule,
                    parser_class=TrainingParser,
                    parser_kwargs={"prog": "flowcolor"},
                    trainer_defaults={"enable_model_summary": False},
                    save_config_callback=WholeConfig,
                    save_config_kwargs={"overwrite": True},
                    seed_everything_default=0,
                    auto_configure_optimizers=False,
                    load_from_checkpoint_support=False,
                    args=[command, *options],
                )
            except (InputError, KeyboardInterrupt, SystemExit) as error:
                failed = isinstance(error, InputError) and not isinstance(error, MissingNumberError)
                self._leave_no_trace(keep_first=failed)
                raise

    @property
    def folder(self) -> Path:
        """Folder of the run, the same on all processes once they have met."""
        return self.place.folder

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse without Lightning's warning that the process had other arguments."""
        command, *options = args
        with self.recorded.as_words() as first:
            try:
                self.config = with_plain_words(parser.parse_args([command, *first, *options]))
            except (IndexError, AttributeError) as error:
                if not comes_from(error, "yaml."):
                    raise
                message = "An option expects YAML, got a tag that does not fit its value."
                raise InputError(message) from error
        chosen = self.config[command]
        refuse_nulls(self._parser(command), chosen)
        self._require_one_model(chosen.model)
        if chosen.ckpt_path is not None and self.recorded.checkpoint is None:
            raise InputError(
                f"flowcolor {command} expects a checkpoint as --ckpt_path on the command line, got "
                f"ckpt_path: {chosen.ckpt_path} in {' or '.join(map(str, self.files))}."
            )
        seed = chosen.seed_everything
        if isinstance(seed, int) and not isinstance(seed, bool):
            within("--seed_everything", seed, 0, 2**32 - 1)
        dumped = self._as_plain(chosen)
        self.run_config = spell_out_folders({key: dumped[key] for key in ("model", "data")})
        if command == "fit":
            self.run_config |= step_options(dumped)
            require_text([self.run_config, chosen.trainer.default_root_dir])
        self.replaced = list(differences(self.recorded.config, self.run_config))
        for line in self.replaced:
            say(f"other than in the checkpoint: {shown(line)}")
        self.tested = self.recorded.checkpoint or chosen.model.weights
        trained = colorizer_class(chosen.model.colorizer.class_path).trained
        if command != "fit" and self.tested is None and trained:
            raise InputError(
                f"flowcolor {command} expects trained weights, got neither --ckpt_path nor "
                "--model.weights."
            )

    def _as_plain(self, chosen: Any) -> dict[str, Any]:
        """Return parsed options in plain values.

        Raises:
            InputError: The parser cannot write down what it has read, as of a callback whose name
                is a key.
        """
        parser = self._parser(self.command)
        try:
            text = parser.dump(chosen, skip_none=False, format="json")
        except ValueError as error:
            parser.error(str(error), error)
        return dict(json.loads(text))

    def _require_one_model(self, model: Any) -> None:
        """Refuse other weights beside a checkpoint, whose name would stand over their scores.

        Raises:
            InputError: They are given.
        """
        checkpoint = self.recorded.checkpoint
        if checkpoint is None:
            return
        known = self.recorded.config.get("model", {}).get("weights")
        if model.weights is None and checkpoint.suffix.lower() == ".safetensors":
            model.weights = checkpoint  # A configuration that names none takes none back.
        elif model.weights is not None and (
            known is None or real(Path(model.weights)) != real(Path(known))
        ):
            raise InputError(
                f"Give either --ckpt_path or --model.weights, got {checkpoint} and {model.weights}."
            )

    def _parse_ckpt_path(self) -> None:
        """Do nothing: Lightning would let the checkpoint's values beat the user's."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the options of the callbacks that every command has."""
        add_callback_options(parser)

    def _prepare_subcommand_parser(self, klass: Any, subcommand: str, **kwargs: Any) -> Any:
        """Add what only a test has."""
        parser = super()._prepare_subcommand_parser(klass, subcommand, **kwargs)
        if subcommand == "test":
            add_test_options(parser)
        return parser

    def before_instantiate_classes(self) -> None:
        """Choose the folder of the run before anything expensive happens, and try it."""
        chosen = self.config[self.subcommand]
        check_precision(chosen.trainer.precision)
        check_trainer(chosen.trainer, str(self.subcommand))
        chosen.best.mode = mode_of(chosen.best, "max")
        chosen.last.mode = mode_of(chosen.last, "min")
        check_files(chosen.best, chosen.last)
        if self.subcommand == "fit":
            refuse_unscored_pairs(self.options, chosen.curves.every_n_steps)
            check_their_numbers(chosen, "")
            for name in ("best", "last"):
                check_their_numbers(chosen[name], name, are_theirs=True)
        root = chosen.trainer.default_root_dir
        self.place.choose(Path(root) if root else None, self.root, self.recorded.checkpoint)

    def instantiate_classes(self) -> None:
        """Build everything; what a constructor refuses is an error of the configuration."""
        try:
            super().instantiate_classes()
        except (
            TypeError,
            ValueError,
            ArithmeticError,  # A number too large for what it is used for.
            ImportError,  # An accelerator or precision whose package is not installed.
            MisconfigurationException,
            RuntimeError,  # Two callbacks of one kind whose states would have one name.
        ) as error:
            self._leave_no_trace()
            ours = isinstance(error, RuntimeError) and not comes_from(error, "lightning.")
            if isinstance(error, InputError) or ours:
                raise
            reason = plain(in_one_line(error))
            raise InputError(f"The configuration cannot be built: {reason}.") from error

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Log to TensorBoard in the folder of the run; commands other than fit write files only."""
        kwargs.setdefault("default_root_dir", str(self.folder))
        self.trainer_defaults["callbacks"] = self._callbacks()
        chosen = self.config_init[self.subcommand].trainer.logger
        fits = self.subcommand == "fit"
        if chosen is None or (fits and chosen is True):  # Lightning's own makes folders of its own.
            kwargs["logger"] = False
            if fits:
                kwargs["logger"] = LateLogger(
                    # With an empty version, the progress bar does not repeat the folder's name.
                    self.folder.parent,
                    name=self.folder.name,
                    version="",
                )
        trainer = super().instantiate_trainer(**kwargs)
        check_precision(trainer.precision)  # It may be that of a plugin.
        check_folders(trainer)
        end_together(trainer, self._leave_no_trace)
        if trainer.world_size == 1 and not is_first_process():  # It would write where others do.
            raise InputError(
                f"flowcolor {self.subcommand} expects several processes where the environment says "
                "that this one is not the first, got one: unset RANK, LOCAL_RANK and SLURM_PROCID, "
                "or give --trainer.devices and --trainer.num_nodes."
            )
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:  # Not one of the user's.
            trainer.strategy.checkpoint_io = WholeCheckpoints()
        if self.execute:  # Before the data say which options grey photographs have no use for.
            require_content(self.model.colorizer, self.datamodule.content)
        if self.subcommand == "test":
            require_labels(self.config_init.test.regions, self.datamodule)
        if self.subcommand == "fit":
            refuse_roundtrip(self.options, self.model.colorizer)
            check_fit(trainer, self.model, self.datamodule, self.recorded.checkpoint is not None)
            callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
            callbacks.insert(0, SharedFolder(self.folder, self._found))
        return trainer

    def _callbacks(self) -> list[Callback]:
        keys = ("model.optimizer", "model.scheduler", "model.objective")
        renewed = any(line.startswith(keys) for line in self.replaced)
        chosen = self.config_init[self.subcommand]
        return [
            Evaluator(
                chosen.get("networks"),
                self._about(),
                chosen.roundtrip,
                chosen.get("regions", "faces"),
                chosen.get("probes", 0),
                chosen.get("timed", 0),
            ),
            RunRecord(self.run_config, renewed),
            Interruption(),
            BeginLog(),
            RunKeeper(),
            CollapseMonitor(),
            Monitors(),
            PredictionWriter(),
        ]

    def _about(self) -> dict[str, Any]:
        """Return what a report says of its test."""
        return {"checkpoint": str(self.tested), "data": self.run_config["data"]}

    def test_rival(self, checkpoint: Path, folder: Path) -> None:
        """Test another checkpoint on the same images, with results below another folder."""
        self.tested = checkpoint
        rival = build_task(read_weights(checkpoint).build())
        # A logger of the user's may know one folder only, which is that of the first test.
        trainer = self.instantiate_trainer(default_root_dir=str(folder), logger=False)
        trainer.strategy._launcher = self.trainer.strategy.launcher  # Its processes run already.
        trainer.test(rival, datamodule=self.datamodule, verbose=False)

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]
        """Offer the command that was given: the options of four take four times as long.

        Hidden are arguments that this command line decides: nothing is ever unpickled.
        """
        hidden = {"weights_only", "return_predictions", "verbose"}
        return {self.command: LightningCLI.subcommands()[self.command] | hidden}

    def _run_subcommand(self, subcommand: str) -> None:
        if not self.execute:
            return
        checkpoint = self.recorded.checkpoint
        if checkpoint is not None and checkpoint.suffix.lower() == ".safetensors":
            checkpoint = None  # The task loads it as its `weights`.
        if checkpoint is not None:
            self.trainer.ckpt_path = checkpoint  # As an argument, no task would know of it in time.
        options: dict[str, Any] = {"weights_only": True}
        if subcommand == "predict":
            options["return_predictions"] = False
        if subcommand in {"validate", "test"}:
            options["verbose"] = False  # Lightning's table has each number twice; see below.
        written = self.place.written(self.trainer)
        option = ROOT if written == self.folder else "--trainer.logger"
        require_outside(written, self.datamodule.files(subcommand), option)
        require_apart(written, self.datamodule.folders(subcommand), option)
        self._spare_earlier(written, option)
        say(f"writing to {shown(self.place.move(self.trainer))}")
        root = self.config[subcommand].trainer.default_root_dir
        goes_on = subcommand == "fit" and self.recorded.checkpoint is not None
        if goes_on and root and real(Path(root)) not in real(self.folder / "file").parents:
            say(f"notice: a training goes on where it began, and not below {ROOT} {shown(root)}")
        run = getattr(self.trainer, subcommand)
        rival = self.config.test.compare if subcommand == "test" else None
        try:
            if rival is not None:
                require_comparable(rival, written, self.trainer, self.datamodule)
            with self.place.alone(self.trainer), self._sigterm():
                run(self.model, datamodule=self.datamodule, **options)
        except InputError:
            raise
        except Exception as error:
            end_as_others(self.trainer, error)
            # Files of loggers grow all the time, and are not whole files of ours.
            folder = self.place.written(self.trainer)
            if is_full(error) or is_below(folder, error):
                raise InputError(f"{folder} cannot be written: {in_one_line(error)}.") from error
            module = who_refused(error)
            if module is None:
                raise
            raise InputError(
                f"flowcolor {subcommand} cannot be run, {module} says: {in_one_line(error)}."
            ) from error
        if subcommand == "validate":
            metrics = sorted(self.trainer.callback_metrics.items())
            say("\n".join(f"{name:<26}{float(value):.4g}" for name, value in metrics))
        if rival is not None:
            compare_with(rival, self.trainer, self.test_rival)

    def _spare_earlier(self, written: Path, option: str) -> None:
        """Refuse to write over what an earlier training has left, or a configuration that is read.

        What goes on with a training does both. Another process than the first has not yet learnt
        where it writes.
        """
        if self.subcommand != "fit":
            spare_configurations(written, option, self.files)
            spare_own(written, option)
            spare_rescued(self.trainer)
            if self.subcommand == "test":
                model = type(self.model.colorizer).__name__
                about = {"model": model, **self._about()}
                tell_earlier_test(written, option, about, self.config.test.compare)
        elif self.recorded.checkpoint is None and is_first_process():
            spare_training(written, option, "checkpoints")
            spare_checkpoints(self.trainer)
        elif self.recorded.checkpoint is not None:
            spare_model(written, self.recorded.checkpoint)

    def _sigterm(self) -> AbstractContextManager[None]:
        """Let Lightning have SIGTERM, and end with this process what it has started."""
        launcher: Any = self.trainer.strategy.launcher
        if launcher is None or isinstance(launcher, _MultiProcessingLauncher):
            return sigterm_for_others()  # A launcher of this kind ends its processes itself.
        # Those of commands would wait for this one for half an hour.
        return sigterm_for_others(end_first=lambda: launcher.kill(signal.SIGKILL))

    def _leave_no_trace(self, keep_first: bool = True) -> None:
        """Remove the folder of a run that never began; what one that did has written is kept.

        Args:
            keep_first: Whether a run has begun with its first batch, whose log says why it failed,
                and not only after it.
        """
        self.place.leave_no_trace(has_begun(getattr(self, "trainer", None), keep_first))

    def _found(self, folder: Path) -> None:
        self.place.folder = folder


def run(words: Sequence[str]) -> TrainingCLI:
    """Run a training command, and end at Ctrl-C and at SIGTERM as every other command does.

    Raises:
        InputError: Of what a user got wrong.
        KeyboardInterrupt: Ctrl-C ended it.
        SystemExit: SIGTERM did.
    """
    before = signal.getsignal(signal.SIGINT)
    with quiet():
        try:
            return TrainingCLI(words)
        except SIGTERMException as error:
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise SystemExit(143) from None  # As a shell reports a process that was terminated.
        except SystemExit as error:
            if not isinstance(error.__context__, KeyboardInterrupt):
                raise
            # Lightning ends with 1, as if something had failed, and stays deaf to Ctrl-C.
            signal.signal(signal.SIGINT, before)
            raise KeyboardInterrupt from None


def main(words: Sequence[str]) -> None:
    """Run one of the training commands."""
    run(words)
