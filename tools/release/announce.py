"""Telling the Discord channel how a release, or a search for drift, ended.

The webhook's address comes from DISCORD_WEBHOOK_URL. What can't be told never fails what it is about.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from adelie.functions.discord.webhook import Colour, Embed, WebhookError, checked_url, post
from tools.command import console, run

VARIABLE: Final = "DISCORD_WEBHOOK_URL"


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    ROLLED_BACK = "rolled-back"
    DRIFT = "drift"


_SAID: Final[Mapping[Outcome, tuple[str, Colour]]] = {
    Outcome.SUCCESS: ("{environment} runs {tag}", Colour.GREEN),
    Outcome.FAILURE: ("{environment} could not be released: {tag}", Colour.RED),
    Outcome.ROLLED_BACK: ("{environment} is back, because {tag} failed", Colour.RED),
    Outcome.DRIFT: ("{environment} is not what its code says", Colour.ORANGE),
}


def embed(environment: str, outcome: Outcome, *, tag: str, author: str, link: str, details: str) -> Embed:
    """The message: green or red, with author, commit and a link to the run."""
    title, colour = _SAID[outcome]
    fields = [("Author", author), ("Commit", tag), ("Run", link)]
    return Embed(
        title=title.format(environment=environment, tag=tag or "-"),
        colour=colour,
        description=details,
        url=link or None,
        fields=[(name, value) for name, value in fields if value],
    )


def announce(message: Embed, environ: Mapping[str, str] = os.environ) -> str:
    """Post the message; a warning if that isn't possible, else nothing."""
    url = environ.get(VARIABLE, "")
    if not url:
        return f"nobody is told: {VARIABLE} is not set"
    try:
        post(checked_url(url), message)
    except WebhookError as error:
        return f"nobody was told: {error}"
    return ""


def main(
    environment: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="An environment, such as prod.")],
    outcome: Annotated[Outcome, typer.Argument(help="How it ended.")],
    *,
    tag: Annotated[str, typer.Option(help="The images' tag: the commit.")] = "",
    author: Annotated[str, typer.Option(help="Who started it.")] = "",
    link: Annotated[str, typer.Option(help="Where to read more.")] = "",
    details: Annotated[Path | None, typer.Option(help="A file with what else to say; it may be missing.")] = None,
) -> None:
    """Tell the Discord channel how a release ended."""
    said = details.read_text(encoding="utf-8") if details and details.exists() else ""
    warning = announce(embed(environment, outcome, tag=tag, author=author, link=link, details=said))
    console().print(f"Warning: {warning}." if warning else "Discord was told.", soft_wrap=True)


if __name__ == "__main__":
    run(main)
