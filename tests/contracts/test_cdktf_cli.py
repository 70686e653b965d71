"""`cdktf synth`, the command that people know, writes what `python main.py` writes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import Synthesized

ROOT = Path(__file__).parents[2]


def without_version_notes(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without `//`, which notes how it was made."""
    return {key: value for key, value in document.items() if key != "//"}


@pytest.mark.slow
def test_the_cdktf_command_line_synthesizes_the_same(platforms: Mapping[str, Synthesized], tmp_path: Path) -> None:
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "cdktf", "synth", "--output", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name, stack in platforms.items():
        written = json.loads((tmp_path / "stacks" / name / "cdk.tf.json").read_text())
        assert without_version_notes(written) == without_version_notes(stack.document), name


def test_without_terraform_a_deploy_is_one_sentence() -> None:
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "cdktf", "deploy", "nowhere"],
        env={**os.environ, "TERRAFORM_BINARY_NAME": "no-terraform-here"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.fullmatch(r"Terraform is not installed; install .* and run this again\.\n", done.stderr)
