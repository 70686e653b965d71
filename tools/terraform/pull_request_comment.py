"""What plans change, as one comment of a pull request."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tools.command import ToolError
from tools.terraform.plan_file import Change, Plan

MARKER: Final = "<!-- adelie-plan -->"
LONGEST: Final = 65_536
"""Characters of a comment that GitHub takes."""
_ACTIONS: Final = {"create": "create", "update": "update", "replace": "REPLACE", "delete": "DELETE", "move": "rename"}
_TIMEOUT_SECONDS: Final = 30
_PER_PAGE: Final = 100
_ROOM_FOR_A_NOTE: Final = 200


def comment(plans: Sequence[Plan]) -> str:
    """The comment: a table, what is destroyed in bold, then each stack's changes, folded; cut at GitHub's limit."""
    parts = [*_head(plans), *(_details(plan) for plan in plans if plan.changes or plan.drift or plan.scheduled)]
    text, left_out = "", 0
    for part in parts:
        if len(text) + len(part) > LONGEST - _ROOM_FOR_A_NOTE:
            left_out += 1
            continue
        text += f"{part}\n"
    if left_out:
        text += f"\n*{left_out} stack(s) are too long for a comment: the workflow's log has their whole plan.*\n"
    return text


def _head(plans: Sequence[Plan]) -> Iterator[str]:
    yield MARKER
    yield "### Terraform plan\n"
    yield f"| stack | {' | '.join(_ACTIONS.values()).lower()} |\n|---|{'---|' * len(_ACTIONS)}"
    for plan in plans:
        counts = [len(plan.of(action)) for action in _ACTIONS]
        marked = (
            f"**{count}**" if count and action in {"replace", "delete"} else str(count or "-")
            for action, count in zip(_ACTIONS, counts, strict=True)
        )
        yield f"| {_plain(plan.stack)} | {' | '.join(marked)} |"
    yield ""
    destroyed = [(plan, change) for plan in plans for change in plan.changes if change.destroys]
    for plan, change in sorted(destroyed, key=lambda each: not each[1].holds_data):
        data = ", **which holds data**" if change.holds_data else ""
        why = f" because of {', '.join(map(_code, change.because))}" if change.because else ""
        yield f"- **{_ACTIONS[change.action]}** in {_plain(plan.stack)}: {_code(change.address)}{data}{why}"
    if not any(plan.changes for plan in plans):
        yield "Nothing changes."
    yield ""


def _details(plan: Plan) -> str:
    lines = [f"<details><summary>{_plain(plan.stack)}: {len(plan.changes)} changes</summary>\n"]
    for change in sorted(plan.changes, key=lambda each: (not each.destroys, each.address)):
        lines += _listed(change)
    if plan.outputs:
        lines.append(f"\nOutputs that change: {', '.join(map(_code, plan.outputs))}")
    if plan.drift:
        lines.append("\nChanged outside of Terraform since the last deploy:\n")
        for change in plan.drift:
            lines += _listed(change)
    if plan.scheduled:
        lines.append("\nSet by a scheduled action; a deploy resets it until the next one:\n")
        for change in plan.scheduled:
            lines += _listed(change)
    return "\n".join([*lines, "\n</details>"])


def _listed(change: Change) -> Iterator[str]:
    action = _ACTIONS.get(change.action, change.action)
    origin = f" (was {_code(change.moved_from)})" if change.moved_from else ""
    yield f"- {f'**{action}**' if change.destroys else action} {_code(change.address)}{origin}"
    if change.action in {"update", "replace", "drift"}:
        for name, before, after in change.values:
            yield f"  - {_code(name)}: {_code(before)} → {_code(after)}"


def _plain(text: str) -> str:
    """A name as it is, without what Markdown or HTML would take for its own."""
    return re.sub(r"[^\w .:\[\]/-]", "", text)


def _code(text: str) -> str:
    """A text in a code span, in which nothing is Markdown, a mention or another line."""
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"


def drift(plan: Plan) -> str:
    """What a deploy of the same code would change, one per line; empty if what exists is what the code says.

    Bounds that a scheduled action has set are what the code says too: staging at night has none of its tasks.
    """
    return "\n".join(f"{change.action}: {change.address}" for change in plan.changes)


def keep_data(plan: Plan) -> None:
    """Raise ToolError if the plan destroys what holds data: code of another commit may not know where it moved to."""
    lost = [change.address for change in plan.changes if change.destroys and change.holds_data]
    if lost:
        raise ToolError(
            f"The plan of {plan.stack} would destroy what holds data ({', '.join(lost)}), so nothing changed; decide "
            f"by hand: docs/runbook.md, Roll back a release."
        )


def post(repository: str, pull_request: int, text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Put the comment under a pull request, in place of the one from before; its address. Raises ToolError."""
    github = _GitHub(environ)
    comments = f"/repos/{repository}/issues/{pull_request}/comments"
    before = next((each for each in github.pages(comments) if str(each.get("body", "")).startswith(MARKER)), None)
    if before:
        return github.call("PATCH", f"/repos/{repository}/issues/comments/{before['id']}", {"body": text})["html_url"]
    return github.call("POST", comments, {"body": text})["html_url"]


class _GitHub:
    """The few calls of GitHub's REST API that a comment needs."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._url = environ.get("GITHUB_API_URL", "https://api.github.com")
        self._token = environ.get("GITHUB_TOKEN", "")
        if not self._token:
            raise ToolError("GITHUB_TOKEN is not set; give the step `env: GITHUB_TOKEN: ${{ github.token }}`.")

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        number = 1
        while page := self.call("GET", f"{path}?per_page={_PER_PAGE}&page={number}"):
            yield from page
            if len(page) < _PER_PAGE:
                return
            number += 1

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 -- GitHub's answer
        request = urllib.request.Request(  # noqa: S310 -- GitHub's own address
            f"{self._url}{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise ToolError(
                    f"GitHub answered {error.code} to {method} {path}; the job needs `pull-requests: write`."
                ) from None
        except OSError as error:
            raise ToolError(f"GitHub does not answer at {self._url} ({error}); run the job again.") from None
