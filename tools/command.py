"""What every tool shares: where the repository is, errors of one sentence, and how it prints."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console

ROOT: Final = Path(__file__).resolve().parent.parent

PATIENCE_SECONDS: Final = 5 * 60
"""How long a process that is asked to end may take: Terraform finishes what it has begun, and records it."""

Json = Any
"""A value read from JSON: dict, list, str, int, float, bool or None."""


class ToolError(Exception):
    """Why a command cannot do its work; its text is one sentence with the fix."""


def console(*, stderr: bool = False) -> Console:
    """Where a command prints: colours on a terminal only, plain text in a pipe."""
    from rich.console import Console  # noqa: PLC0415 -- it takes longer to import than a command's help to print

    return Console(stderr=stderr, highlight=False, emoji=False, soft_wrap=False)


def say(text: str) -> None:
    """Print a line, never wrapped, so that it can be copied and searched.

    A pipe or a terminal that is closed stops nobody: a release that nobody reads any more still ends, or goes back.
    """
    _print(console(), text)


def warn(text: str) -> None:
    """Print a warning on stderr: the text is the sentence without its full stop."""
    _print(console(stderr=True), f"Warning: {text}.")


def _print(to: Console, text: str) -> None:
    with suppress(OSError, SystemExit):  # Rich ends the process itself when a pipe is closed
        to.print(text, soft_wrap=True, markup=False)


def shown(file: Path) -> str:
    """The path as somebody at the repository's root would type it."""
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)


def one_line(text: object) -> str:
    """The text without line breaks, and without the full stop at its end."""
    return " ".join(str(text).split()).rstrip(".")


@contextmanager
def ended_with_us(process: subprocess.Popen[Any]) -> Generator[None]:
    """Around the wait for a process: what interrupts us interrupts it, and it may finish what it has begun.

    It must have been started in a session of its own, so that Ctrl-C reaches it, and what it has started, once. After
    five minutes it is killed.
    """
    try:
        yield
    except BaseException:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        raise
