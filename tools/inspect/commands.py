"""The commands about what is configured and synthesized: thin, and quick to import."""

from __future__ import annotations

from typing import Annotated

import typer

from tools.arguments import Check, EnvironmentName, complete_environment
from tools.command import console


def show(environment: EnvironmentName) -> None:
    """Show the effective configuration of an environment, with the file and line of each value.

    Examples:
        adelie show prod
        adelie show staging | grep cdn
    """
    from tools.inspect import show

    show.show(environment, console())


def diff(
    environment: EnvironmentName,
    other: Annotated[
        str,
        typer.Argument(
            metavar="OTHER", help="The environment to compare it with.", autocompletion=complete_environment
        ),
    ],
) -> None:
    """Show what differs between two environments' synthesized stacks.

    Examples:
        adelie diff staging prod
    """
    from tools.inspect import diff
    from tools.synthesized import OUT

    diff.show(environment, other, OUT, console())


def summary() -> None:
    """Show what is in each synthesized stack, and where it is.

    Examples:
        adelie summary
    """
    from tools.inspect import summary
    from tools.synthesized import OUT

    summary.show(OUT, console())


def schema(*, check: Check = False) -> None:
    """Write the schemas of the settings files, from which editors complete and explain keys.

    Examples:
        adelie generate schema
        adelie generate schema --check
    """
    from tools.inspect import schema

    if check:
        schema.check(schema.schemas())
    else:
        schema.write(schema.schemas())
