"""Posting an embed to a Discord webhook. Standard library only: it runs in Lambda, and in the release scripts."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final
from urllib.parse import urlsplit

HOSTS: Final = ("discord.com", "discordapp.com")
TRIES: Final = 3
LONGEST_WAIT_SECONDS: Final = 5.0
_TIMEOUT_SECONDS: Final = 5
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500

# Discord developer documentation, "Embed limits".
TITLE_LIMIT: Final = 256
DESCRIPTION_LIMIT: Final = 2048
"""Discord takes 4096; half of it leaves room for the fields, because all texts together have a limit too (6000)."""
FIELD_NAME_LIMIT: Final = 256
FIELD_LIMIT: Final = 1024
FIELDS_LIMIT: Final = 25
FOOTER_LIMIT: Final = 256
_ALL_LIMIT: Final = 6000


class WebhookError(Exception):
    """Discord did not take a message; the text never has the webhook's address, which is a secret."""

    def __init__(self, text: str, *, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Colour(IntEnum):
    """The bar beside an embed."""

    GREEN = 0x2ECC71
    RED = 0xE74C3C
    ORANGE = 0xE67E22
    GREY = 0x95A5A6


@dataclass(frozen=True, kw_only=True)
class Embed:
    """A message with a coloured bar, a title that may be a link, a text and short fields; too long ones are cut."""

    title: str
    colour: Colour
    description: str = ""
    url: str | None = None
    fields: Sequence[tuple[str, str]] = ()
    footer: str = ""

    def payload(self) -> dict[str, Any]:
        """What the webhook takes. Nobody is mentioned, whatever the texts say."""
        embed: dict[str, Any] = {"title": _cut(self.title, TITLE_LIMIT), "color": int(self.colour)}
        if self.url:
            embed["url"] = self.url
        if self.description:
            embed["description"] = _cut(self.description, DESCRIPTION_LIMIT)
        if self.footer:
            embed["footer"] = {"text": _cut(self.footer, FOOTER_LIMIT)}
        left = _ALL_LIMIT - len(embed["title"]) - len(embed.get("description", "")) - len(self.footer[:FOOTER_LIMIT])
        fields: list[dict[str, Any]] = []
        for name, value in self.fields[:FIELDS_LIMIT]:
            field = {"name": _cut(name, FIELD_NAME_LIMIT) or "-", "value": _cut(value, FIELD_LIMIT) or "-"}
            left -= len(field["name"]) + len(field["value"])
            if left < 0:
                break
            fields.append({**field, "inline": len(value) < 40})  # noqa: PLR2004 -- what fits beside another
        return {"embeds": [{**embed, "fields": fields}], "allowed_mentions": {"parse": []}}


def checked_url(url: str) -> str:
    """The address, if it is one of a Discord webhook. Raises WebhookError."""
    parts = urlsplit(url.strip())
    if parts.scheme != "https" or parts.hostname not in HOSTS or not parts.path.startswith("/api/webhooks/"):
        raise WebhookError("the webhook's address is not https://discord.com/api/webhooks/...; set the secret anew")
    return url.strip()


def post(url: str, embed: Embed, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Post the embed; what Discord can't take now is tried again, three times in all. Raises WebhookError."""
    request = urllib.request.Request(  # noqa: S310 -- `checked_url` is for addresses from outside
        url,
        data=json.dumps(embed.payload()).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "adelie-infrastructure (+https://discord.com, 1)"},
    )
    for last in (*[False] * (TRIES - 1), True):
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            with error:
                again = error.code == _TOO_MANY or error.code >= _SERVER_ERROR
                if last or not again:
                    raise WebhookError(f"Discord answered {error.code}", status=error.code) from None
                wait = _retry_after(error)
        except (OSError, ValueError) as error:
            if last:
                raise WebhookError(f"Discord does not answer ({type(error).__name__})") from None
            wait = 1.0
        sleep(wait)


def _retry_after(error: urllib.error.HTTPError) -> float:
    try:
        return min(float(error.headers.get("Retry-After", "1")), LONGEST_WAIT_SECONDS)
    except ValueError:
        return 1.0


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
