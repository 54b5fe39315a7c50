"""Checkpoints of a training that appear whole or not at all."""

import io
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from flowcolor.io.whole_file import whole_file


class WholeCheckpoints(TorchCheckpointIO):
    """Write beside the target: Lightning writes to the temporary folder and then copies.

    Where that folder is another file system, a full disk would leave a part of a checkpoint under
    its final name.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        # Into memory first: torch.save hides the error of a full disk behind one of its own.
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        with whole_file(Path(path)) as file:
            file.write(buffer.getbuffer())
