"""The commands about roles and permissions: thin, and quick to import."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from tools.arguments import Check, EnvironmentName


def role(
    environment: EnvironmentName,
    kind: Annotated[Literal["plan", "apply"], typer.Argument(help="What the workflow is about to do.")],
) -> None:
    """Print the role and the region that a workflow takes for an environment, as a step's outputs.

    Examples:
        adelie account role staging plan
        adelie account role prod apply >> "$GITHUB_OUTPUT"
    """
    from stacks import loader
    from tools.permissions import identity

    typer.echo(identity.outputs(loader.load(environment), identity.Kind(kind)))


def iam(*, check: Check = False) -> None:
    """Derive the permissions of the pipeline's roles from the stacks; write them and docs/iam.md.

    Examples:
        adelie generate iam
        adelie generate iam --check
    """
    from tools.permissions import iam

    iam.refresh(only_check=check)
