"""``flowcolor fit | validate | test | predict``: Lightning's command line with our manners.

Precedence, lowest first: defaults of the classes, what the checkpoint of ``--ckpt_path`` was
trained with, ``--config`` files in their order, options on the command line.
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docstring_parser import DocstringStyle
from jsonargparse import set_parsing_settings
from lightning import Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.exceptions import SIGTERMException

from flowcolor.data.module import SketchColorData
from flowcolor.errors import InputError
from flowcolor.training.callbacks import PictureGrid, PredictionWriter, RunKeeper
from flowcolor.training.checkpoint import KEY, read_checkpoint, read_weights
from flowcolor.training.parser import TrainingParser, resolve_configs
from flowcolor.training.quiet import quiet
from flowcolor.training.resume import CHECKPOINTS, differences, find_checkpoint, run_folder
from flowcolor.training.say import say
from flowcolor.training.task import ColorizationTask

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
        self.root = Path("runs") / (files[-1].stem if files else "flowcolor")
        self.execute = run
        options = self._with_checkpoint(command, options)
        if not (files or self.recorded or _asks_for_help(options)):
            raise InputError(
                f"flowcolor {command} expects --config NAME_OR_FILE, for instance --config "
                "quickstart, or --ckpt_path FILE, got neither."
            )
        super().__init__(
            model_class=ColorizationTask,
            datamodule_class=SketchColorData,
            parser_class=TrainingParser,
            parser_kwargs={"prog": "flowcolor"},
            trainer_defaults={
                "callbacks": [RunKeeper(), PredictionWriter()],
                "enable_model_summary": False,
            },
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
        dumped = json.loads(self._parser(command).dump(chosen, skip_none=False, format="json"))
        self.run_config = {key: dumped[key] for key in ("model", "data")}
        self.replaced = list(differences(self.recorded, self.run_config))
        for line in self.replaced:
            say(f"other than in the checkpoint: {line}")
        weights = self.checkpoint or chosen.model.weights
        if command != "fit" and weights is None:
            raise InputError(
                f"flowcolor {command} expects trained weights, got neither --ckpt_path nor "
                "--model.weights."
            )

    def _parse_ckpt_path(self) -> None:
        """Do nothing: Lightning would let the checkpoint's values beat the user's."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the pictures and the two checkpoints that every run keeps."""
        parser.add_lightning_class_args(PictureGrid, "pictures")
        parser.add_lightning_class_args(ModelCheckpoint, "best")
        parser.add_lightning_class_args(ModelCheckpoint, "last")
        always = {"enable_version_counter": False, "auto_insert_metric_name": False}
        best = {"filename": "best", "monitor": "val/ssim", "mode": "max", "save_top_k": 1}
        last = {"filename": "last", "save_on_train_epoch_end": True}
        for name, settings in (("best", best), ("last", last)):
            defaults = {f"{name}.{key}": value for key, value in (always | settings).items()}
            parser.set_defaults(defaults)

    def before_instantiate_classes(self) -> None:
        """Choose the folder of the run before anything expensive happens, and try it."""
        chosen = self.config[self.subcommand]
        self.folder = self._choose_folder(chosen.trainer.default_root_dir)

    def instantiate_classes(self) -> None:
        """Build everything; what a constructor refuses is an error of the configuration."""
        try:
            super().instantiate_classes()
        except (TypeError, ValueError, MisconfigurationException) as error:
            self._leave_no_trace()
            if isinstance(error, InputError):
                raise
            sentence = " ".join(str(error).split()).rstrip(".")
            raise InputError(f"The configuration cannot be built: {sentence}.") from error
        self.model.run_config = self.run_config
        keys = ("model.optimizer", "model.scheduler")
        self.model.renew_optimizer = any(line.startswith(keys) for line in self.replaced)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Log to TensorBoard in the folder of the run; commands other than fit write files only."""
        kwargs["default_root_dir"] = str(self.folder)
        if self.config_init[self.subcommand].trainer.logger is None:
            kwargs["logger"] = False
            if self.subcommand == "fit":
                kwargs["logger"] = TensorBoardLogger(
                    # With an empty version, the progress bar does not repeat the folder's name.
                    self.folder.parent,
                    name=self.folder.name,
                    version="",
                )
        return super().instantiate_trainer(**kwargs)

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

    def _leave_no_trace(self) -> None:
        """Remove the folder of a run that never began."""
        if self.is_new and not (self.folder / CHECKPOINTS).exists():
            shutil.rmtree(self.folder, ignore_errors=True)

    def _with_checkpoint(self, command: str, options: list[str]) -> list[str]:
        """Read the checkpoint of ``--ckpt_path`` and put what it was trained with first."""
        value = _value_of("--ckpt_path", options)
        if value is None:
            return options
        root = _value_of("--trainer.default_root_dir", options)
        self.checkpoint = find_checkpoint(value, Path(root) if root else self.root)
        if self.checkpoint.suffix == ".safetensors":
            self.recorded = _described(self.checkpoint, command)
        else:
            self.recorded = read_checkpoint(self.checkpoint)[KEY].get("run", {})
        if not self.recorded:
            return options
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
            json.dump(self.recorded, file)  # Every JSON text is a YAML text.
        self.temporary = Path(file.name)
        return ["--config", file.name, *options]

    def _choose_folder(self, root: str | None) -> Path:
        chosen = Path(root) if root else self.root
        if self.checkpoint is not None:
            folder = run_folder(self.checkpoint)
            if self.subcommand != "fit":
                folder = Path(root) if root else folder / str(self.subcommand)
        elif self.subcommand == "fit":
            folder = _next_version(chosen)
        else:
            folder = chosen / str(self.subcommand)
        self.is_new = not folder.exists()
        return _writable(folder)


def main(words: Sequence[str]) -> None:
    """Run one of the training commands; raises :class:`InputError` for what a user got wrong."""
    with quiet():
        try:
            TrainingCLI(words)
        except SIGTERMException:
            raise SystemExit(143) from None  # As a shell reports a process that was terminated.


def _described(path: Path, command: str) -> dict[str, Any]:
    """Return the configuration of an exported model, which knows neither data nor optimizer."""
    if command == "fit":
        raise InputError(
            f"--ckpt_path expects a .ckpt to continue from, got {path}: to start a new training "
            "from these weights, use --model.weights."
        )
    weights = read_weights(path)
    name = f"flowcolor.models.{weights.description['model']}"
    model = {"class_path": name, "init_args": weights.description["config"]}
    return {"model": {"model": model, "weights": str(path)}, "data": {"size": weights.size}}


def _value_of(option: str, words: Sequence[str]) -> str | None:
    """Return the value of the last ``option VALUE`` or ``option=VALUE``."""
    value = None
    for position, word in enumerate(words):
        if word == option and position + 1 < len(words):
            value = words[position + 1]
        elif word.startswith(f"{option}="):
            value = word.partition("=")[2]
    return value


def _asks_for_help(options: Sequence[str]) -> bool:
    return any(word in {"-h", "--help"} or word.endswith(".help") for word in options)


def _next_version(root: Path) -> Path:
    numbers = [path.name.removeprefix("version_") for path in root.glob("version_*")]
    taken = [int(number) for number in numbers if number.isdigit()]
    return root / f"version_{max(taken, default=-1) + 1}"


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"The folder of the run, {folder}, cannot be written ({error})."
        ) from error
    return folder
