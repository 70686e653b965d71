"""Asking every service for its health and assets as a user does, through the CDN."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

from stacks.environment import Environment
from tools.command import ToolError

TRIES: Final = 5
WAITS_SECONDS: Final = (2.0, 4.0, 8.0, 16.0)
"""Between the tries: half a minute in all. `wait` comes before and waits for healthy tasks, so this is
patience with the way there (an edge that has not met the origin yet), not with a start."""
PAGE: Final = "/"
"""The page that is looked at for assets."""
_ASSETS: Final = "/assets/"
_TIMEOUT_SECONDS: Final = 10
_LONGEST_PAGE: Final = 1 << 20
"""Bytes of a page that are read: an index.html has a few thousand."""
_OK: Final = 200
_JAVASCRIPT: Final = re.compile(r"(text|application)/(x-)?(java|ecma)script")
"""What a browser runs: it refuses a module, and with `nosniff` any script, that has another type (WHATWG, "HTML")."""
_RUNS: Final = re.compile(rf"(module|{_JAVASCRIPT.pattern})?")
"""The `type` of a script that a browser runs; another is data."""
_KEPT: Final = "/%:@!$&'()*+,;=~-._"
"""What a browser leaves of a path as it is (WHATWG, "URL"); the rest is asked for percent-encoded."""

Tell = Callable[[str], None]
Sleep = Callable[[float], None]


@dataclass(frozen=True)
class _Answer:
    wrong: str
    """What is wrong with the answer; empty if it is a 200."""
    body: str = ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for an answer: a health path has none, and another site's 200 says nothing of this one."""

    def redirect_request(self, *_of_the_request: Any, **_more: Any) -> None:  # noqa: ANN401 -- as urllib has it
        return None


class _Named(HTMLParser):
    """What a page asks for: the addresses in its scripts, style sheets, preloads and images."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._base = page
        self._based = False
        self.addresses: list[tuple[str, bool]] = []
        """Whole addresses, and whether it is a script."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value.strip() for name, value in reversed(attrs) if value}
        wanted = {"script": "src", "link": "href", "img": "src", "base": "href"}.get(tag, "")
        if wanted not in given:
            return
        try:
            address = urljoin(self._base, given[wanted])
        except ValueError:  # none that a browser could follow either
            return
        if tag != "base":
            self.addresses.append((address, tag == "script" and bool(_RUNS.fullmatch(given.get("type", "").lower()))))
        elif not self._based:
            self._base, self._based = address, True


def check(url: str, paths: Sequence[str], tell: Tell, *, tries: int = TRIES, sleep: Sleep = time.sleep) -> None:
    """Ask for each path until it answers 200, `tries` times at most. Raises ToolError with the last answer."""
    for path in paths:
        _fetch(url, path, tell, tries=tries, sleep=sleep)


def check_assets(url: str, tell: Tell, *, tries: int = TRIES, sleep: Sleep = time.sleep) -> None:
    """Ask for every file under /assets/, and every script, that the page at `/` names: without them it stays empty.

    Raises ToolError for one that doesn't answer 200, for a script that is none (as where the page itself is the answer
    for what isn't there), and for a page that names nothing under /assets/: that isn't the page of a service that has
    an `assets_path`.
    """
    page = f"{url.rstrip('/')}{PAGE}"
    named = assets_of(page, _fetch(url, PAGE, tell, tries=tries, sleep=sleep))
    if not any(path.startswith(_ASSETS) for path in named):
        raise ToolError(
            f"{page} names no file under {_ASSETS}, so it isn't the page that the assets are for; roll back, or take "
            f"assets_path from the service in environments/catalogue.yaml if it has no assets."
        )
    for path, script in named.items():
        _fetch(url, path, tell, tries=tries, sleep=sleep, script=script)


def assets_of(page: str, html: str) -> dict[str, bool]:
    """The paths of the page's own site, under /assets/ or of scripts, that its HTML names; whether each is a script.

    Reading ends where the text stops being HTML.
    """
    parser = _Named(page)
    with suppress(AssertionError):  # html.parser, for "<![x"
        parser.feed(html)
    named: dict[str, bool] = {}
    for address, script in parser.addresses:
        part = urlsplit(address)
        if part.netloc == urlsplit(page).netloc and (script or part.path.startswith(_ASSETS)):
            path = quote(part.path, safe=_KEPT)
            named[path] = script or named.get(path, False)
    return named


def paths(environment: Environment) -> list[str]:
    """The health paths of the services that answer under the environment's own address."""
    return sorted({service.health.path for service in environment.services.values()})


def has_assets(environment: Environment) -> bool:
    """Whether a service of the environment has files that its pages ask the CDN for."""
    return any(service.assets_path for service in environment.services.values())


def _fetch(url: str, path: str, tell: Tell, *, tries: int, sleep: Sleep, script: bool = False) -> str:
    """The body of the first 200. Raises ToolError with the last answer."""
    answer = _Answer("never asked")
    for number in range(1, tries + 1):
        begun = time.monotonic()
        answer = _ask(f"{url.rstrip('/')}{path}", script=script)
        tell(f"{path}  try {number} of {tries}: {answer.wrong or _OK}  {(time.monotonic() - begun) * 1000:.0f} ms")
        if not answer.wrong:
            return answer.body
        if number < tries:
            sleep(WAITS_SECONDS[min(number, len(WAITS_SECONDS)) - 1])
    raise ToolError(f"{url.rstrip('/')}{path} is not healthy after {tries} tries: {answer.wrong}; roll back.")


def _ask(url: str, *, script: bool = False) -> _Answer:
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(url, headers={"User-Agent": "adelie-release"})  # noqa: S310 -- the address is the environment's own
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            body: bytes = answer.read(_LONGEST_PAGE)
            wrong = "" if answer.status == _OK else str(answer.status)
            if not wrong and script and not _JAVASCRIPT.fullmatch(kind := answer.headers.get_content_type()):
                wrong = f"{_OK}, but {kind} is no JavaScript"
            return _Answer(wrong, body.decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return _Answer(str(error.code))
    except (OSError, HTTPException) as error:
        return _Answer(f"no answer ({error})")


def check_environment(
    environment: Environment, tell: Tell, *, url: str = "", tries: int = TRIES, sleep: Sleep = time.sleep
) -> None:
    """Check every service and the assets, at the environment's domain or at another address.

    Raises ToolError for the first that isn't healthy, and for an environment without a domain and no other address.
    """
    if not url and environment.domain is None:
        raise ToolError(
            f"{environment.name} has no domain; say where it answers: --url https://<the output cdn_domain_name>."
        )
    address = url or f"https://{environment.domain.name if environment.domain else ''}"
    check(address, paths(environment), tell, tries=tries, sleep=sleep)
    if has_assets(environment):
        check_assets(address, tell, tries=tries, sleep=sleep)
