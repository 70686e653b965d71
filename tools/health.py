"""`python -m tools.health prod`: ask every service for its health the way a user reaches it, through the CDN."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Annotated, Any, Final

import typer

from stacks import loader
from stacks.environment import Environment
from tools._common import ToolError, console, run

TRIES: Final = 5
WAITS_SECONDS: Final = (2.0, 4.0, 8.0, 16.0)
"""Between the tries: half a minute in all, in which a task that has just become healthy gets its first requests."""
_TIMEOUT_SECONDS: Final = 10
_OK: Final = 200


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for an answer: a health path has none, and another site's 200 says nothing of this one."""

    def redirect_request(self, *_of_the_request: Any, **_more: Any) -> None:  # noqa: ANN401 -- as urllib has it
        return None


def check(
    url: str,
    paths: Sequence[str],
    tell: Callable[[str], None],
    *,
    tries: int = TRIES,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Ask for each path until it answers 200, `tries` times at most. Raises ToolError with the last answer."""
    for path in paths:
        answer = ""
        for number in range(1, tries + 1):
            begun = time.monotonic()
            answer = _ask(f"{url.rstrip('/')}{path}")
            tell(f"{path}  try {number} of {tries}: {answer or _OK}  {(time.monotonic() - begun) * 1000:.0f} ms")
            if not answer:
                break
            if number < tries:
                sleep(WAITS_SECONDS[min(number, len(WAITS_SECONDS)) - 1])
        else:
            raise ToolError(f"{url.rstrip('/')}{path} is not healthy after {tries} tries: {answer}; roll back.")


def paths(environment: Environment) -> list[str]:
    """The health paths of the services that answer under the environment's own address."""
    return sorted({service.health_check.path for service in environment.services.values()})


def _ask(url: str) -> str:
    """What is wrong with the answer; empty if it is a 200."""
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(url, headers={"User-Agent": "adelie-release", "Cache-Control": "no-cache"})  # noqa: S310 -- the address is the environment's own
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return "" if answer.status == _OK else str(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)
    except (OSError, HTTPException) as error:
        return f"no answer ({error})"


def main(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="An environment, such as prod.")],
    url: Annotated[str, typer.Option(help="Another address than the environment's domain.")] = "",
    tries: Annotated[int, typer.Option(min=1, help="How often each path is asked for.")] = TRIES,
) -> None:
    """Check an environment's health through its CDN."""
    environment = loader.load(name)
    if not url and environment.domain is None:
        raise ToolError(f"{name} has no domain; say where it answers: --url https://<the output cdn_domain_name>.")
    address = url or f"https://{environment.domain.name if environment.domain else ''}"
    check(address, paths(environment), lambda text: console().print(text, soft_wrap=True), tries=tries)


if __name__ == "__main__":
    run(main)
