"""`cdktf deploy` and `cdktf destroy`, the commands that people know, on a stack that is synthesized already."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support import Synthesized
from tools.command import ROOT

OUT = "cdktf.out"


@dataclass(frozen=True)
class Cdktf:
    """The command line in a folder like this repository's, which has nothing but what was synthesized."""

    folder: Path
    stack: str
    image_tag: str

    @property
    def stack_folder(self) -> Path:
        """Where the stack's JSON is."""
        return self.folder / OUT / "stacks" / self.stack

    def prepare(self, source: Synthesized) -> None:
        """Put there what the command reads: its settings and every stack's JSON, without their assets."""
        assert source.folder
        shutil.copy(ROOT / "cdktf.json", self.folder)
        shutil.copytree(source.folder.parents[1], self.folder / OUT, ignore=shutil.ignore_patterns("assets"))

    def run(self, command: str, environment: Mapping[str, str]) -> str:
        """Run `deploy` or `destroy`: what it prints. An AssertionError with that if it fails."""
        options = ("--auto-approve", "--skip-synth", "--skip-provider-lock", "--var", f"image_tag={self.image_tag}")
        done = subprocess.run(
            [ROOT / ".venv" / "bin" / "cdktf", command, self.stack, *options],
            cwd=self.folder,
            env={**os.environ, "CI": "true", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
