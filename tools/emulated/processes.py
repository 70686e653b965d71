"""A process of our own: one that ends with its starter unless it is let go, and is never mistaken for another."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

_POLL_SECONDS: Final = 0.02

_WATCHED: Final = """
import os, runpy, sys, threading
def watch():
    if not os.read(0, 1):
        os._exit(0)
threading.Thread(target=watch, daemon=True).start()
sys.argv.pop(0)
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
"""Run a module, as `python -m` does, until standard input ends.

The other end of it is the starter's and closes however the starter ends, killed or not. One byte there ends the watch.
"""


def launch(
    module: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Run a Python module and its arguments in a folder, in a session of its own and with no other environment.

    It ends with this program, or when the object that is returned is gone, unless it is let go.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _WATCHED, *module],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Let a launched process outlive this program."""
    if process.stdin is not None:
        process.stdin.write(b"\n")
        process.stdin.close()
        process.stdin = None


def started(pid: int) -> str | None:
    """When a process started, in a unit of the machine's own; None if it is gone or only its exit code is left.

    A process is known by its pid and this together: the pid alone is given to another one some day.
    """
    if Path("/proc/self/stat").exists():
        try:
            state, *numbers = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return None
        return None if state in "ZX" else numbers[18]
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    state, _, since = listed.strip().partition(" ")
    return None if not since or state.startswith("Z") else since.strip()


def end(pid: int, since: str | None, patience: float = 5) -> None:
    """End a process and what it started: politely, after some seconds forcibly; never one that has only its pid."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + patience
        if since is None or started(pid) != since:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS forbids it for one that has just ended
            os.killpg(pid, sign)
        while started(pid) == since and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
