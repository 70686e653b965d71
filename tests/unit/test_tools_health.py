"""Health through the CDN: five tries, only a 200 counts, and the last answer is what a failure says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from stacks import loader
from stacks.environment import Environment
from tests.local_server import Answer, LocalServer
from tests.sample_environment import sample
from tools.command import ToolError
from tools.command_line import main
from tools.release import health


def test_each_path_is_asked_until_it_answers(local_server: Callable[..., LocalServer]) -> None:
    server, said, waited = local_server(503, 502, 200), list[str](), list[float]()
    health.check(server.url, ["/", "/api/v1/health"], said.append, sleep=waited.append)
    assert [request.path for request in server.requests] == ["/", "/", "/", "/api/v1/health"]
    assert waited == [2.0, 4.0]
    assert "try 1 of 5: 503" in said[0]


@pytest.mark.parametrize(
    ("answer", "why"), [(503, "503"), ((301, {"Location": "https://example.com/"}), "301"), (204, "204")]
)
def test_what_never_answers_200_is_refused_after_five_tries(
    local_server: Callable[..., LocalServer], answer: Answer, why: str
) -> None:
    server = local_server(answer)
    with pytest.raises(ToolError, match=f"/health is not healthy after 5 tries: {why}; roll back"):
        health.check(server.url, ["/health"], lambda _: None, sleep=lambda _: None)
    assert len(server.requests) == 5


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(ToolError, match="after 2 tries: no answer"):
        health.check("http://127.0.0.1:1", ["/"], lambda _: None, tries=2, sleep=lambda _: None)


def test_the_paths_are_those_of_the_services(environments: Mapping[str, Environment]) -> None:
    assert health.paths(sample(environments)) == ["/", "/api/chat/health"]


PAGE = """<!doctype html><html><head>
<link rel="stylesheet" href="/assets/index-4f2c.css"><link rel="icon" href="/favicon.ico">
<script type="module" src="assets/index-4f2c.js?x=1"></script><script src="https://elsewhere.example/assets/a.js"></script>
</head><body><img src='/assets/logo.svg'><!-- <img src="/assets/commented.svg"> --><a href="/assets/a.pdf">A</a>
<link rel="modulepreload" href="/assets/index-4f2c.js"></body></html>"""


def test_a_page_names_the_assets_of_its_own_site() -> None:
    named = health.assets_of("https://adelie.example.com/", PAGE)
    assert named == {"/assets/index-4f2c.css": False, "/assets/index-4f2c.js": True, "/assets/logo.svg": False}


@pytest.mark.parametrize(
    ("html", "named"),
    [
        ('<base href="/app/"><script src="assets/a.js"></script>', ["/app/assets/a.js"]),
        ('<base href="https://elsewhere.example"><script src="/assets/a.js"></script>', []),
        ('<base href="/"><base href="/app/"><script src="assets/a.js"></script>', ["/assets/a.js"]),
        ('<script src="/main.js"></script><link rel="icon" href="/favicon.ico">', ["/main.js"]),
        ('<script type="application/json" src="/data.json"></script>', []),
        ('<script src="http://[x/assets/a.js"></script><img src="/assets/b.png">', ["/assets/b.png"]),
        ('<script src="/assets/\u00e9 a%20b.js"></script>', ["/assets/%C3%A9%20a%20b.js"]),
        ('<script src="/assets/a.js"></script><![x <script src="/assets/b.js"></script>', ["/assets/a.js"]),
    ],
)
def test_a_page_is_read_as_a_browser_reads_it(html: str, named: list[str]) -> None:
    assert list(health.assets_of("https://adelie.example.com/", html)) == named


def test_a_script_that_is_the_page_again_is_red(local_server: Callable[..., LocalServer]) -> None:
    """What nginx answers for a file that isn't there, if it is configured to serve a single-page application."""
    html = '<link rel="icon" href="/assets/icon.svg"><script type="module" src="/main.js"></script>'
    server = local_server((200, {"Content-Type": "text/html; charset=utf-8"}, html))
    with pytest.raises(ToolError, match=r"/main\.js is not healthy after 5 tries: 200, but text/html is no JavaScript"):
        health.check_assets(server.url, lambda _: None, sleep=lambda _: None)


def test_every_asset_that_the_page_names_is_asked_for(local_server: Callable[..., LocalServer]) -> None:
    server = local_server((200, {}, PAGE), (200, {"Content-Type": "text/javascript; charset=utf-8"}))
    health.check_assets(server.url, lambda _: None, sleep=lambda _: None)
    asked = [request.path for request in server.requests]
    assert asked == ["/", "/assets/index-4f2c.css", "/assets/index-4f2c.js", "/assets/logo.svg"]


def test_a_release_without_its_assets_is_red(local_server: Callable[..., LocalServer]) -> None:
    server = local_server((200, {}, PAGE), 403)
    with pytest.raises(ToolError, match=r"/assets/index-4f2c\.css is not healthy after 5 tries: 403; roll back"):
        health.check_assets(server.url, lambda _: None, sleep=lambda _: None)


def test_a_page_that_names_no_asset_is_not_the_frontends(local_server: Callable[..., LocalServer]) -> None:
    server = local_server((200, {}, "<h1>Welcome to nginx!</h1>"))
    with pytest.raises(ToolError, match=r"/ names no file under /assets/.*or take assets_path from the service"):
        health.check_assets(server.url, lambda _: None)


def test_an_environment_may_have_no_assets(environments: Mapping[str, Environment]) -> None:
    made = sample(environments)
    assert health.has_assets(made)
    assert not health.has_assets(made.model_copy(update={"services": {"chat": made.services["chat"]}}))


def test_the_command_looks_at_the_page_of_an_environment_with_assets(
    environments: Mapping[str, Environment], local_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = local_server(200)

    def load(_name: str) -> Environment:
        return sample(environments)

    monkeypatch.setattr(loader, "load", load)
    with pytest.raises(SystemExit) as exit_:
        main(["health", "prod", "--url", server.url, "--tries", "1"])
    assert "names no file under /assets/" in str(exit_.value.code)
