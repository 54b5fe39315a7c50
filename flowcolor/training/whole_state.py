"""Whether a checkpoint holds all of the state that its training goes on from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning import Trainer
from torch import Tensor, strided

from flowcolor.errors import InputError

_PARTS = ("loops", "callbacks", "optimizer_states", "lr_schedulers")
_ORDER = ("ready", "started", "processed", "completed")
_SAVED = ("best_k_models", "kth_best_model_path", "last_model_path", "best_model_path")


def require_state(checkpoint: Mapping[str, Any], trainer: Trainer) -> None:
    """Refuse to go on from a checkpoint of which a part is missing or contradicts another.

    Lightning would begin a part anew that is missing, and end with other weights.

    Raises:
        InputError: It names the first.
    """
    for name in _PARTS:
        if name not in checkpoint:
            raise InputError(
                f"The checkpoint expects the state of a training, got none under {name!r}: to "
                "start a new training from its weights, use --model.weights."
            )
    own, found = trainer.fit_loop.state_dict(), checkpoint["loops"].get("fit_loop")
    if not (_is_alike(own, found) and _steps(found, trainer) == checkpoint.get("global_step")):
        raise damaged("how far the training has come", "loops")
    kept = {
        callback.state_key: getattr(callback, "save_top_k", None)
        for callback in trainer.checkpoint_callbacks
    }
    for name, state in checkpoint["callbacks"].items():
        if isinstance(state, dict) and not state.keys().isdisjoint(_SAVED):
            _require_own_files(state)
            _require_own_scores(state, kept.get(name))


def _is_alike(own: Any, found: Any, name: str = "") -> bool:
    """Tell whether a state has the keys and kinds of another, and counts that can be."""
    if not isinstance(own, dict):
        return type(found) is type(own) and (type(found) is not int or found >= 0)
    if not isinstance(found, dict):
        return False
    if name.endswith("state_dict"):  # Of a loop itself, whose keys come and go.
        return all(_is_alike(own.get(key, value), value) for key, value in found.items())
    if not all(key in found and _is_alike(own[key], found[key], key) for key in own):
        return False
    counts: list[int] = [found[count] for count in _ORDER] if own.keys() >= {*_ORDER} else []
    return counts == sorted(counts, reverse=True)


def _steps(loop: Mapping[str, Any], trainer: Trainer) -> int:
    if trainer.lightning_module.automatic_optimization:
        steps = loop["epoch_loop.automatic_optimization.optim_progress"]["optimizer"]["step"]
    else:
        steps = loop["epoch_loop.manual_optimization.optim_step_progress"]
    return int(steps["total"]["completed"])


def _require_own_files(state: Mapping[str, Any]) -> None:
    """Refuse files outside of the folder of checkpoints.

    Lightning deletes those that it replaces, and the best is exported when the training ends.

    Raises:
        InputError: There is one, or the state is of other types.
    """
    folder, best = state.get("dirpath"), state.get("best_k_models")
    if not (isinstance(folder, str) and isinstance(best, dict) and {*_SAVED} <= state.keys()):
        raise damaged("the folder and the files of checkpoints", "callbacks")
    others = (state.get(name) for name in ("kth_value", "best_model_score", "current_score"))
    scores = [*best.values(), *(score for score in others if score is not None)]
    if not all(map(is_score, scores)):
        raise damaged("numbers as scores", "callbacks")
    for file in (*best, *(state[name] for name in _SAVED[1:])):
        if file != "" and not (isinstance(file, str) and _is_below(folder, file)):
            raise InputError(
                f"The checkpoint expects files in its folder {folder} under 'callbacks', got "
                f"{file!r}, which would be deleted or exported: it is damaged."
            )
    if state["kth_best_model_path"] not in ("", *best):
        raise damaged("a file of its own as the worst that is kept", "callbacks")


def _require_own_scores(state: Mapping[str, Any], most: int | None) -> None:
    """Refuse another best or worst file than the scores say; Lightning would keep others.

    Args:
        state: Of types that can be.
        most: How many files are kept; they have a worst once there are as many.

    Raises:
        InputError: They contradict each other.
    """
    best, worst = state["best_k_models"], state["kth_best_model_path"]
    named = [(worst, state.get("kth_value"))] if worst else []
    if best:  # Else the folder may have been another, of which the best alone is known.
        named.append((state["best_model_path"], state.get("best_model_score")))
    alike = all(file in best and score is not None and best[file] == score for file, score in named)
    if not alike or (not worst and len(best) == most):
        raise damaged("files by their own scores", "callbacks")


def is_score(value: Any) -> bool:
    """Tell whether this is one real number, or infinite, as before the first score."""
    if isinstance(value, Tensor):
        there = value.numel() == 1 and value.layout == strided and not value.is_meta
        return there and not value.is_complex() and not bool(value.isnan())
    # No tensor can be compared with a whole number of more bits.
    return (type(value) is int and abs(value) < 2**63) or (type(value) is float and value == value)


def _is_below(folder: str, file: str) -> bool:
    place, path = Path(folder), Path(file)
    inner = path.relative_to(place).parts if path.is_relative_to(place) else ()
    return bool(inner) and ".." not in inner


def damaged(expected: str, name: str) -> InputError:
    """Return what says of a part of a checkpoint that it is not what was expected."""
    return InputError(
        f"The checkpoint expects {expected} under {name!r}, got something else: it is damaged."
    )
