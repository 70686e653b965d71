"""Measure how soon each command of `adelie` explains itself: `adelie ... --help`, each in a process of its own.

`make bench-help` runs it. The best of several tries counts: the others measure what else the machine was doing.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from tools.command_line import app

ROOT: Final = Path(__file__).resolve().parent.parent
ADELIE: Final = ROOT / ".venv" / "bin" / "adelie"
LIMIT_SECONDS: Final = 0.5
TRIES: Final = 3


def words(command: Any, *path: str) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 -- typer's own class of commands
    """The words of every group and command below, its own first."""
    yield path
    for word, each in getattr(command, "commands", {}).items():
        yield from words(each, *path, word)


def seconds(path: tuple[str, ...]) -> float:
    """How long the help takes, at best."""
    took: list[float] = []
    for _ in range(TRIES):
        began = time.perf_counter()
        subprocess.run([ADELIE, *path, "--help"], check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - began)
    return min(took)


def main() -> None:
    """Print each help's time, the slowest first, and fail if one takes longer than the limit."""
    every = {path: seconds(path) for path in words(typer.main.get_command(app()))}
    for path, took in sorted(every.items(), key=lambda item: -item[1]):
        sys.stdout.write(f"{took:6.3f} s  adelie {' '.join(path)}\n")
    late = [path for path, took in every.items() if took >= LIMIT_SECONDS]
    sys.stdout.write(f"{len(every)} helps, {len(late)} in {LIMIT_SECONDS} s or more\n")
    sys.exit(1 if late else 0)


if __name__ == "__main__":
    main()
