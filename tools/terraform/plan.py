"""What a deploy would change, for people and for a pull request's comment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from stacks import loader
from stacks.environment import Environment
from tools.aws import check_account
from tools.command import ROOT, ToolError, console, run, shown
from tools.release import records
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


def running_tag(environment: Environment) -> str:
    """The tag to plan with if none is given: what most services run, so that a plan shows changes of the stack only."""
    return records.majority(records.running_tags(environment)) or UNBUILT


def main(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="An environment, such as prod.")],
    image_tag: Annotated[str, typer.Option(help="The images' tag (default: the one that runs).")] = "",
) -> None:
    """Plan an environment's stack, without a lock and without changing anything."""
    environment = loader.load(name)
    folder = stack_file(name).parent
    if not stack_file(name).exists():
        raise ToolError(f"{shown(stack_file(name))} does not exist; run `make synth`.")
    check_account(environment)
    tag = image_tag or running_tag(environment)
    text, file = plan(Terraform(executable(), folder, {"TF_VAR_image_tag": tag}), name)
    console().print(text, soft_wrap=True, markup=False)
    console().print(
        f"Wrote {shown(file)}; read it with `python -m tools.terraform.pull_request_comment comment {shown(file)}`."
    )


if __name__ == "__main__":
    run(main)
