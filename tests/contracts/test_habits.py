"""The files that people's habits hang on: owners, hooks, templates."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.command import ROOT

WHY = "\n\nBecause a reader asks why first."


def owners() -> dict[str, list[str]]:
    lines = (ROOT / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines if line and not line.startswith("#")}


def hooks() -> list[dict[str, Any]]:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local"  # nothing is fetched
    return repository["hooks"]


def test_every_line_of_the_owners_matches_something_and_names_a_team() -> None:
    named = owners()
    assert "*" in named
    for pattern, teams in named.items():
        assert teams
        assert all(re.fullmatch(r"@[\w-]+/[\w-]+", team) for team in teams), pattern
        assert pattern == "*" or Path(ROOT, pattern.strip("/")).exists(), pattern


def test_what_decides_who_may_do_what_has_its_own_owners() -> None:
    leads = {pattern for pattern, teams in owners().items() if teams == ["@adelie-invest/infrastructure-leads"]}
    assert {"/constructs/adelie/delivery/", "/stacks/iam.yaml", "/stacks/permissions.json", "/.github/"} <= leads


def test_hooks_are_what_make_test_runs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lint = re.search(r"^lint: (.*?) ##", makefile, re.MULTILINE)
    assert lint
    called = {hook["entry"].removeprefix("make -s ") for hook in hooks() if hook["entry"].startswith("make")}
    assert called == set(lint[1].split()) - {"typecheck"}  # half a minute: not before each commit


@pytest.mark.parametrize(
    ("message", "accepted"),
    [
        pytest.param(f"feat(network): flow logs{WHY}", True, id="conventional"),
        pytest.param(f"fix!: another name{WHY}", True, id="breaking"),
        pytest.param("docs: a typo", True, id="docs-need-no-body"),
        pytest.param("feat(network): flow logs", False, id="a-feature-says-why"),
        pytest.param("refactor: rooms\n\n", False, id="an-empty-body-says-nothing"),
        pytest.param(f"fix: {'x' * 67}{WHY}", True, id="72-characters"),
        pytest.param(f"fix: {'x' * 68}{WHY}", False, id="73-characters"),
        pytest.param("changed some things", False, id="no-type"),
        pytest.param("Merge branch 'main' into rooms", True, id="a-merge"),
    ],
)
def test_a_message_is_conventional_short_and_says_why(message: str, accepted: bool, tmp_path: Path) -> None:
    (hook,) = [hook for hook in hooks() if hook.get("stages") == ["commit-msg"]]
    file = tmp_path / "message"
    file.write_text(f"{message}\n")
    done = subprocess.run([*hook["entry"].split(), file], cwd=ROOT, check=False, capture_output=True)
    assert (done.returncode == 0) == accepted, done.stderr
