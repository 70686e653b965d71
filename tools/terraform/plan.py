"""What a deploy would change, for people and for a pull request's comment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from stacks.environment import Environment
from tools.aws import check_account
from tools.command import ROOT, ToolError, shown
from tools.synthesized import stack_file
from tools.terraform.runner import Terraform, executable

PLANS: Final = ROOT / "build" / "plans"
UNBUILT: Final = "none"
"""The tag where nothing runs yet."""


def plan(terraform: Terraform, name: str, to: Path = PLANS) -> tuple[str, Path]:
    """Plan the stack in Terraform's folder: Terraform's text, and the file with its JSON. Raises TerraformError."""
    terraform.init()
    text, document = terraform.plan()
    to.mkdir(parents=True, exist_ok=True)
    file = to / f"{name}.json"
    file.write_text(json.dumps(json.loads(document)), encoding="utf-8")
    return text, file


def of(environment: Environment, image_tag: str) -> tuple[str, Path]:
    """The plan of the environment's stack with the tag: text and file, as `plan`.

    Takes no lock and changes nothing. Raises ToolError if the stack isn't synthesized.
    """
    file = stack_file(environment.name)
    if not file.exists():
        raise ToolError(f"{shown(file)} does not exist; run `make synth`.")
    check_account(environment)
    return plan(Terraform(executable(), file.parent, {"TF_VAR_image_tag": image_tag}), environment.name)
