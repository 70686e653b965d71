"""Which role a workflow takes for an environment, as a step's outputs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from stacks import loader
from stacks.environment import Environment
from tools.command import ToolError, run


class Kind(StrEnum):
    """The roles that the bootstrap stack makes."""

    PLAN = "plan"
    APPLY = "apply"


def outputs(environment: Environment, kind: Kind) -> str:
    """`role=` and `region=`, a line each, as GitHub takes outputs. Raises ToolError for an emulated environment."""
    if environment.emulator is not None:
        raise ToolError(f"{environment.name} is emulated and has no roles; name staging or prod.")
    target = environment.target
    role = target.arn("iam", f"role/{target.bootstrap_name(kind)}", region="")
    return f"role={role}\nregion={environment.region}"


def main(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="An environment, such as prod.")],
    kind: Annotated[Kind, typer.Argument(help="What the workflow is about to do.")],
) -> None:
    """Print the role and the region for a workflow."""
    typer.echo(outputs(loader.load(name), kind))


if __name__ == "__main__":
    run(main)
