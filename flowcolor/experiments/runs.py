"""Train and test every variant of a table, each once, going on where an earlier call stopped."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowcolor.experiments.checksums import checksums
from flowcolor.experiments.runner import (
    PHOTOGRAPHS,
    Call,
    call_in_process_of_its_own,
    claim,
    refuse_options,
    require_last,
    train_once,
)
from flowcolor.experiments.tables import Table, Variant
from flowcolor.io.apart import require_apart
from flowcolor.io.files import exists
from flowcolor.io.places import require_folder
from flowcolor.training.config_files import find_config, read_yaml
from flowcolor.training.parser import resolve_configs
from flowcolor.training.words import refuse_idle, without_idle

__all__ = ["Ablation", "Call", "Run", "call_in_process_of_its_own", "check"]

DECIDED = ("--ckpt_path", "--trainer.default_root_dir", "--seed_everything")


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

    def options(self, variant: Variant) -> list[str]:
        """Return what makes a variant, as options: configurations behind them do not beat them."""
        overlay = find_config(f"ablations/{self.table.number}/{variant.name}")
        return list(_as_options(read_yaml(overlay)))

    @property
    def varied(self) -> list[str]:
        """The names of those options, of all variants, with and without ``init_args``."""
        words = (word for variant in self.table.variants for word in self.options(variant))
        names = dict.fromkeys(word.partition("=")[0] for word in words)
        return [*names, *(name.replace(".init_args", "") for name in names)]

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
        own = self.ablation.options(self.variant)
        return [*self.ablation.words, *own, f"--seed_everything={self.seed}"]

    def finish(self, call: Call) -> None:
        """Train if that is not done, then test if that is not done.

        Args:
            call: Runs one ``flowcolor`` command.
        """
        if exists(self.result):
            return
        last = train_once(self.words, self.folder, call)
        test = f"--trainer.default_root_dir={self.result.parent}"
        call(["test", *without_idle("test", self.words), test, f"--ckpt_path={last}"])


def _as_options(value: Any, name: str = "") -> Iterator[str]:
    """Yield what a configuration says as the options that say the same."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _as_options(part, f"{name}.{key}".lstrip("."))
    else:
        yield f"--{name}={value if isinstance(value, str) else json.dumps(value)}"


def check(ablation: Ablation) -> None:
    """Build every variant before the first is trained, and see that each is what it is called.

    Raises:
        InputError: An option is wrong, or the folder holds runs with other options.
    """
    from flowcolor.training.lightning_cli import TrainingCLI
    from flowcolor.training.quiet import quiet

    refuse_options("ablate", (*DECIDED, *ablation.varied), ablation.words)
    refuse_idle("ablate", ablation.words)
    require_folder(ablation.output)  # Before every variant is built.
    with tempfile.TemporaryDirectory() as folder, quiet():
        for run in ablation:
            words = ["fit", *run.words, f"--trainer.default_root_dir={folder}"]
            cli = TrainingCLI(words, run=False)
            require_last("ablate", cli.config.fit)
            cli.model.objective.prepare()
        # Otherwise the same command could not go on.
        require_apart(ablation.output, cli.datamodule.folders("fit"), "--output")
        photographs, config = cli.datamodule.fingerprint(), cli.run_config
    _claim(ablation, photographs, config)


def _claim(ablation: Ablation, photographs: str, config: dict[str, Any]) -> None:
    """Write down what the folder's runs are, or compare with what was written."""
    words, files = resolve_configs(list(ablation.words))
    # Where a configuration lies does not matter, what it says does.
    places = {str(file) for file in files} | {"-c", "--config"}
    options = [word for word in words if word.removeprefix("--config=") not in places]
    wanted: dict[str, Any] = {
        "table": ablation.table.number,
        "options": options,
        "configurations": [hashlib.sha256(file.read_bytes()).hexdigest() for file in files],
        PHOTOGRAPHS: photographs,
        **checksums(options, config),
    }
    claim(ablation.output, "ablation.json", wanted, ("an ablation", "table"))
