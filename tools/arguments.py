"""The arguments that several commands have, and how a shell completes them: from the environments' files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def environments() -> list[str]:
    """The names of the environments, for a shell to complete."""
    from stacks import loader

    return loader.available()


def supplied_secrets(context: typer.Context) -> list[str]:
    """The secrets that people supply in the environment that is typed already, for a shell to complete."""
    from stacks import loader
    from tools.release import workloads

    return workloads.supplied_secrets(loader.load(context.params["environment"]))


def jobs(context: typer.Context) -> list[str]:
    """The jobs of the environment that is typed already, for a shell to complete."""
    from stacks import loader

    return sorted(loader.load(context.params["environment"]).jobs)


def _begun(names: list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def complete_environment(incomplete: str) -> list[str]:
    """The environments that begin so."""
    return _begun(environments(), incomplete)


def complete_secret(context: typer.Context, incomplete: str) -> list[str]:
    """The secrets that begin so."""
    return _begun(supplied_secrets(context), incomplete)


def complete_job(context: typer.Context, incomplete: str) -> list[str]:
    """The jobs that begin so."""
    return _begun(jobs(context), incomplete)


EnvironmentName = Annotated[
    str,
    typer.Argument(
        metavar="ENVIRONMENT",
        help="An environment, such as prod.",
        show_default=False,
        autocompletion=complete_environment,
    ),
]
Tag = Annotated[
    str, typer.Option(help="The images' tag: the application's commit that they are built from.", show_default=False)
]
Check = Annotated[bool, typer.Option("--check", help="Compare with the file instead of writing it.")]
PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan: build/plans/<environment>.json.")]
