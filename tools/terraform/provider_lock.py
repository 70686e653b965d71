"""Writing down the checksums of the AWS provider, so that no other one is ever run."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Final

from stacks.providers import LOCK
from tools.command import ToolError, say, shown
from tools.synthesized import read_stack, stack_names
from tools.terraform.runner import Terraform, executable

PLATFORMS: Final = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")
"""Where somebody runs Terraform: GitHub's two kinds of Linux machine, and the team's laptops."""


def write(provider: str, version: str, to: Path, *options: str) -> None:
    """Ask Terraform for the provider's checksums on every platform, and keep its lock file at `to`.

    `options` are those of `terraform providers lock`. Raises TerraformError; `to` then is what it was.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = {"terraform": {"required_providers": {"aws": {"source": provider, "version": version}}}}
        Path(folder, "versions.tf.json").write_text(json.dumps(wanted), encoding="utf-8")
        terraform = Terraform(executable(), Path(folder), {})
        terraform.lock_providers(*(f"-platform={each}" for each in PLATFORMS), *options)
        shutil.copyfile(Path(folder, ".terraform.lock.hcl"), to)


def renew() -> None:
    """Write the checksums of the provider that the synthesized stacks ask for. Raises ToolError if there are none."""
    names = stack_names()
    if not names:
        raise ToolError("No stack is synthesized; run `make synth`.")
    aws = read_stack(names[0])["terraform"]["required_providers"]["aws"]
    say(f"Asking Terraform's registry for {aws['source']} {aws['version']}: some 700 MB a platform.")
    write(aws["source"], aws["version"], LOCK)
    say(f"Wrote {shown(LOCK)}; commit it, and run this again whenever the version changes.")
