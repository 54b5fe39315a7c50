"""Loader processes: they outlive a signal to the whole group, and their errors are sentences."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest
from torch.utils.data import DataLoader, Dataset

from flowcolor.data.module import ColorizationDataModule
from flowcolor.data.workers import require_short_folder, start_worker
from flowcolor.errors import InputError
from tests.training.helpers import flowcolor, write_photos

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


class Process(Dataset):
    """Items are the numbers of the processes that made them."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return os.getpid()


def elsewhere(number, sent):
    """Send a signal from a process that is not the parent."""
    code = f"import os; os.kill({number}, {int(sent)})"
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


@pytest.mark.skipif(not hasattr(signal, "sigwaitinfo"), reason="the sender is not told")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_loader_process_outlives_a_signal_that_is_not_its_parents(sent):
    loader = DataLoader(Process(), num_workers=1, worker_init_fn=start_worker, prefetch_factor=1)
    items = iter(loader)
    worker = int(next(items))
    elsewhere(worker, sent)
    assert [int(item) for item in items] == [worker] * 3


@pytest.mark.skipif(not hasattr(signal, "sigwaitinfo"), reason="the sender is not told")
def test_a_loader_process_obeys_its_parent():
    from multiprocessing import get_context

    def wait():
        start_worker(0)
        ready.set()
        signal.pause()

    context = get_context("fork")
    ready = context.Event()
    process = context.Process(target=wait)
    process.start()
    ready.wait()
    process.terminate()
    process.join()
    assert process.exitcode == 0


def test_a_broken_file_in_a_loader_process_is_one_sentence(run, tmp_path, capsys):
    drawings = write_photos(tmp_path / "drawings", 2)
    (drawings / "photo1.png").write_bytes(b"no image")
    words = ("--data.predict.sketches", drawings, "--data.predict.photos", drawings)
    out = ("--trainer.default_root_dir", tmp_path / "out", "--data.num_workers", 1)
    assert flowcolor("predict", "--ckpt_path", run.last, *words, *out) == 2
    error = capsys.readouterr().err.splitlines()
    assert "photo1.png is not an image" in error[-2]
    assert error[-1] == "flowcolor: 1 of the drawings could not be painted: photo1."
    assert not any("Traceback" in line for line in error)


def test_a_sentence_stays_what_it_is():
    assert str(InputError("Caught nothing.")) == "Caught nothing."


def test_a_folder_for_sockets_with_too_long_a_name_is_refused(tmp_path, monkeypatch):
    """A run would wait for ever for what its loader processes cannot hand over."""
    photos = write_photos(tmp_path / "photos", 7)
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 80)  # noqa: S108
    module = ColorizationDataModule(str(photos), size=8, num_workers=1, cache=False)
    with pytest.raises(InputError, match="expects a TMPDIR with a name of at mo"):
        module.train_dataloader()
    module.num_workers = 0
    module.train_dataloader()
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "x" * 70)  # noqa: S108
    require_short_folder()
