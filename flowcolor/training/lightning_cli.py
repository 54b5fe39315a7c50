"""``flowcolor fit | validate | test | predict``: Lightning's command line with our manners.

Precedence, lowest first: defaults of the classes, what the checkpoint of ``--ckpt_path`` was
trained with, ``--config`` files in their order, options on the command line.
"""

import json
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from docstring_parser import DocstringStyle
from jsonargparse import set_parsing_settings
from lightning import Callback, Trainer
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException

from flowcolor.bounds import within
from flowcolor.data.module import ColorizationDataModule
from flowcolor.errors import InputError
from flowcolor.evaluation.network_scores import Networks
from flowcolor.evaluation.region_scores import RegionSet
from flowcolor.io.files import exists, is_full, write_text
from flowcolor.models.checkpoint import KEY, read_checkpoint, read_weights
from flowcolor.training.adversarial_task import AdversarialTask, refuse_trainer_options
from flowcolor.training.allowlist import only_allowed
from flowcolor.training.alternating_task import AlternatingTask
from flowcolor.training.build_task import build_task
from flowcolor.training.callbacks.collapse_monitor import CollapseMonitor
from flowcolor.training.callbacks.comparison import compare_with
from flowcolor.training.callbacks.curves import Curves
from flowcolor.training.callbacks.evaluator import Evaluator
from flowcolor.training.callbacks.picture_grid import PictureGrid
from flowcolor.training.callbacks.prediction_writer import PredictionWriter
from flowcolor.training.callbacks.roundtrip_monitor import RoundTripMonitor
from flowcolor.training.callbacks.run_keeper import RunKeeper
from flowcolor.training.callbacks.run_record import RunRecord
from flowcolor.training.options import check_trainer, who_refused
from flowcolor.training.parser import TrainingParser, resolve_configs
from flowcolor.training.precision import check_precision
from flowcolor.training.quiet import quiet
from flowcolor.training.resume import (
    CHECKPOINTS,
    describe_exported,
    differences,
    find_checkpoint,
    require_text,
    run_folder,
    spell_out_folders,
    writable,
)
from flowcolor.training.run_folder import SharedFolder, is_first_process, new_version
from flowcolor.training.say import say
from flowcolor.training.stages import last_stages
from flowcolor.training.whole_checkpoints import WholeCheckpoints
from flowcolor.training.whole_config import WholeConfig
from flowcolor.training.words import asks_for_help, value_of

SUBCOMMANDS = ("fit", "validate", "test", "predict")


class TrainingCLI(LightningCLI):
    """Parse the words after ``flowcolor``, build task and data, and run.

    Args:
        words: The command and its options.
        run: Whether to run the command, or only build ``model``, ``datamodule`` and ``trainer``.
    """

    def __init__(self, words: Sequence[str], run: bool = True) -> None:
        # Without this, a formula in a docstring is taken for reST and `--help` loses all texts.
        set_parsing_settings(docstring_parse_style=DocstringStyle.GOOGLE)
        command, *options = words
        options, files = resolve_configs(options)
        self.checkpoint: Path | None = None
        self.temporary: Path | None = None
        self.recorded: dict[str, Any] = {}
        options = last_stages(options, files)
        self.root = Path("runs") / (files[-1].stem if files else "flowcolor")
        self.execute = run
        options = self._with_checkpoint(command, options, files)
        if not (files or self.recorded or asks_for_help(options)):
            raise InputError(
                f"flowcolor {command} expects --config NAME_OR_FILE, for instance --config "
                "quickstart, or --ckpt_path FILE, got neither."
            )
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

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse without Lightning's warning that the process had other arguments."""
        try:
            self.config = parser.parse_args(args)
        finally:
            if self.temporary is not None:
                self.temporary.unlink()
        command = self.config.subcommand
        chosen = self.config[command]
        seed = chosen.seed_everything
        if isinstance(seed, int) and not isinstance(seed, bool):
            within("--seed_everything", seed, 0, 2**32 - 1)
        dumped = json.loads(self._parser(command).dump(chosen, skip_none=False, format="json"))
        self.run_config = spell_out_folders({key: dumped[key] for key in ("model", "data")})
        if command == "fit":
            require_text([self.run_config, chosen.trainer.default_root_dir])
        self.replaced = list(differences(self.recorded, self.run_config))
        for line in self.replaced:
            say(f"other than in the checkpoint: {line}")
        self.tested = self.checkpoint or chosen.model.weights
        if command != "fit" and self.tested is None and _is_trained(chosen.model.colorizer):
            raise InputError(
                f"flowcolor {command} expects trained weights, got neither --ckpt_path nor "
                "--model.weights."
            )

    def _parse_ckpt_path(self) -> None:
        """Do nothing: Lightning would let the checkpoint's values beat the user's."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add pictures, round trip and curves, and the two checkpoints that every run keeps."""
        parser.add_lightning_class_args(PictureGrid, "pictures")
        parser.add_lightning_class_args(RoundTripMonitor, "roundtrip")
        parser.add_lightning_class_args(Curves, "curves")
        parser.add_lightning_class_args(ModelCheckpoint, "best")
        parser.add_lightning_class_args(ModelCheckpoint, "last")
        always = {"enable_version_counter": False, "auto_insert_metric_name": False}
        best = {"filename": "best", "monitor": "val/ssim", "mode": "max", "save_top_k": 1}
        last = {"filename": "last", "save_on_train_epoch_end": True}
        for name, settings in (("best", best), ("last", last)):
            defaults = {f"{name}.{key}": value for key, value in (always | settings).items()}
            parser.set_defaults(defaults)

    def _prepare_subcommand_parser(self, klass: Any, subcommand: str, **kwargs: Any) -> Any:
        """Add what only a test has: the networks that look at its results, and a rival."""
        parser = super()._prepare_subcommand_parser(klass, subcommand, **kwargs)
        if subcommand == "test":
            parser.add_class_arguments(Networks, "networks")
            parser.add_argument(
                "--regions",
                type=RegionSet,
                default="faces",
                help="what the numbers of label maps mean: 0 background, 1 person, 2 face, 5 lips,"
                " or the classes of CelebAMask-HQ",
            )
            parser.add_argument(
                "--probes",
                type=int,
                default=16,
                help="pairs that are painted again, with another reference and, where a method "
                "draws random numbers, with others of them; 0 for none",
            )
            parser.add_argument(
                "--timed",
                type=int,
                default=10,
                help="how often one picture is painted, to say how long that takes; 0 for no costs",
            )
            parser.add_argument(
                "--compare",
                type=Path | None,
                help="another checkpoint, which is tested on the same images, or the JSON of "
                "another test or score: both are compared image by image",
            )
        return parser

    def before_instantiate_classes(self) -> None:
        """Choose the folder of the run before anything expensive happens, and try it."""
        chosen = self.config[self.subcommand]
        check_precision(chosen.trainer.precision)
        check_trainer(chosen.trainer)
        self.folder = self._choose_folder(chosen.trainer.default_root_dir)

    def instantiate_classes(self) -> None:
        """Build everything; what a constructor refuses is an error of the configuration."""
        try:
            super().instantiate_classes()
        except (
            TypeError,
            ValueError,
            ArithmeticError,  # A number that fits nowhere.
            ImportError,  # An accelerator or precision whose package is not installed.
            MisconfigurationException,
        ) as error:
            self._leave_no_trace()
            if isinstance(error, InputError):
                raise
            sentence = " ".join(str(error).split()).rstrip(".")
            raise InputError(f"The configuration cannot be built: {sentence}.") from error

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Log to TensorBoard in the folder of the run; commands other than fit write files only."""
        kwargs.setdefault("default_root_dir", str(self.folder))
        self.trainer_defaults["callbacks"] = self._callbacks()
        if self.config_init[self.subcommand].trainer.logger is None:
            kwargs["logger"] = False
            if self.subcommand == "fit":
                kwargs["logger"] = TensorBoardLogger(
                    # With an empty version, the progress bar does not repeat the folder's name.
                    self.folder.parent,
                    name=self.folder.name,
                    version="",
                )
        trainer = super().instantiate_trainer(**kwargs)
        if self.subcommand == "fit":
            callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
            callbacks.insert(0, SharedFolder(self.folder, self._found))
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:  # Not one of the user's.
            trainer.strategy.checkpoint_io = WholeCheckpoints()
        if self.subcommand == "fit":
            self.model.objective.check(self.model.colorizer)
            if isinstance(self.model, AdversarialTask | AlternatingTask):
                refuse_trainer_options(trainer)
                if trainer.max_steps > 0:  # Users mean batches, Lightning counts both optimizers.
                    trainer.fit_loop.epoch_loop.max_steps *= 2
        return trainer

    def _callbacks(self) -> list[Callback]:
        keys = ("model.optimizer", "model.scheduler", "model.objective")
        renewed = any(line.startswith(keys) for line in self.replaced)
        chosen = self.config_init[self.subcommand]
        about = {"checkpoint": str(self.tested), "data": self.run_config["data"]}
        return [
            Evaluator(
                chosen.get("networks"),
                about,
                chosen.roundtrip,
                chosen.get("regions", "faces"),
                chosen.get("probes", 0),
                chosen.get("timed", 0),
            ),
            RunRecord(self.run_config, renewed),
            RunKeeper(),
            CollapseMonitor(),
            PredictionWriter(),
        ]

    def test_rival(self, checkpoint: Path, folder: Path) -> None:
        """Test another checkpoint on the same images, with results below another folder."""
        self.tested = checkpoint
        rival = build_task(read_weights(checkpoint).build())
        trainer = self.instantiate_trainer(default_root_dir=str(folder))
        trainer.test(rival, datamodule=self.datamodule, verbose=False)

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Hide arguments that this command line decides: nothing is ever unpickled."""
        hidden = {"weights_only", "return_predictions", "verbose"}
        return {name: words | hidden for name, words in LightningCLI.subcommands().items()}

    def _run_subcommand(self, subcommand: str) -> None:
        if not self.execute:
            return
        checkpoint = self.checkpoint
        if checkpoint is not None and checkpoint.suffix == ".safetensors":
            checkpoint = None  # The task loads it as its `weights`.
        options: dict[str, Any] = {"weights_only": True, "ckpt_path": checkpoint}
        if subcommand == "predict":
            options["return_predictions"] = False
        if subcommand == "test":
            options["verbose"] = False  # The task prints a table of its own.
        say(f"writing to {self.folder}")
        run = getattr(self.trainer, subcommand)
        try:
            run(self.model, datamodule=self.datamodule, **options)
        except InputError:
            self._leave_no_trace()
            raise
        except Exception as error:
            if is_full(error):  # Of what is written little by little, for TensorBoard.
                raise InputError(f"{self.folder} cannot be written: {error}.") from error
            module = who_refused(error)
            if module is None:
                raise
            self._leave_no_trace()
            sentence = " ".join(str(error).split()).rstrip(".")
            raise InputError(
                f"flowcolor {subcommand} cannot be run, {module} says: {sentence}."
            ) from error
        if subcommand == "test" and self.config.test.compare is not None:
            compare_with(self.config.test.compare, self.trainer, self.test_rival)

    def _leave_no_trace(self) -> None:
        """Remove the folder of a run that never began; what was logged of one that did is kept."""
        trainer = getattr(self, "trainer", None)
        began = trainer is not None and trainer.fit_loop.epoch_progress.total.started > 0
        if self.is_new and not began and not exists(self.folder / CHECKPOINTS):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _with_checkpoint(self, command: str, options: list[str], files: list[Path]) -> list[str]:
        """Read the checkpoint of ``--ckpt_path`` and put what it was trained with first."""
        value = value_of("--ckpt_path", options)
        if value is None:
            return options
        root = value_of("--trainer.default_root_dir", options)
        self.checkpoint = find_checkpoint(value, Path(root) if root else self.root)
        if self.checkpoint.suffix == ".safetensors":
            self.recorded = describe_exported(self.checkpoint, command)
        else:
            self.recorded = read_checkpoint(self.checkpoint)[KEY].get("run", {})
        self.recorded = only_allowed(self.recorded, options, files, self.checkpoint)
        if not self.recorded:
            return options
        self.temporary = Path(tempfile.gettempdir()) / f"flowcolor-{secrets.token_hex(8)}.yaml"
        self.recorded = spell_out_folders(self.recorded)
        # Every JSON text is a YAML text.
        write_text(json.dumps(self.recorded), self.temporary)
        return ["--config", str(self.temporary), *options]

    def _choose_folder(self, root: str | None) -> Path:
        chosen = Path(root) if root else self.root
        if self.checkpoint is not None:
            folder = run_folder(self.checkpoint)
            if self.subcommand != "fit":
                folder = Path(root) if root else folder / str(self.subcommand)
        elif self.subcommand == "fit":
            self.is_new = is_first_process()
            # Another process learns the folder once all have met.
            return writable(new_version(chosen)) if self.is_new else chosen / "version_0"
        else:
            folder = chosen / str(self.subcommand)
        self.is_new = not exists(folder)
        return writable(folder)

    def _found(self, folder: Path) -> None:
        self.folder = folder


def _is_trained(colorizer: Any) -> bool:
    """Tell whether a configured colorizer has weights that only a training finds."""
    module, _, name = str(colorizer.class_path).rpartition(".")
    return bool(getattr(import_module(module), name).trained)


def main(words: Sequence[str]) -> None:
    """Run one of the training commands; raises :class:`InputError` for what a user got wrong."""
    with quiet():
        try:
            TrainingCLI(words)
        except SIGTERMException:
            raise SystemExit(143) from None  # As a shell reports a process that was terminated.
