"""Health through the CDN: five tries, only a 200 counts, and the last answer is what a failure says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from stacks.environment import Environment
from tests.local_server import Answer, LocalServer
from tools import health
from tools._common import ToolError


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
    assert health.paths(environments["prod"]) == ["/", "/api/v1/health"]
