"""Look at every method before the first is trained: what is wrong shows after seconds."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flowcolor.bounds import within
from flowcolor.data.module import ColorizationDataModule
from flowcolor.errors import InputError
from flowcolor.evaluation.network_scores import NetworkScores
from flowcolor.experiments.checksums import checksums
from flowcolor.experiments.comparison.blocks import Block, blocks_of
from flowcolor.experiments.comparison.entries import Entry
from flowcolor.experiments.comparison.pairs import Pairs
from flowcolor.experiments.comparison.plan import DECIDED, Comparison
from flowcolor.experiments.runner import (
    PHOTOGRAPHS,
    agree,
    claim,
    refuse_options,
    require_last,
)
from flowcolor.inference import load
from flowcolor.io.apart import require_apart
from flowcolor.io.places import require_folder
from flowcolor.models import Colorizer
from flowcolor.pretrained.weights import find_weights
from flowcolor.training.config_files import CONFIGS, read_yaml
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet
from flowcolor.training.words import refuse_idle

LEAST_SIDE = 6  # SSIM looks at windows that reach five pixels beyond the border.


@dataclass(frozen=True)
class Checked:
    """What is known of a comparison before anything is trained.

    Args:
        pairs: The test photographs.
        trained: By label, whether it has to be trained here.
        blocks: By label, where it stands.
    """

    pairs: Pairs
    trained: dict[str, bool]
    blocks: dict[str, tuple[Block, ...]]


def check(comparison: Comparison) -> Checked:
    """Build data and methods once, and claim the folder.

    Raises:
        InputError: One sentence: an option is wrong, a method does not take the content or lacks
            its weights, there are too few photographs, or the folder holds another comparison.
    """
    refuse_options("compare", DECIDED, comparison.shared)
    refuse_idle("compare", comparison.shared)
    within("--size", comparison.size, LEAST_SIDE, 16384)
    within("--points", comparison.points, 1, 10_000)
    require_folder(comparison.output)
    place, what = (comparison.output, "compare.json"), ("a comparison", "comparison")
    agree(*place, comparison.record, what)  # Before every method is built.
    with tempfile.TemporaryDirectory() as folder, quiet():
        data = _data(comparison, folder)
        # Otherwise the same command could not go on.
        require_apart(comparison.output, data.folders("fit"), "--output")
        pairs = Pairs(data, comparison.pairs, comparison.points)
        record = comparison.record | {PHOTOGRAPHS: data.fingerprint()}
        own = [read_yaml(entry.source) for entry in comparison.entries if not entry.given]
        record |= checksums(comparison.shared, vars(comparison.networks), own)
        agree(*place, record, what)
        trained, blocks = {}, {}
        for entry in comparison.entries:
            with _naming(entry):
                trained[entry.label] = entry.needs_training()
                colorizer = _build(comparison, entry, trained[entry.label], folder)
                _require_fit(comparison, colorizer)
            blocks[entry.label] = blocks_of(colorizer)
    if any(trained.values()) and str(comparison.budget) == "no training":
        networks = ", ".join(label for label, needed in trained.items() if needed)
        raise InputError(
            f"flowcolor compare expects --train_minutes or --train_steps, to train {networks}, "
            "got neither."
        )
    NetworkScores(comparison.networks, side=comparison.size)
    claim(*place, record, what)
    return Checked(pairs, trained, blocks)


def untrained(comparison: Comparison, entry: Entry, folder: str) -> Colorizer:
    """Build a method that has nothing to train, with the options of its configuration."""
    words = ["--config", str(entry.source), *comparison.data_words]
    cli = TrainingCLI(["test", *words, f"--trainer.default_root_dir={folder}"], run=False)
    built: Colorizer = cli.model.colorizer
    return built


def _data(comparison: Comparison, folder: str) -> ColorizationDataModule:
    unchanged = CONFIGS / "models" / "unchanged.yaml"
    words = ["--config", str(unchanged), *comparison.data_words]
    cli = TrainingCLI(["test", *words, f"--trainer.default_root_dir={folder}"], run=False)
    data: ColorizationDataModule = cli.datamodule
    return data


def _build(comparison: Comparison, entry: Entry, trained: bool, folder: str) -> Colorizer:
    """Return an entry's colorizer; what its training would lack is missed now."""
    if entry.given:
        return load(entry.source).colorizer
    if not trained:
        colorizer = untrained(comparison, entry, folder)
        _require_pretrained(colorizer)
        return colorizer
    words = ["fit", *comparison.words(entry, comparison.seeds[0])]
    cli = TrainingCLI([*words, f"--trainer.default_root_dir={folder}"], run=False)
    require_last("compare", cli.config.fit)
    task = cli.model
    _require_pretrained(task.colorizer)
    task.objective.prepare()
    return task.colorizer  # type: ignore[no-any-return]


def _require_pretrained(colorizer: Colorizer) -> None:
    if colorizer.config.get("random_weights"):
        return
    given = colorizer.config.get("weights")
    for name in colorizer.pretrained:
        find_weights(name, given, download=False)


def _require_fit(comparison: Comparison, colorizer: Colorizer) -> None:
    name, size = type(colorizer).__name__, comparison.size
    if comparison.content not in colorizer.content:
        raise InputError(
            f"{name} expects --content {' or '.join(sorted(colorizer.content))}, got "
            f"{comparison.content}."
        )
    least = colorizer.least * colorizer.multiple
    if size % colorizer.multiple or size < least:
        raise InputError(
            f"{name} expects --size to be a multiple of {colorizer.multiple} of at least {least}, "
            f"got {size}."
        )


@contextmanager
def _naming(entry: Entry) -> Iterator[None]:
    """Let an error begin with the method that it is about, and name the option that was given."""
    try:
        yield
    except InputError as error:
        said = str(error).replace("data.size expects", "--size expects")
        raise InputError(f"--methods {entry.label}: {said}") from error
