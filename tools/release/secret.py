"""Set the value of a secret that people supply.

The value comes from a hidden prompt, or from a pipe; never from the command line, which shells and `ps` remember.
"""

from __future__ import annotations

import re
from getpass import getpass
from typing import TYPE_CHECKING, Final, TextIO

from botocore.exceptions import ClientError

from stacks.environment import Environment
from tools.aws import check_account, client
from tools.command import ToolError
from tools.release.workloads import supplied_secrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

SHORTEST: Final = 8
"""Characters; any API key or webhook address is longer, and what people type to get past a prompt is not."""

_PLACEHOLDER: Final = re.compile(
    r"""(.)\1*                      # one character, repeated
    | <.*> | \$\{.*\} | \{\{.*\}\}  # a template nobody filled in
    | (your|my|the|some|a|an|insert|enter|put|replace|fill)[-_ ].*
    | (change|replace|fill)[-_ ]?(me|it|this|in)[-_ !0-9a-z]*
    | (default|test|testing|dummy|example|sample|placeholder|secret|password|passwd|todo|tbd|fixme|none|null|empty)
      ([-_ ]?(default|test|testing|value|secret|key|password|token|here))*[-_ ]?[0-9]*
    | (12345678|123456789|1234567890|qwertyui(op)?|abcdefgh|password[0-9!]*)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def put(environment: Environment, name: str, value: str) -> str:
    """Store `value` as the secret's current version and return the secret's name in AWS.

    Raises ToolError where the secret is none that people supply, where the value is a placeholder, or in another
    account than the environment's.
    """
    check_supplied(environment, name)
    _check_value(value)
    check_account(environment)
    secret_id = f"{environment.project}/{environment.name}/{name}"
    manager: SecretsManagerClient = client(environment, "secretsmanager")
    try:
        manager.put_secret_value(SecretId=secret_id, SecretString=value)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        raise ToolError(
            f"AWS has no secret {secret_id}; run `make prepare ENV={environment.name}` first, which creates it."
        ) from None
    return secret_id


def check_supplied(environment: Environment, name: str) -> None:
    """Raise ToolError unless `name` is a secret of the environment whose value people supply."""
    names = supplied_secrets(environment)
    if name in names:
        return
    which = f"secrets to set are: {', '.join(names) or 'none'}"
    if name in environment.secrets:
        raise ToolError(f"The value of {name} is generated at deploy time and never set by hand; {which}.")
    raise ToolError(f"{environment.name} has no secret {name!r}; {which}.")


def read_value(name: str, stdin: TextIO) -> str:
    """The value: from a hidden prompt on a terminal, else everything in the pipe but its last line break."""
    value = getpass(f"Value of {name} (not shown): ") if stdin.isatty() else stdin.read()
    return value.removesuffix("\n").removesuffix("\r")


def _check_value(value: str) -> None:
    if value != value.strip() or not value:
        raise ToolError("The value is empty or has blanks around it; give the real one.")
    if len(value) < SHORTEST or _PLACEHOLDER.fullmatch(value):
        raise ToolError(
            f"The value looks like a placeholder or has fewer than {SHORTEST} characters; give the real one."
        )
