"""What a release posts to Discord; a failed post never fails the release."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adelie.functions.discord.webhook import Colour, Embed
from tests.local_server import LocalServer
from tools.release import announce
from tools.release.announce import Outcome


def message(outcome: Outcome) -> Embed:
    return announce.embed("prod", outcome, tag="4f2c1e9", author="mina", link="https://github.com/x/runs/1", details="")


@pytest.mark.parametrize(
    ("outcome", "title", "colour"),
    [
        (Outcome.SUCCESS, "prod runs 4f2c1e9", Colour.GREEN),
        (Outcome.FAILURE, "prod could not be released: 4f2c1e9", Colour.RED),
        (Outcome.ROLLED_BACK, "prod is back, because 4f2c1e9 failed", Colour.RED),
        (Outcome.DRIFT, "prod is not what its code says", Colour.ORANGE),
    ],
)
def test_the_message_is_green_or_red_with_author_commit_and_link(outcome: Outcome, title: str, colour: Colour) -> None:
    (shown,) = message(outcome).payload()["embeds"]
    assert (shown["title"], shown["color"]) == (title, colour)
    assert shown["url"] == "https://github.com/x/runs/1"
    assert [field["value"] for field in shown["fields"]] == ["mina", "4f2c1e9", "https://github.com/x/runs/1"]


def test_it_is_posted(local_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch) -> None:
    server = local_server(204)
    monkeypatch.setattr(announce, "checked_url", str)
    assert announce.announce(message(Outcome.SUCCESS), {announce.VARIABLE: server.url}) == ""
    assert server.requests[0].json["embeds"][0]["title"] == "prod runs 4f2c1e9"


@pytest.mark.parametrize(
    ("environ", "warning"),
    [
        ({}, "DISCORD_WEBHOOK_URL is not set"),
        ({"DISCORD_WEBHOOK_URL": "https://evil.example/a"}, "set the secret anew"),
    ],
)
def test_what_cannot_be_told_is_a_warning(environ: dict[str, str], warning: str) -> None:
    said = announce.announce(message(Outcome.FAILURE), environ)
    assert warning in said
    assert "evil" not in said
