"""The words of a command line, before a parser sees them."""

from argparse import Namespace
from collections.abc import Sequence
from enum import Enum
from typing import Any

import torch

from flowcolor.console import is_option
from flowcolor.errors import InputError
from flowcolor.models.base import Colorizer, InvertibleColorizer

# What has no effect on a command, and by which one might think that its results are of other data.
_TRAINING_ONLY = ("data.repeat", "data.share", "data.predict")
_STEPS_ONLY = (
    *("model.optimizer", "model.scheduler", "model.interval", "model.average"),
    *("trainer.max_epochs", "trainer.min_epochs", "trainer.max_steps", "trainer.min_steps"),
    *("trainer.max_time", "trainer.limit_train_batches", "trainer.accumulate_grad_batches"),
    *("trainer.gradient_clip_val", "trainer.gradient_clip_algorithm"),
    *("trainer.val_check_interval", "trainer.check_val_every_n_epoch"),
    *("trainer.num_sanity_val_steps", "trainer.reload_dataloaders_every_n_epochs"),
)
_LIMITS = {name: f"trainer.limit_{name}_batches" for name in ("val", "test", "predict")}
_FIT_ONLY = ("best", "last", "curves", "roundtrip", *_STEPS_ONLY)
_IDLE = {
    "fit": ("data.predict", _LIMITS["test"], _LIMITS["predict"]),
    "predict": (
        *("data.train", "data.test", "data.held_out", "data.share", "data.seed", "data.repeat"),
        *("data.strict", "data.cache", "data.sketch_filter", "data.background", "data.augment"),
        *("data.hints", "trainer.overfit_batches", "pictures", "model.objective", *_FIT_ONLY),
        *(_LIMITS["val"], _LIMITS["test"]),
    ),
    "test": (
        *(*_TRAINING_ONLY, *_FIT_ONLY, "trainer.overfit_batches", "model.objective"),
        *(_LIMITS["val"], _LIMITS["predict"]),
    ),
    # Here, overfit_batches does limit, and objectives may have scores of their own.
    "validate": (*_TRAINING_ONLY, *_FIT_ONLY, _LIMITS["test"], _LIMITS["predict"]),
    **dict.fromkeys(("ablate", "scaling"), ("data.predict", _LIMITS["predict"])),
    "compare": (
        *("data.predict", "data.train.labels", "data.test.labels"),
        *(_LIMITS["test"], _LIMITS["predict"]),
    ),
}
_INSTEAD = {
    "fit": "it trains and validates, nothing else",
    **dict.fromkeys(("ablate", "scaling"), "it trains and tests, nothing else"),
    "compare": "it colours the test photographs, or --pairs of them, and scores no regions",
    "predict": "it reads data.predict.sketches and data.predict.photos as they are",
    "test": "it tests all that data.test or data.held_out name, or trainer.limit_test_batches",
    "validate": "it validates all that data.test or data.held_out name, or "
    "trainer.limit_val_batches",
    "model.objective": "it looks at no loss",
    "pictures": "it writes every result as a picture of its own",
    **dict.fromkeys(("best", "last"), "it keeps no checkpoints"),
    **dict.fromkeys(("curves", "roundtrip", *_STEPS_ONLY), "it counts no steps of a training"),
}


def value_of(option: str, words: Sequence[str]) -> str | None:
    """Return the value of the last ``option VALUE`` or ``option=VALUE``."""
    value = None
    for position, word in enumerate(words):
        if word == option and position + 1 < len(words):
            value = words[position + 1]
        elif word.startswith(f"{option}="):
            value = word.partition("=")[2]
    return value


def prints_configuration(options: Sequence[str]) -> bool:
    """Tell whether the configuration is to be printed, and nothing done."""
    return any(word.partition("=")[0] == "--print_config" for word in options)


def asks_for_help(options: Sequence[str]) -> bool:
    """Tell whether help on the command or on one of its parts is wanted."""
    return any(
        word in {"-h", "--help"} or word.partition("=")[0].endswith(".help") for word in options
    )


def with_plain_words(value: Any) -> Any:
    """Return parsed options without members of an enumeration and devices, which no YAML can say.

    Defaults of Lightning are such, as the ``interval`` of its ``Timer``.
    """
    if isinstance(value, Namespace):
        for name, part in list(vars(value).items()):
            setattr(value, name, with_plain_words(part))
        return value
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, list):
        return [with_plain_words(part) for part in value]
    return str(value.value) if isinstance(value, str) and isinstance(value, Enum) else value


def one_test_set(words: Sequence[str]) -> list[str]:
    """Let the test set of the command line win over what a configuration or a checkpoint says.

    Test photographs are either folders of their own (``--data.test``) or held out of the training's
    (``--data.held_out``): giving one takes back the other, unless the words give both.
    """
    names = {".".join(word.partition("=")[0].split(".")[:2]) for word in words}
    tests = "--data.test" in names and value_of("--data.test", words) != "null"
    holds_out = "--data.held_out" in names and value_of("--data.held_out", words) != "null"
    if tests and "--data.held_out" not in names:
        return [*words, "--data.held_out=null"]
    if holds_out and "--data.test" not in names:
        return [*words, "--data.test=null"]
    return list(words)


def refuse_idle(command: str, words: Sequence[str]) -> None:
    """Refuse options that have no effect on a command, as colours at points have on predictions.

    Of a configuration or a checkpoint they are for other commands, and are passed over.

    Args:
        command: ``fit``, ``validate``, ``test``, ``predict``, or an experiment.
        words: Those after it.

    Raises:
        InputError: It names the first.
    """
    for word in words:
        option = _idle(command, word)
        if option is not None:
            raise InputError(
                f"flowcolor {command} expects no --{option}, which has no effect on what it does: "
                f"{_INSTEAD.get(option) or _INSTEAD[command]}."
            )


def refuse_unscored_pairs(words: Sequence[str], every_n_steps: int) -> None:
    """Refuse words about pairs that curves score, where none are scored.

    Raises:
        InputError: It names the first.
    """
    for word in words:
        option = word.partition("=")[0]
        if every_n_steps == 0 and option.startswith(("--curves.pairs", "--curves.networks")):
            raise InputError(
                f"flowcolor fit expects --curves.every_n_steps N beside {option}, without which no "
                "pairs are scored, got none."
            )


def refuse_roundtrip(words: Sequence[str], colorizer: Colorizer) -> None:
    """Refuse words about round trips of what cannot be run backwards.

    Raises:
        InputError: It names the first.
    """
    for word in words:
        option = word.partition("=")[0]
        if option.split(".")[0] == "--roundtrip" and not isinstance(colorizer, InvertibleColorizer):
            raise InputError(
                f"{option} expects a model that can be run backwards, got "
                f"{type(colorizer).__name__}."
            )


def without_idle(command: str, words: Sequence[str]) -> list[str]:
    """Return words of a training without the options that a later command refuses as idle.

    Example:
        >>> without_idle("test", ["--data.repeat", "2", "--data.size=8", "--data.share=0.5"])
        ['--data.size=8']
    """
    kept, idle = [], False
    for word in words:
        if is_option(word):  # What follows and is none is its value.
            idle = _idle(command, word) is not None
        if not idle:
            kept.append(word)
    return kept


def _idle(command: str, word: str) -> str | None:
    """Return the option that a word gives, if it has no effect on a command and asks no help."""
    if not word.startswith("--"):
        return None
    option = word.partition("=")[0].removeprefix("--").rstrip("+")
    if option.endswith(".help"):
        return None
    names = (option.split(".")[0], ".".join(option.split(".")[:2]), option)
    return next((name for name in names if name in _IDLE.get(command, ())), None)
