"""Tests of what experiments share."""

import signal
import subprocess
import sys
import time

TRAINING = """#!/bin/sh
trap 'sleep 0.3; echo > {folder}/checkpoint; exit 0' TERM
echo > {folder}/begun
for _ in $(seq 600); do sleep 0.05; done
"""
EXPERIMENT = """
import signal, sys
from flowcolor.experiments.runner import call_in_process_of_its_own
sys.executable, before = sys.argv[1], signal.getsignal(signal.SIGTERM)
try:
    call_in_process_of_its_own(["fit"])
finally:
    assert signal.getsignal(signal.SIGTERM) is before
"""


def test_an_experiment_that_is_ended_ends_its_training_and_waits_for_the_checkpoint(tmp_path):
    training = tmp_path / "training"
    training.write_text(TRAINING.format(folder=tmp_path))
    training.chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", EXPERIMENT, training]) as experiment:
        deadline = time.monotonic() + 60
        while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        experiment.send_signal(signal.SIGTERM)
        assert experiment.wait(60) == 128 + signal.SIGTERM
        assert (tmp_path / "checkpoint").exists()
