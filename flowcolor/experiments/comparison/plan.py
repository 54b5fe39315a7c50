"""What a comparison is: its methods, its data, and for how long each is trained."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowcolor.evaluation.network_scores import Networks
from flowcolor.experiments.comparison.costs import NO_LIMIT
from flowcolor.experiments.comparison.entries import Entry
from flowcolor.models.base import Content
from flowcolor.training.words import value_of

DECIDED = (
    "--data.content",
    "--data.size",
    "--data.hints",
    "--trainer.default_root_dir",
    "--trainer.max_time",
    "--trainer.max_steps",
    "--trainer.max_epochs",
)


@dataclass(frozen=True)
class Budget:
    """How long each network is trained: for a time, or for a number of batches.

    Args:
        minutes: On this machine, over all interruptions.
        steps: Batches that move the weights.
    """

    minutes: float | None = None
    steps: int | None = None

    def words(self, stages: int = 1) -> list[str]:
        """Return options of ``flowcolor fit``, for each of several stages an equal part."""
        minutes, seconds = divmod(max(1, round((self.minutes or 0) * 60 / stages)), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        limit = f"{days}:{hours:02}:{minutes:02}:{seconds:02}" if self.minutes else NO_LIMIT
        steps = [f"--trainer.max_steps={max(1, self.steps // stages)}"] if self.steps else []
        return ["--trainer.max_epochs=-1", f"--trainer.max_time={limit}", *steps]

    def __str__(self) -> str:
        if self.minutes:
            return f"{self.minutes:g} minutes of training a network"
        steps = "1 step" if self.steps == 1 else f"{self.steps} steps"
        return f"{steps} of training a network" if self.steps else "no training"


@dataclass(frozen=True)
class Comparison:
    """All that decides the numbers of a comparison.

    Args:
        entries: Its methods.
        content: What is coloured.
        size: Side of all pictures in pixels.
        budget: For each network.
        seeds: One training of each network for each.
        shared: Options of ``flowcolor fit`` that hold for all: of the data and the trainer.
        output: Folder of all files.
        points: How many colours of the truth the methods with hints are given.
        pairs: How many test photographs are painted; None: all.
        networks: Which pretrained networks look at the results.
        device: Where results are painted and scored.
    """

    entries: tuple[Entry, ...]
    content: Content
    size: int
    budget: Budget
    seeds: tuple[int, ...]
    shared: tuple[str, ...]
    output: Path
    points: int = 10
    pairs: int | None = None
    networks: Networks = Networks()  # noqa: RUF009 - it is frozen
    device: str = "cpu"

    @property
    def embedded(self) -> bool:
        """Whether the data are the two portraits of the package, which train and test alike."""
        given = [word.partition("=")[0] for word in self.shared]
        folders = any(name.startswith(("--data.train.", "--data.test")) for name in given)
        return not folders and value_of("--data.train", self.shared) in (None, "embedded")

    @property
    def data_words(self) -> list[str]:
        """Options of the data: those given, and those that must not be each configuration's own."""
        words = [*self.shared, f"--data.content={self.content}", f"--data.size={self.size}"]
        given = {word.partition("=")[0] for word in self.shared}
        own_test = any(name.startswith("--data.test") for name in given)
        if not any(name.startswith("--data.train") for name in given):
            words.append("--data.train=embedded")
        if not own_test:
            words.append("--data.test=null")
        if "--data.held_out" not in given:
            words.append(f"--data.held_out={'null' if own_test or self.embedded else 12}")
        if "--data.seed" not in given:
            words.append("--data.seed=0")
        return words

    def words(self, entry: Entry, seed: int) -> list[str]:
        """Options with which an entry is trained."""
        own = ["--config", str(entry.source), f"--seed_everything={seed}"]
        return [*own, *self.data_words, *self.budget.words(entry.stages)]

    def training(self, entry: Entry, seed: int) -> Path:
        """Return the folder of a training."""
        return self.output / "runs" / entry.label / f"seed_{seed}"

    def trainings(self, trained: dict[str, bool]) -> Iterator[tuple[Entry, int]]:
        """Yield what is to be trained, all entries with a seed before the next seed."""
        for seed in self.seeds:
            yield from ((entry, seed) for entry in self.entries if trained[entry.label])

    @property
    def record(self) -> dict[str, Any]:
        """What must be the same in all calls for a folder; methods may be added."""
        return {
            "content": self.content,
            "size": self.size,
            "budget": str(self.budget),
            "options": list(self.shared),
            "points": self.points,
            "pairs": self.pairs,
            "networks": {name: str(value) for name, value in vars(self.networks).items()},
            "methods": {entry.label: entry.checksum for entry in self.entries},
        }
