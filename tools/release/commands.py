"""The commands of a release, and of what runs: thin, and quick to import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.arguments import EnvironmentName, Tag, complete_job, complete_secret
from tools.command import ToolError, say, warn
from tools.release.outcome import Outcome

if TYPE_CHECKING:
    from stacks.environment import Environment

Application = Annotated[Path, typer.Option(help="The application's working copy.", show_default=False)]
Commit = Annotated[str, typer.Option(help="This repository's commit; else this copy's.", show_default=False)]
Author = Annotated[str, typer.Option(help="Who started it.", show_default=False)]
Link = Annotated[str, typer.Option(help="Where to read more.", show_default=False)]


def _loaded(name: str) -> Environment:
    from stacks import loader

    return loader.load(name)


def run(
    environment: EnvironmentName,
    *,
    tag: Tag,
    application: Application,
    commit: Commit = "",
    author: Author = "",
    link: Link = "",
) -> None:
    """Release: build, migrate, deploy, see that it is healthy, record it; go back if that fails after the migration.

    Your credentials must last for it: three hours at most, usually one. An interruption (Ctrl-C) goes back too; a
    second one leaves it half done. The workflow does the same in two halves, `build` and `deploy`.

    Examples:
        adelie release run staging --tag 4f2c1e9 --application ../application
    """
    from tools.release import on_aws, release

    platform = on_aws.OnAws(_loaded(environment), say, application=application, author=author, link=link)
    ended = release.release(platform, release.Release(tag, commit or on_aws.head()), say)
    if ended.outcome is not Outcome.SUCCESS:
        raise ToolError(ended.sentence)
    say(ended.sentence)


def build(environment: EnvironmentName, *, tag: Tag, application: Application) -> None:
    """Do the first half of a release: images, assets, migration. Nothing that runs changes.

    Examples:
        adelie release build staging --tag 4f2c1e9 --application ../application
    """
    from tools.release import on_aws, release

    release.build(on_aws.OnAws(_loaded(environment), say, application=application), tag, say)


def deploy(environment: EnvironmentName, *, tag: Tag, commit: Commit = "") -> None:
    """Do the second half: deploy, wait, health, record. If it fails, `adelie release back` goes back.

    Examples:
        adelie release deploy staging --tag 4f2c1e9
    """
    from tools.release import on_aws, release

    platform = on_aws.OnAws(_loaded(environment), say)
    release.deploy(platform, release.Release(tag, commit or on_aws.head()), say)


def back(
    environment: EnvironmentName,
    *,
    tag: Annotated[str, typer.Option(help="The images' tag; without it, the last good one.", show_default=False)] = "",
    commit: Annotated[str, typer.Option(help="The commit that deployed it; else this code.", show_default=False)] = "",
    code: Annotated[Path | None, typer.Option(help="A working copy at it; else one in build/good.")] = None,
) -> None:
    """Go back to the last good release, or to the one that is named: its images, by the code of its commit.

    It plans first, and changes nothing if that would destroy what holds data. Migrations aren't taken back.

    Examples:
        adelie release back prod
        adelie release back prod --tag 4f2c1e9 --commit "$(git rev-parse v1.4.2)"
    """
    from tools.release import on_aws, release

    platform = on_aws.OnAws(_loaded(environment), say, code=code)
    if commit and not tag:
        raise ToolError("A commit alone is no release; give its --tag too: `adelie release list` has both.")
    good = release.Release(tag, commit) if tag else platform.previous()
    if good == release.NONE:
        raise ToolError(f"{environment} has no release to go back to.")
    release.go_back(platform, good, say)
    say(f"{environment} is back at {good.tag}.")


def again(environment: EnvironmentName, *, tag: Tag) -> None:
    """Deploy this working copy's code over a newer release; `adelie release back` calls it in the good one.

    Examples:
        adelie release again prod --tag 4f2c1e9
    """
    from tools.release import on_aws

    on_aws.OnAws(_loaded(environment), say).again(tag)


def list_(environment: EnvironmentName) -> None:
    """List the releases that were recorded, the newest first: when, tag, commit, who.

    Examples:
        adelie release list prod
    """
    from tools.release import records

    for line in records.history(_loaded(environment)) or [f"No release of {environment} is recorded."]:
        typer.echo(line)


def current(environment: EnvironmentName) -> None:
    """Print the last good release, as a workflow's outputs; empty before the first.

    Examples:
        adelie release current prod
        adelie release current staging >> "$GITHUB_OUTPUT"
    """
    from tools.release import records

    typer.echo(records.previous(_loaded(environment), warn).outputs())


def application(
    event: Annotated[Path, typer.Argument(help="GitHub's event, the file that GITHUB_EVENT_PATH names.")],
) -> None:
    """Print which version of the application a workflow's run builds, as a step's output.

    Examples:
        adelie release application "$GITHUB_EVENT_PATH" >> "$GITHUB_OUTPUT"
    """
    import json

    from tools.release import records

    typer.echo(f"ref={records.application_ref(json.loads(event.read_text(encoding='utf-8')))}")


def prepare(environment: EnvironmentName) -> None:
    """Create what a release needs before it deploys: repositories, secrets, assets bucket, database, migration.

    Examples:
        adelie release prepare staging
    """
    from tools.release import prepare

    prepare.prepare(_loaded(environment), say)


def images(environment: EnvironmentName, *, tag: Tag, application: Application) -> None:
    """Build and push the images that are missing.

    Examples:
        adelie release images staging --tag 4f2c1e9 --application ../application
    """
    from tools.release import images

    images.build(_loaded(environment), tag, application, say)


def assets(environment: EnvironmentName, *, tag: Tag) -> None:
    """Copy the assets from the images to where the CDN takes them.

    Examples:
        adelie release assets staging --tag 4f2c1e9
    """
    from tools.release import images

    images.publish_assets(_loaded(environment), tag, say)


def wake(environment: EnvironmentName) -> None:
    """Start what a schedule has stopped, as at night; its next schedule stops it again.

    Examples:
        adelie release wake staging
    """
    from tools.release import steps

    steps.wake(_loaded(environment), say)


def migrate(environment: EnvironmentName, *, tag: Tag) -> None:
    """Create the application's role in the database, then migrate the schema with the image of the tag.

    Examples:
        adelie release migrate staging --tag 4f2c1e9
    """
    from tools.release import migrate

    migrate.migrate(_loaded(environment), tag, say)


def wait(environment: EnvironmentName, *, tag: Tag) -> None:
    """Wait until every service runs the tag and nothing else, healthy.

    Examples:
        adelie release wait staging --tag 4f2c1e9
    """
    from tools.release import steps

    steps.wait(_loaded(environment), tag, say)


def invalidate(environment: EnvironmentName) -> None:
    """Have CloudFront forget its pages, and wait for it.

    Examples:
        adelie release invalidate staging
    """
    from tools.release import steps

    steps.invalidate(_loaded(environment), say)


def record(environment: EnvironmentName, *, tag: Tag, commit: Commit = "") -> None:
    """Record a healthy release as the one that others go back to.

    Examples:
        adelie release record staging --tag 4f2c1e9 --commit "$(git rev-parse HEAD)"
    """
    from tools.release import on_aws
    from tools.release.release import Release

    on_aws.OnAws(_loaded(environment), say).record(Release(tag, commit or on_aws.head()))


def unlock(environment: EnvironmentName) -> None:
    """Remove the lock of Terraform's state that a killed step of the workflow has left.

    Examples:
        adelie release unlock prod
    """
    from tools.release import steps

    steps.unlock(_loaded(environment), say)


def login(environment: EnvironmentName) -> None:
    """Before going back by hand: have the application's secret and the database agree on the login of this code.

    Examples:
        adelie release login prod
    """
    from tools.release import on_aws

    on_aws.OnAws(_loaded(environment), say).login()


def announce(
    environment: EnvironmentName,
    outcome: Annotated[Outcome, typer.Argument(help="How it ended.")],
    *,
    tag: Annotated[str, typer.Option(help="The images' tag: the commit.", show_default=False)] = "",
    author: Author = "",
    link: Link = "",
    details: Annotated[Path | None, typer.Option(help="A file with what else to say; it may be missing.")] = None,
) -> None:
    """Notify the Discord channel how a release, or a search for drift, ended; DISCORD_WEBHOOK_URL says where.

    Examples:
        adelie release announce staging success --tag 4f2c1e9 --author ada
    """
    from tools.release import announce

    text = details.read_text(encoding="utf-8") if details and details.exists() else ""
    message = announce.embed(environment, outcome, tag=tag, author=author, link=link, details=text)
    warning = announce.announce(message)
    say(f"Warning: {warning}." if warning else "Discord was notified.")


def health(
    environment: EnvironmentName,
    *,
    url: Annotated[str, typer.Option(help="Another address than the environment's domain.", show_default=False)] = "",
    tries: Annotated[int | None, typer.Option(min=1, help="How often each path is asked; else as a release.")] = None,
) -> None:
    """Ask every health path, and the assets, of an environment through its CDN.

    Examples:
        adelie health prod
        adelie health staging --url https://d111111abcdef8.cloudfront.net --tries 1
    """
    from tools.release import health

    health.check_environment(_loaded(environment), say, url=url, tries=tries or health.TRIES)


def set_secret(
    environment: EnvironmentName,
    name: Annotated[
        str,
        typer.Argument(help="A secret of it, such as llm-api-key.", show_default=False, autocompletion=complete_secret),
    ],
) -> None:
    """Set the value of a secret that people supply: typed unseen, or read from a pipe.

    Examples:
        adelie secret set staging llm-api-key
        pass show discord | adelie secret set prod discord-webhook-url
    """
    import sys

    from tools.release import secret

    loaded = _loaded(environment)
    secret.check_supplied(loaded, name)
    secret_id = secret.put(loaded, name, secret.read_value(name, sys.stdin))
    say(f"{secret_id} is set. Tasks read it when they start: the next deploy, or run, uses it.")


def run_job(
    environment: EnvironmentName,
    job: Annotated[
        str | None,
        typer.Argument(
            help="Which one; not needed where there is one only.", show_default=False, autocompletion=complete_job
        ),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Run on a market holiday too.")] = False,
) -> None:
    """Run a scheduled job now, and print its execution.

    Examples:
        adelie job run staging
        adelie job run prod --force
    """
    from tools.release import jobs, workloads

    loaded = _loaded(environment)
    say(jobs.start(loaded, workloads.job_named(loaded, job), force=force))
