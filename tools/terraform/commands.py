"""The commands that ask Terraform: thin, and quick to import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tools.arguments import EnvironmentName, PlanFile
from tools.command import console, say, shown


def plan(
    environment: EnvironmentName,
    *,
    tag: Annotated[str, typer.Option(help="The images' tag; without it, the one that runs.", show_default=False)] = "",
) -> None:
    """Show what a deploy would change; take no lock and change nothing.

    Examples:
        adelie plan staging
        adelie plan prod --tag 4f2c1e9
    """
    from stacks import loader
    from tools.release import records
    from tools.terraform import plan

    loaded = loader.load(environment)
    text, file = plan.of(loaded, tag or records.running_tag(loaded))
    console().print(text, soft_wrap=True, markup=False)
    say(f"Wrote {shown(file)}; read it with `adelie pull-request comment {shown(file)}`.")


def validate() -> None:
    """Ask the real AWS provider, from the registry, whether it takes every synthesized stack.

    Examples:
        adelie validate
    """
    from tools.terraform import validate

    validate.validate(validate.synthesized())


def bootstrap(environment: EnvironmentName) -> None:
    """Prepare an environment's account, once: state bucket, GitHub's identity, service-linked roles, two roles.

    Examples:
        adelie account bootstrap staging
    """
    from stacks import loader
    from tools.terraform import bootstrap

    bootstrap.bootstrap(loader.load(environment), say)


def provider_lock() -> None:
    """Write the checksums of the real AWS provider, once per version; it is downloaded for each platform.

    Examples:
        adelie generate provider-lock
    """
    from tools.terraform import provider_lock

    provider_lock.renew()


def comment(
    files: Annotated[list[Path], typer.Argument(metavar="PLAN...", help="Plans: build/plans/<environment>.json.")],
) -> None:
    """Print what plans change, as one comment of a pull request.

    Examples:
        adelie pull-request comment build/plans/staging.json
        adelie pull-request comment build/plans/*.json > build/comment.md
    """
    from tools.terraform import plan_file, pull_request_comment

    typer.echo(pull_request_comment.comment([plan_file.read(file) for file in files]))


def post(
    file: Annotated[Path, typer.Argument(help="The comment's text.")],
    *,
    repository: Annotated[str, typer.Option(help="owner/name.", show_default=False)],
    pull_request: Annotated[int, typer.Option(help="The pull request's number.", show_default=False)],
) -> None:
    """Post the comment in a pull request, or replace the one there is; GITHUB_TOKEN says who writes it.

    Examples:
        adelie pull-request post build/comment.md --repository you/infrastructure --pull-request 17
    """
    from tools.terraform import pull_request_comment

    say(pull_request_comment.post(repository, pull_request, file.read_text(encoding="utf-8")))


def drift(file: PlanFile) -> None:
    """Print what is not as the code says; exit code 2 if there is any, as Terraform's own.

    Examples:
        adelie pull-request drift build/plans/prod.json
    """
    from tools.terraform import plan_file, pull_request_comment

    drift = pull_request_comment.drift(plan_file.read(file))
    typer.echo(drift)
    raise typer.Exit(2 if drift else 0)


def keeps_data(file: PlanFile) -> None:
    """Fail if a plan destroys what holds data.

    Examples:
        adelie pull-request keeps-data build/plans/prod.json
    """
    from tools.terraform import plan_file, pull_request_comment

    pull_request_comment.keep_data(plan_file.read(file))
