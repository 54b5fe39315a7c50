"""Whether a checkpoint holds all of the state that its training goes on from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning import Trainer
from torch import Tensor
from torch.optim import Optimizer

from flowcolor.errors import InputError

_PARTS = ("loops", "callbacks", "optimizer_states", "lr_schedulers")
_ORDER = ("ready", "started", "processed", "completed")
_SAVED = ("best_k_models", "kth_best_model_path", "last_model_path")


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
        raise _damaged("how far the training has come", "loops")
    for state in checkpoint["callbacks"].values():
        if isinstance(state, dict) and not state.keys().isdisjoint(_SAVED):
            _require_own_files(state)


def require_optimizers(
    checkpoint: Mapping[str, Any], built: Sequence[tuple[Optimizer, Any]], renewed: bool
) -> None:
    """Refuse the states of fewer or other optimizers and schedules than those that are built.

    Args:
        checkpoint: A whole one.
        built: Fresh optimizers, each with its schedule or None.
        renewed: Whether the user has asked for other optimizers or schedules than before.

    Raises:
        InputError: Lightning would begin one anew.
    """
    states = checkpoint["optimizer_states"]
    if len(states) != len(built):
        raise _damaged(f"{len(built)} of them", "optimizer_states")
    for (optimizer, _), state in zip(built, states, strict=True):
        fresh = optimizer.state_dict()["param_groups"]
        groups = state["param_groups"]
        if [group["params"] for group in groups] != [group["params"] for group in fresh]:
            raise _damaged("the parameters of the model", "optimizer_states")
        # Without momentum, gradient descent alone remembers nothing.
        forgets = all("dampening" in group and not group.get("momentum") for group in groups)
        if checkpoint["global_step"] and not (state["state"] or forgets):
            raise _damaged("what was learned", "optimizer_states")
    schedules = [schedule for _, schedule in built if schedule is not None]
    known = checkpoint["lr_schedulers"]
    if not renewed and not (
        len(known) == len(schedules)
        and all(
            schedule.state_dict().keys() <= state.keys()
            for schedule, state in zip(schedules, known, strict=True)
        )
    ):
        raise _damaged("the state of each schedule", "lr_schedulers")


def _is_alike(own: Any, found: Any, name: str = "") -> bool:
    """Tell whether a state has the keys and kinds of another, and counts that can be."""
    if not isinstance(own, dict):
        return type(found) is type(own) and (type(found) is not int or found >= 0)
    if not isinstance(found, dict):
        return False
    if name.endswith("state_dict"):  # Of a loop itself, whose keys come and go.
        return all(type(value) is not int or value >= 0 for value in found.values())
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
    """Refuse files outside of the folder of checkpoints: Lightning deletes those it replaces.

    Raises:
        InputError: There is one, or the state is of other types.
    """
    folder, best = state.get("dirpath"), state.get("best_k_models")
    if not (isinstance(folder, str) and isinstance(best, dict) and {*_SAVED} <= state.keys()):
        raise _damaged("the folder and the files of checkpoints", "callbacks")
    scores = [*best.values(), state.get("kth_value"), state.get("best_model_score")]
    if not all(map(_is_score, scores)):
        raise _damaged("numbers as scores", "callbacks")
    for file in (*best, *(state[name] for name in _SAVED[1:])):
        if file != "" and not (isinstance(file, str) and _is_below(folder, file)):
            raise InputError(
                f"The checkpoint expects files in its folder {folder} under 'callbacks', got "
                f"{file!r}, which would be deleted: it is damaged."
            )


def _is_score(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.numel() == 1 and not value.is_meta
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_below(folder: str, file: str) -> bool:
    place, path = Path(folder), Path(file)
    inner = path.relative_to(place).parts if path.is_relative_to(place) else ()
    return bool(inner) and ".." not in inner


def _damaged(expected: str, name: str) -> InputError:
    return InputError(
        f"The checkpoint expects {expected} under {name!r}, got something else: it is damaged."
    )
