"""`aws` commands of the documentation, run with boto3; one that AWS's API has not is refused."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any, Protocol

import botocore.session
from botocore import xform_name


class Clients(Protocol):
    """Where a command is sent."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client of the service."""
        ...


REGION = re.compile(r" --region ([a-z0-9-]+)")
"""The one option of `aws` itself that we use: what is at the edge is in us-east-1."""
SERVICES = {"s3api": "s3", "stepfunctions": "stepfunctions"}


def commands(markdown: str) -> list[str]:
    """Every `aws ...` line of the code blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", markdown, re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip().startswith("aws ")]


def parse(command: str) -> tuple[str, str, dict[str, Any]]:
    """The service, the operation and its parameters in the API's names. Raises ValueError for an unknown one."""
    _, cli_service, action, *words = shlex.split(REGION.sub("", command))
    service = SERVICES.get(cli_service, cli_service)
    model = botocore.session.get_session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if action not in operations:
        raise ValueError(f"{service} has no {action}")
    shape = model.operation_model(operations[action]).input_shape
    members: Mapping[str, Any] = shape.members if shape else {}
    options = {xform_name(name, "-"): name for name in members}
    given: dict[str, Any] = {}
    while words:
        option = words.pop(0).removeprefix("--")
        values = [words.pop(0) for _ in range(_count(words))]
        name, on = options.get(option), True
        if name is None and option.startswith("no-"):
            name, on = options.get(option.removeprefix("no-")), False
        if name is None:
            raise ValueError(f"{service} {action} has no --{option}")
        given[name] = _value(members[name], values, on)
    return service, action.replace("-", "_"), given


def _count(words: list[str]) -> int:
    return next((index for index, word in enumerate(words) if word.startswith("--")), len(words))


def _value(shape: Any, values: list[str], on: bool) -> Any:
    match shape.type_name:
        case "boolean":
            return on
        case "integer" | "long":
            return int(values[0])
        case "list":
            return values
        case "structure":
            return dict(pair.split("=") for pair in values[0].split(","))
        case _:
            return values[0]


def run(command: str, clients: Clients, placeholders: Mapping[str, str]) -> Any:
    """What AWS answers to the command, with each `<placeholder>` filled in."""
    for placeholder, value in placeholders.items():
        command = command.replace(f"<{placeholder}>", value)
    service, operation, parameters = parse(command)
    region = REGION.search(command)
    return getattr(clients.client(service, region[1] if region else None), operation)(**parameters)
