"""The function behind the alarm topics: real events in, what Discord gets out, and what happens when it doesn't."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adelie.functions.discord import handler, webhook
from adelie.functions.discord.webhook import Colour, Embed, WebhookError
from adelie.shared import function_code as code
from tests.local_server import LocalServer

EVENTS = Path(__file__).with_name("sns_events")
SECRET = "https://discord.com/api/webhooks/123/very-secret"


def event(name: str) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


def only_embed(name: str) -> dict[str, Any]:
    (embed,) = handler.embeds(event(name), "adelie-prod")
    (shown,) = embed.payload()["embeds"]
    return shown


def test_an_alarm_is_red_and_says_what_why_and_where() -> None:
    shown = only_embed("alarm")
    fields = {field["name"]: field["value"] for field in shown["fields"]}
    assert shown["title"] == "ALARM: adelie-prod-database-cpu"
    assert shown["color"] == Colour.RED
    assert shown["description"].endswith("docs/runbook.md, Database")
    assert shown["url"].startswith("https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home")
    assert fields["Rule"] == "CPUUtilization > 90.0, 3 times 300 s"
    assert fields["State"] == "OK → ALARM"
    assert "97.1" in fields["Why"]
    assert shown["footer"] == {"text": "adelie-prod"}


def test_the_end_of_an_alarm_on_an_expression_is_green() -> None:
    shown = only_embed("expression")
    assert shown["color"] == Colour.GREEN
    assert {"name": "Rule", "value": "Server errors, percent > 5.0", "inline": True} in shown["fields"]


def test_a_budgets_text_is_shown_as_it_is() -> None:
    shown = only_embed("budget")
    assert shown["title"].startswith("AWS Budgets: adelie-prod-monthly")
    assert "$1,204.31" in shown["description"]


@example("t" * 300, "d" * 5000, [("n" * 300, "v" * 2000)] * 30)
@given(
    st.text(max_size=8000), st.text(max_size=3000), st.lists(st.tuples(st.text(max_size=300), st.text(max_size=2000)))
)
def test_no_message_is_longer_than_discord_takes(title: str, description: str, fields: list[tuple[str, str]]) -> None:
    embed = Embed(title=title, colour=Colour.GREY, description=description, fields=fields, footer=title)
    payload = embed.payload()
    (shown,) = payload["embeds"]
    texts = [shown["title"], shown.get("description", ""), shown.get("footer", {}).get("text", "")]
    assert len(shown["title"]) <= 256
    assert len(shown["fields"]) <= 25
    for field in shown["fields"]:
        assert 0 < len(field["name"]) <= 256
        assert 0 < len(field["value"]) <= 1024
        texts += [field["name"], field["value"]]
    assert sum(map(len, texts)) <= 6000
    assert payload["allowed_mentions"] == {"parse": []}


def test_what_discord_cannot_take_now_is_posted_again(local_server: Callable[..., LocalServer]) -> None:
    server, waited = local_server(503, (429, {"Retry-After": "0.7"}), 204), list[float]()
    webhook.post(server.url, Embed(title="a", colour=Colour.RED), sleep=waited.append)
    assert len(server.requests) == 3
    assert waited == [1.0, 0.7]
    assert server.requests[0].json["embeds"][0]["title"] == "a"


@pytest.mark.parametrize(("answers", "requests"), [((400,), 1), ((503, 503, 503), 3)])
def test_a_refusal_is_an_error_that_keeps_the_address(
    local_server: Callable[..., LocalServer], answers: tuple[int, ...], requests: int
) -> None:
    server = local_server(*answers)
    with pytest.raises(WebhookError) as caught:
        webhook.post(f"{server.url}/very-secret", Embed(title="a", colour=Colour.RED), sleep=lambda _: None)
    assert caught.value.status == answers[-1]
    assert "very-secret" not in str(caught.value)
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    "url", ["http://discord.com/api/webhooks/1/a", "https://evil.example/api/webhooks/1/a", "", "x"]
)
def test_only_a_webhook_of_discord_is_an_address(url: str) -> None:
    with pytest.raises(WebhookError, match="set the secret anew"):
        webhook.checked_url(url)
    assert webhook.checked_url(f" {SECRET}\n") == SECRET


def test_a_webhook_that_was_replaced_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses, posted = iter(["old", "new"]), list[str]()

    def post(url: str, _: Embed) -> None:
        posted.append(url)
        if url == "old":
            raise WebhookError("gone", status=404)

    class Manager:
        def get_secret_value(self, **_: str) -> dict[str, str]:
            return {"SecretString": next(addresses)}

    monkeypatch.setenv(handler.SECRET_VARIABLE, "arn")

    def client(_: str) -> Manager:
        return Manager()

    monkeypatch.setattr("boto3.client", client)
    monkeypatch.setattr(handler, "checked_url", str)
    monkeypatch.setattr(handler, "post", post)
    handler.webhook_url.cache_clear()
    handler.handle(event("alarm"), None)
    handler.handle(event("alarm"), None)
    handler.webhook_url.cache_clear()
    assert posted == ["old", "new", "new"]


def test_the_zip_is_the_same_wherever_it_is_made_and_can_be_started(tmp_path: Path) -> None:
    package = Path(webhook.__file__).parent
    copy = tmp_path / "elsewhere" / package.name
    copy.mkdir(parents=True)
    for file in package.glob("*.py"):
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert code.zipped(package) == code.zipped(copy)
    with zipfile.ZipFile(BytesIO(code.zipped(package))) as archive:
        assert archive.namelist() == ["discord/__init__.py", "discord/handler.py", "discord/webhook.py"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
