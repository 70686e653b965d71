"""What the workflows call exists: each `make` target, each tool, its commands and its options."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
import yaml

from tools._common import ROOT

WRITES = {"comment": {"pull-requests"}, "plan": {"id-token"}, "drift": {"id-token"}, "deploy": {"id-token"}}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                yield file.name, step


def called(pattern: str) -> list[tuple[str, ...]]:
    lines = [line for _, step in steps() for line in step.get("run", "").replace("\\\n", " ").splitlines()]
    return [match if isinstance(match, tuple) else (match,) for line in lines for match in re.findall(pattern, line)]


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {name for (name,) in called(r"\bmake ([a-z-]+)")}
    assert {"test", "validate", "commits", "plan"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("call", called(r"python -m tools\.(\w+) ([^|)>;]*)"), ids=" ".join)
def test_every_tool_takes_what_it_is_given(call: tuple[str, str]) -> None:
    module, arguments = importlib.import_module(f"tools.{call[0]}"), shlex.split(call[1])
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer()
        app.command()(module.main)
    command: Any = typer.main.get_command(app)
    if hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    given = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    assert given <= known
    required = {
        parameter.opts[0]
        for parameter in command.params
        if parameter.required and parameter.param_type_name == "option"
    }
    assert required <= given


def test_every_action_is_pinned_to_a_commit() -> None:
    files = [*WORKFLOWS, *(ROOT / ".github" / "actions").glob("*/action.yml")]
    used = [action for file in files for action in re.findall(r"uses:\s*(\S+)", file.read_text(encoding="utf-8"))]
    assert len(used) > 10
    for action in used:
        assert action.startswith("./") or re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action


def test_only_the_job_that_needs_it_may_write_or_take_an_identity() -> None:
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {}, file.name
        for name, job in workflow["jobs"].items():
            granted = {scope for scope, level in job["permissions"].items() if level == "write"}
            allowed = {
                "comment": {"pull-requests"},
                "plan": {"id-token"},
                "drift": {"id-token"},
                "deploy": {"id-token"},
            }
            assert granted == allowed.get(name, set()), (file.name, name)


def test_only_a_job_in_a_protected_environment_takes_the_apply_role() -> None:
    for file in WORKFLOWS:
        for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items():
            takes = any(re.search(r"tools\.identity \S+ apply", step.get("run", "")) for step in job["steps"])
            assert takes == ("environment" in job), (file.name, name)
