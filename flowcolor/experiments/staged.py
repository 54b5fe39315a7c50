"""Train a system in its stages, going on where an earlier call stopped."""

import shlex
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from flowcolor.console import say, shown
from flowcolor.errors import InputError
from flowcolor.experiments.runner import taken_back
from flowcolor.experiments.runs import Call, call_in_process_of_its_own
from flowcolor.io.files import exists, find
from flowcolor.io.streams import read_whole
from flowcolor.io.whole_file import write_text
from flowcolor.training.parser import resolve_configs
from flowcolor.training.quiet import quiet
from flowcolor.training.stages import stages_of
from flowcolor.training.words import (
    asks_for_help,
    prints_configuration,
    refuse_idle,
    value_of,
)

_ROOT, _CHECKPOINT, _WEIGHTS = "--trainer.default_root_dir", "--ckpt_path", "--model.weights"
_DRY = "--trainer.fast_dev_run"


@dataclass(frozen=True)
class Stage:
    """One of the trainings of a system.

    Args:
        number: From 1.
        count: How many there are.
        root: Folder of the whole system.
        config: What ``flowcolor fit`` gets as ``--config``.
        words: Options of the command line, with a place for that file.
    """

    number: int
    count: int
    root: Path
    config: dict[str, Any]
    words: tuple[str | None, ...]

    @property
    def folder(self) -> Path:
        """Where its run lies; that of the last one where the run of an ordinary training would."""
        return self.root if self.number == self.count else self.root / f"stage_{self.number}"

    @property
    def file(self) -> Path:
        """Its configuration, an ordinary one, written out."""
        return self.root / f"stage_{self.number}.yaml"

    @property
    def model(self) -> Path | None:
        """What it has trained, once it is done."""
        return next(reversed(find(self.folder, "version_*/model.safetensors")), None)

    @property
    def begun(self) -> Path | None:
        """The checkpoint with which its training goes on, once there is one."""
        return next(reversed(find(self.folder, "version_*/checkpoints/last.ckpt")), None)

    @property
    def text(self) -> str:
        """What that file says; of how many stages it is one, as the last one lies elsewhere."""
        named = shlex.join(self.file.name if word is None else word for word in self.words)
        which = f"{self.number} of {self.count}"
        return f"# Stage {which}: flowcolor fit {named}\n{yaml.safe_dump(self.config)}"

    def check(self) -> None:
        """Build it once and throw it away, so that what is wrong shows before an earlier one.

        Raises:
            InputError: An option is wrong, or pretrained weights are missing.
        """
        from flowcolor.training.lightning_cli import TrainingCLI

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / self.file.name
            write_text(self.text, file)
            words = [str(file) if word is None else word for word in self.words]
            built = TrainingCLI(["fit", *words, f"{_ROOT}={folder}"], run=False)
            for name in ("best", "last"):
                place = built.config.fit[name].dirpath
                if place is not None:
                    raise InputError(
                        f"{name}.dirpath expects a training without stages, of which each would "
                        f"write over the one before, got {place}."
                    )
            built.model.objective.prepare()

    def require_new(self) -> None:
        """Refuse to take what another training has left here for its own.

        Raises:
            InputError: Another training has left a model, or something to go on with.
        """
        for left in (self.model, self.begun):
            if left is not None:
                raise InputError(
                    f"{_ROOT} expects a folder without other trainings, one of which has left "
                    f"{left.relative_to(self.root)}, got {self.root}."
                )

    def claim(self) -> None:
        """Write its configuration, or compare with what an earlier call has written.

        Raises:
            InputError: They differ.
        """
        if exists(self.file):
            try:
                before = read_whole(self.file)
            except OSError as error:
                reason = error.strerror or error
                raise InputError(f"{self.file} cannot be read: {reason}.") from error
            if before != self.text.encode("utf-8", "backslashreplace"):
                raise InputError(
                    f"{self.file} belongs to a training with another configuration or other "
                    f"options, which must not be mixed: give another {_ROOT}."
                )
        else:
            write_text(self.text, self.file)

    def finish(self, call: Call, earlier: Path | None) -> Path:
        """Train if that is not done, and return the model.

        Args:
            call: Runs one ``flowcolor`` command.
            earlier: The model of the stage before.
        """
        if self.model is None:
            begun = self.begun
            words = [str(self.file) if word is None else word for word in self.words]
            start = [] if earlier is None else [f"{_WEIGHTS}={earlier}"]
            going_on = start if begun is None else [f"{_CHECKPOINT}={begun}"]
            call(["fit", *words, f"{_ROOT}={self.folder}", *going_on])
        if self.model is None:
            raise InputError(f"The training in {self.folder} ended without writing a model.")
        return self.model


def plan(words: Sequence[str]) -> list[Stage]:
    """Return the stages that the options of ``flowcolor fit`` ask for, none for an ordinary fit.

    Raises:
        InputError: Two configurations have stages, or an option contradicts them.
    """
    options, files = resolve_configs(words)
    staged = {str(file): stages for file in files if (stages := stages_of(file))}
    if not staged or asks_for_help(options) or prints_configuration(options):
        return []
    if len(staged) > 1:
        raise InputError(f"--config expects one file with stages, got {' and '.join(staged)}.")
    ((file, stages),) = staged.items()
    checkpoint = value_of(_CHECKPOINT, options)
    if checkpoint not in (None, "last"):
        raise InputError(
            f"{file} has stages, which go on by themselves and expect no {_CHECKPOINT}, got "
            f"{checkpoint}."
        )
    if any(word.partition("=")[0] == _DRY for word in options):
        raise InputError(f"{file} has stages, of which {_DRY} would write none for the next one.")
    if value_of(_WEIGHTS, options) is not None:
        raise InputError(f"{file} has stages, which decide {_WEIGHTS} themselves.")
    root = Path(value_of(_ROOT, options) or Path("runs") / Path(file).stem)
    rest = tuple(_without((_CHECKPOINT, _ROOT), options))
    placed = tuple(part for word in rest for part in _placed(word, file))
    count = len(stages)
    return [
        Stage(number, count, root, config, placed) for number, config in enumerate(stages, start=1)
    ]


def fit(stages: Sequence[Stage], call: Call = call_in_process_of_its_own) -> Path:
    """Train the stages that are not done, each from the model of the one before.

    Args:
        stages: As :func:`plan` returns them.
        call: Runs one ``flowcolor`` command.

    Returns:
        The model of the last stage.
    """
    if not any(exists(stage.file) for stage in stages):
        for stage in stages:
            stage.require_new()
        with quiet():
            for stage in stages:
                stage.check()
    for stage in stages:
        stage.claim()
    with taken_back(stages[0].root, [stage.file.name for stage in stages]):
        return _fit(stages, call)


def _fit(stages: Sequence[Stage], call: Call) -> Path:
    model = None
    for stage in stages:
        done = stage.model is not None
        is_done = " is done" if done else ""
        say(f"stage {stage.number} of {len(stages)}{is_done}: {shown(stage.folder)}")
        model = stage.finish(call, model)
    assert model is not None  # noqa: S101 - there are two stages or more
    return model


def main(arguments: Sequence[str]) -> None:
    """Run ``flowcolor fit``, in stages if the configuration has some."""
    refuse_idle("fit", arguments)  # Before the first of several stages is built.
    stages = plan(arguments)
    if stages:
        fit(stages)
    else:
        from flowcolor.training.lightning_cli import main as train

        train(["fit", *arguments])


def _without(names: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    skipped = False
    for word in words:
        if skipped:
            skipped = False
        elif word in names:
            skipped = True
        elif word.partition("=")[0] not in names:
            yield word


def _placed(word: str, file: str) -> list[str | None]:
    """Return a word with None where the file with stages stands."""
    if word == file:
        return [None]
    return ["--config", None] if word in (f"--config={file}", f"-c={file}") else [word]
