"""What the tools print when nobody reads it any more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.command import ROOT, say


def test_a_closed_pipe_stops_nothing(tmp_path: Path) -> None:
    """`adelie release run prod ... | head -1`, or a terminal that is closed: the way back must still be gone."""
    end = tmp_path / "end"
    script = f"""
from pathlib import Path
from tools.command import say, warn
for _ in range(3):
    say("apply ...")
    warn("late")
Path({str(end)!r}).touch()
"""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, stdout=writer, stderr=writer, check=False, timeout=60)
    finally:
        os.close(writer)
    assert end.exists()


def test_brackets_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Rich takes [/x] for markup, and raises; a service's paths in an error look like that."""
    say("apply failed: paths ['/a'] [/x] [database]")
    assert capsys.readouterr().out == "apply failed: paths ['/a'] [/x] [database]\n"
