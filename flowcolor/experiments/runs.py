"""Train and test every variant of a table, each once, going on where an earlier call stopped."""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowcolor.errors import InputError
from flowcolor.experiments.tables import Table, Variant
from flowcolor.io.files import exists, find, is_file, names_in, write_text
from flowcolor.training.parser import find_config, resolve_configs

DECIDED = ("--ckpt_path", "--trainer.default_root_dir", "--seed_everything")
Call = Callable[[Sequence[str]], None]


@dataclass(frozen=True)
class Ablation:
    """All runs of one table.

    Args:
        table: What is varied.
        words: Options of ``flowcolor fit`` that all variants share, ``--config`` among them.
        seeds: One run of each variant for each; they choose the initial weights. The data and
            their order are the same in all runs, by ``--data.seed``.
        output: Folder of all runs.
    """

    table: Table
    words: tuple[str, ...]
    seeds: tuple[int, ...]
    output: Path

    def __iter__(self) -> Iterator["Run"]:
        for seed in self.seeds:
            for variant in self.table.variants:
                yield Run(self, variant, seed)


@dataclass(frozen=True)
class Run:
    """One variant with one seed: a training and its test."""

    ablation: Ablation
    variant: Variant
    seed: int

    @property
    def folder(self) -> Path:
        """Where this run, and nothing else, writes."""
        return self.ablation.output / self.variant.name / f"seed_{self.seed}"

    @property
    def result(self) -> Path:
        """The file that says that nothing is left to do."""
        return self.folder / "test" / "test.json"

    @property
    def words(self) -> list[str]:
        """Options of fit and test alike; the variant comes last, so that it is not overruled."""
        overlay = find_config(f"ablations/{self.ablation.table.number}/{self.variant.name}")
        return [*self.ablation.words, "--config", str(overlay), f"--seed_everything={self.seed}"]

    def finish(self, call: Call) -> None:
        """Train if that is not done, then test if that is not done.

        Args:
            call: Runs one ``flowcolor`` command.
        """
        if exists(self.result):
            return
        root = f"--trainer.default_root_dir={self.folder}"
        trained = find(self.folder, "version_*/model.safetensors")
        if not trained:
            begun = bool(find(self.folder, "version_*/checkpoints/last.ckpt"))
            call(["fit", *self.words, root, *(["--ckpt_path=last"] if begun else [])])
            trained = find(self.folder, "version_*/model.safetensors")
        if not trained:
            raise InputError(f"The training in {self.folder} ended without writing a model.")
        # Not the best: it was chosen on the photographs that the test is about.
        last = trained[-1].parent / "checkpoints" / "last.ckpt"
        test = f"--trainer.default_root_dir={self.result.parent}"
        call(["test", *self.words, test, f"--ckpt_path={last}"])


def check(ablation: Ablation) -> None:
    """Build every variant before the first is trained, and see that each is what it is called.

    Raises:
        InputError: An option is wrong, or the folder holds runs with other options.
    """
    from flowcolor.training.lightning_cli import TrainingCLI
    from flowcolor.training.quiet import quiet

    for option in DECIDED:
        if any(word.split("=")[0] == option for word in ablation.words):
            raise InputError(f"flowcolor ablate decides {option} itself, it cannot be given.")
    if is_file(ablation.output):  # Before every variant is built.
        raise InputError(f"--output expects a folder, got the file {ablation.output}.")
    with tempfile.TemporaryDirectory() as folder, quiet():
        for run in ablation:
            words = ["fit", *run.words, f"--trainer.default_root_dir={folder}"]
            TrainingCLI(words, run=False).model.objective.prepare()
    _claim(ablation)


def call_in_process_of_its_own(words: Sequence[str]) -> None:
    """Run one ``flowcolor`` command and wait for it, also when this process is interrupted.

    In this process, a strategy that starts others, as DDP does, would start this command again.

    Raises:
        InputError: It did not succeed; what was wrong has been printed by it.
    """
    command = [sys.executable, "-m", "flowcolor", *words]
    with subprocess.Popen(command) as process:  # noqa: S603 - the user's own words
        try:
            status = process.wait()
        except KeyboardInterrupt:
            process.wait()  # The terminal has interrupted it, too: it writes a checkpoint.
            raise SystemExit(130) from None
        except BaseException:
            process.terminate()
            raise
    if status:
        raise InputError(
            f"flowcolor {words[0]} ended with status {status}, see above: what is done is kept, "
            "and the same command goes on from there."
        )


def _recorded(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} expects the record of an ablation, got {type(found).__name__}.")
    return found


def _claim(ablation: Ablation) -> None:
    """Write down what the folder's runs are, or compare with what was written."""
    words, files = resolve_configs(list(ablation.words))
    # Where a configuration lies does not matter, what it says does.
    places = {str(file) for file in files} | {"-c", "--config"}
    wanted: dict[str, Any] = {
        "table": ablation.table.number,
        "options": [word for word in words if word.removeprefix("--config=") not in places],
        "configurations": [hashlib.sha256(file.read_bytes()).hexdigest() for file in files],
    }
    path = ablation.output / "ablation.json"
    if exists(path):
        found = _recorded(path)
        for key, value in wanted.items():
            if found.get(key) != value:
                raise InputError(
                    f"{ablation.output} holds runs with another {key} ({found.get(key)} instead "
                    f"of {value}), which must not be mixed: give another --output."
                )
    elif exists(ablation.output) and names_in(ablation.output):
        raise InputError(f"--output expects a new folder or one of this table, got {path.parent}.")
    write_text(json.dumps(wanted, indent=1) + "\n", path)
