"""Telling the Discord channel how a release, or a search for drift, ended.

The webhook's address comes from DISCORD_WEBHOOK_URL. A message that can't be posted fails no release.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from adelie.functions.discord.webhook import Colour, Embed, WebhookError, checked_url, post
from tools.release.outcome import Outcome

VARIABLE: Final = "DISCORD_WEBHOOK_URL"


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
        return f"nobody is notified: {VARIABLE} is not set"
    try:
        post(checked_url(url), message)
    except WebhookError as error:
        return f"nobody was notified: {error}"
    return ""
