"""Which role a workflow takes for an environment, as a step's outputs."""

from __future__ import annotations

from enum import StrEnum

from stacks.environment import Environment
from tools.command import ToolError


class Kind(StrEnum):
    """The roles that the bootstrap stack makes."""

    PLAN = "plan"
    APPLY = "apply"


def outputs(environment: Environment, kind: Kind) -> str:
    """`role=` and `region=`, one per line, as GitHub takes outputs. Raises ToolError for an emulated environment."""
    if environment.emulator is not None:
        raise ToolError(f"{environment.name} is emulated and has no roles; name staging or prod.")
    names = environment.names
    role = names.arn("iam", f"role/{names.bootstrap_name(kind)}", region="")
    return f"role={role}\nregion={environment.region}"
