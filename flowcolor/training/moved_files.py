"""Checkpoints of a run that is called by another path than before, as it may have been moved."""

from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from flowcolor.io.files import is_file


def follow_files(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let what keeps checkpoints find those of its folder again, whatever that is called now.

    Lightning would forget the score of the best, and write the next one over it.

    Args:
        checkpoint: Whose state has been looked at; it is changed in place.
        trainer: Of the training that goes on.
    """
    for callback in trainer.checkpoint_callbacks:
        state = checkpoint["callbacks"].get(callback.state_key)
        if isinstance(callback, ModelCheckpoint) and callback.dirpath and _keeps_files(state):
            before, now = Path(state["dirpath"]), Path(callback.dirpath)
            best = state["best_k_models"]
            files = [file for file in (*best, state["best_model_path"]) if file]
            if all(is_file(now / Path(file).relative_to(before)) for file in files):
                state["dirpath"] = callback.dirpath
                state["best_k_models"] = {
                    _moved(file, before, now): score for file, score in best.items()
                }
                for name in ("kth_best_model_path", "last_model_path", "best_model_path"):
                    state[name] = _moved(state[name], before, now)


def forget_others_files(checkpoint: dict[str, Any]) -> None:
    """Let a checkpoint name no best one of another folder, from which its training was resumed."""
    for state in checkpoint.get("callbacks", {}).values():
        if _keeps_files(state) and not Path(state["best_model_path"]).is_relative_to(
            state["dirpath"]
        ):
            state["best_model_path"] = ""


def _keeps_files(state: Any) -> bool:
    """Tell whether a state is one of Lightning's own callback, and not of one that is like it."""
    names = {
        "dirpath",
        "best_k_models",
        "best_model_path",
        "kth_best_model_path",
        "last_model_path",
    }
    return isinstance(state, dict) and names <= state.keys() and isinstance(state["dirpath"], str)


def _moved(file: str, before: Path, now: Path) -> str:
    return str(now / Path(file).relative_to(before)) if file else file
