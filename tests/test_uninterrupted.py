"""An interruption waits until processes are started."""

import os
import signal
import subprocess
import sys

import pytest

from flowcolor.uninterrupted import uninterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_comes_after_the_body(number):
    done = []

    def interrupt(*_):
        raise KeyboardInterrupt

    def body():
        with uninterrupted():
            os.kill(os.getpid(), number)
            done.append(True)

    before = signal.signal(number, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            body()
    finally:
        assert signal.signal(number, before) is interrupt
    assert done == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no masks")
def test_a_process_that_is_started_takes_no_interruption():
    code = "import signal; print(*sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))"
    with uninterrupted():
        done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, check=True)
    blocked = done.stdout.decode()
    assert str(int(signal.SIGINT)) in blocked
    assert str(int(signal.SIGTERM)) in blocked
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT, signal.SIGTERM}
