"""The same training on nested parts of the same photographs."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowcolor.bounds import within
from flowcolor.console import is_option
from flowcolor.errors import InputError
from flowcolor.experiments.checksums import checksums
from flowcolor.experiments.runner import (
    PHOTOGRAPHS,
    Call,
    claim,
    refuse_options,
    require_last,
    train_once,
)
from flowcolor.io.apart import require_apart
from flowcolor.io.files import exists
from flowcolor.io.places import require_folder
from flowcolor.training.parser import resolve_configs
from flowcolor.training.words import refuse_idle, value_of, without_idle

DECIDED = (
    "--ckpt_path",
    "--trainer.default_root_dir",
    "--trainer.max_epochs",
    "--seed_everything",
    "--data.share",
)
_OF_TEST = "--networks."
_VALIDATIONS = 5  # Of each run.


@dataclass(frozen=True)
class Scaling:
    """All runs of one experiment.

    Args:
        words: Options of ``flowcolor fit`` that all share, ``--config`` and
            ``--trainer.max_steps`` among them, and ``--networks.*`` of ``flowcolor test``.
        shares: Parts of the photographs to train on, from 0 to 1, two or more.
        seeds: One run of each share for each; they choose the initial weights.
        output: Folder of all runs.
    """

    words: tuple[str, ...]
    shares: tuple[float, ...]
    seeds: tuple[int, ...]
    output: Path

    def __iter__(self) -> Iterator["ScalingRun"]:
        for seed in self.seeds:
            for share in self.shares:
                yield ScalingRun(self, share, seed)


@dataclass(frozen=True)
class ScalingRun:
    """One part of the photographs with one seed: a training and its test."""

    scaling: Scaling
    share: float
    seed: int

    @property
    def folder(self) -> Path:
        """Where this run, and nothing else, writes."""
        return self.scaling.output / f"share_{self.share:g}" / f"seed_{self.seed}"

    @property
    def result(self) -> Path:
        """The file that says that nothing is left to do."""
        return self.folder / "test" / "test.json"

    @property
    def test_words(self) -> list[str]:
        """Options of test; what differs comes last, so that it is not overruled.

        Epochs of a part are shorter, so none of them may end a training before its last step; and
        a validation after each would take longer than the training of a small part.
        """
        own = [f"--data.share={self.share}", f"--seed_everything={self.seed}"]
        given = {word.partition("=")[0] for word in self.scaling.words}
        if given.isdisjoint({"--trainer.check_val_every_n_epoch", "--trainer.val_check_interval"}):
            steps = _number(value_of("--trainer.max_steps", self.scaling.words))
            interval = f"--trainer.val_check_interval={max(1, steps // _VALIDATIONS)}"
            own += ["--trainer.check_val_every_n_epoch=null", interval]
        return [*self.scaling.words, "--trainer.max_epochs=-1", *own]

    @property
    def words(self) -> list[str]:
        """Options of fit: those of test without the networks, which look at results alone."""
        return _split(self.test_words)[0]

    def finish(self, call: Call) -> None:
        """Train if that is not done, then test if that is not done."""
        if exists(self.result):
            return
        last = train_once(self.words, self.folder, call)
        test = f"--trainer.default_root_dir={self.result.parent}"
        tested = without_idle("test", self.test_words)
        call(["test", *tested, test, f"--ckpt_path={last}"])


def check(scaling: Scaling) -> dict[float, int]:
    """Build every run before the first is trained, and count its photographs.

    Returns:
        How many photographs train, by share.

    Raises:
        InputError: An option is wrong, two shares are the same photographs, or the folder holds
            runs with other options.
    """
    from flowcolor.evaluation.network_scores import Networks, NetworkScores
    from flowcolor.training.lightning_cli import TrainingCLI
    from flowcolor.training.parser import TrainingParser
    from flowcolor.training.quiet import quiet

    refuse_options("scaling", DECIDED, scaling.words)
    refuse_idle("scaling", scaling.words)
    if not any(word.split("=")[0] == "--trainer.max_steps" for word in scaling.words):
        raise InputError(
            "flowcolor scaling expects --trainer.max_steps N, the same for every part of the "
            "photographs, got none."
        )
    require_folder(scaling.output)
    if networks := _split(scaling.words)[1]:  # Those that are named and missing are missed now.
        parser = TrainingParser()
        parser.add_class_arguments(Networks, "networks")
        NetworkScores(Networks(**parser.parse_args(networks).networks.as_dict()))
    counts: dict[float, int] = {}
    with tempfile.TemporaryDirectory() as folder, quiet():
        for run in Scaling(scaling.words, scaling.shares, scaling.seeds[:1], scaling.output):
            words = ["fit", *run.words, f"--trainer.default_root_dir={folder}"]
            cli = TrainingCLI(words, run=False)
            require_last("scaling", cli.config.fit)
            # Of -1, a training would never end: no epoch is its last, either.
            within("--trainer.max_steps", cli.trainer.max_steps, 1)
            _require_alike(cli.trainer)
            cli.model.objective.prepare()
            counts[run.share] = len(cli.datamodule.train_names)
        # Otherwise the same command could not go on.
        require_apart(scaling.output, cli.datamodule.folders("fit"), "--output")
        photographs, config = cli.datamodule.fingerprint(), cli.run_config
    if len(set(counts.values())) < len(counts):
        parts = ", ".join(f"{share:g} of them {count}" for share, count in counts.items())
        raise InputError(
            f"--shares expects parts of different numbers of photographs, got {parts}."
        )
    _claim(scaling, photographs, config)
    return counts


def _require_alike(trainer: Any) -> None:
    """Refuse what would let the parts have other numbers of steps, or as few photographs.

    Raises:
        InputError: It names the first.
    """
    from lightning.pytorch.callbacks import EarlyStopping, Timer

    early = [each for each in trainer.callbacks if isinstance(each, EarlyStopping | Timer)]
    if early:
        raise InputError(
            "flowcolor scaling trains every part for --trainer.max_steps, got "
            f"{type(early[0]).__name__} (trainer.max_time or trainer.callbacks), which may end one "
            "earlier."
        )
    if trainer.overfit_batches:
        raise InputError(
            "flowcolor scaling expects no trainer.overfit_batches, by which every part would train "
            f"on as few photographs, got {trainer.overfit_batches}."
        )


def _number(word: str | None) -> int:
    """Return the number that a word is; another word is refused where options are read."""
    return int(word) if word and word.isdecimal() and len(word) < 16 else 0


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the options of trainings, and those of the networks that look at tests alone."""
    parts: tuple[list[str], list[str]] = [], []
    of_test = False
    for word in words:
        if is_option(word):  # What follows and is none is its value.
            of_test = word.startswith(_OF_TEST)
        parts[of_test].append(word)
    return parts


def _claim(scaling: Scaling, photographs: str, config: dict[str, Any]) -> None:
    words, files = resolve_configs(list(scaling.words))
    # Where a configuration lies does not matter, what it says does.
    places = {str(file) for file in files} | {"-c", "--config"}
    options = [word for word in words if word.removeprefix("--config=") not in places]
    wanted = {
        "options": options,
        "configurations": [hashlib.sha256(file.read_bytes()).hexdigest() for file in files],
        PHOTOGRAPHS: photographs,
        **checksums(options, config),
    }
    claim(scaling.output, "scaling.json", wanted, ("an experiment", "experiment"))
