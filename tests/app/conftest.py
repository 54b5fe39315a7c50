"""A server in a process of its own, as users start it."""

import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass

import pytest


@dataclass
class Served:
    """A running ``flowcolor app``."""

    process: subprocess.Popen
    link: str
    said: list[str]

    def stop(self, how=signal.SIGINT):
        """Return the exit status and what was written to standard error."""
        self.process.send_signal(how)
        self.process.wait(30)
        return self.process.returncode, self.process.stderr.read()


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Start servers, wait until they print their link, and end them with the module."""
    begun = []

    def run(*words, temporary=None):
        import os

        environment = {**os.environ, "TMPDIR": str(temporary or tmp_path_factory.mktemp("temp"))}
        process = subprocess.Popen(
            [sys.executable, "-m", "flowcolor", "app", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        begun.append(process)
        # Importing gradio takes long on a busy machine; one that hangs is ended all the same.
        timer = threading.Timer(240, process.kill)
        timer.start()
        said = []
        for line in process.stdout:
            said.append(line.rstrip())
            found = re.search(r"draw at (http://\S+)", line)
            if found:
                timer.cancel()
                return Served(process, found[1], said)
        timer.cancel()
        raise AssertionError(process.stderr.read())

    yield run
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()
