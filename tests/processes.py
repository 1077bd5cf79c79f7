"""Real workers, as a deployment starts them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLAIN = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def start(*words: str, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
    """`python -m bot ...` in a folder of its own, with this environment and no other."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={**PLAIN, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def stop(worker: subprocess.Popen[str], *, within: float = 10) -> str:
    """SIGTERM, as a platform sends it; what the worker printed in its life."""
    worker.send_signal(signal.SIGTERM)
    printed, _ = worker.communicate(timeout=within)
    return printed


@contextmanager
def running(
    *words: str, environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[str]]:
    """A worker that is stopped at the end, and must end well."""
    worker = start(*words, environment=environment, folder=folder)
    try:
        yield worker
        printed = stop(worker)
        assert worker.returncode == 0, printed
    finally:
        worker.kill()
        worker.communicate()


def until(true: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait for it; AssertionError when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not after {seconds} s: {true}"
        time.sleep(0.05)
