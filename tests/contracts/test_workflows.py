"""What the workflows call exists: each `make` target, each tool, its commands and its options."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from stacks.loader import load_all
from tools.command import PATIENCE_SECONDS, ROOT
from tools.command_line import app
from tools.release.release import MINUTES

WRITES = {
    "comment": {"pull-requests"},
    "plan": {"id-token"},
    "drift": {"id-token"},
    "deploy": {"id-token"},
    "roll-back": {"id-token"},
}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("decisions/*.md")),
]
COMMANDS: Any = typer.main.get_command(app())
RELEASE = ROOT / ".github" / "workflows" / "deploy-aws.yml"


def read(file: Path) -> dict[Any, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step of every workflow, and of our own actions."""
    for file in WORKFLOWS:
        for job in read(file)["jobs"].values():
            for step in job["steps"]:
                yield file.name, step
    for file in ACTIONS:
        for step in read(file)["runs"]["steps"]:
            yield file.parent.name, step


def within(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The job's steps, with those of our own actions that it uses."""
    for step in job["steps"]:
        yield step
        if step.get("uses", "").startswith("./"):
            yield from read(ROOT / step["uses"] / "action.yml")["runs"]["steps"]


def called(pattern: str) -> list[tuple[str, ...]]:
    lines = [line for _, step in steps() for line in step.get("run", "").replace("\\\n", " ").splitlines()]
    return [match if isinstance(match, tuple) else (match,) for line in lines for match in re.findall(pattern, line)]


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    targets = {name for (name,) in called(r"\bmake ([a-z-]+)")}
    assert {"test", "validate", "commits", "plan"} <= targets <= known
    shown = re.compile(r"(?:^|`|&& )make ([a-z-]+)", re.MULTILINE)  # in a block, or in a code span
    for page in PAGES:
        assert set(shown.findall(page.read_text(encoding="utf-8"))) - known == set(), page.name


def test_every_file_that_a_page_links_to_exists() -> None:
    links = [
        (page, link)
        for page in PAGES
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if not link.startswith("http")
    ]
    assert len(links) > 30
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def written() -> Iterator[tuple[str, str]]:
    """Every line that a person or a machine may run: of workflows, actions, the Makefile, messages and pages."""
    for where, step in steps():
        for line in step.get("run", "").replace("\\\n", " ").splitlines():
            yield where, line
    for file in (ROOT / "Makefile", *PAGES, *sorted((ROOT / "tools").rglob("*.py"))):
        for line in file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            yield str(file.relative_to(ROOT)), line


def adelie_calls() -> list[tuple[str, str]]:
    """What follows `adelie` where that is a command: at a line's beginning, behind a path, in a code span, a pipe."""
    before = r"^\s*@?(?:exec )?|[`|] ?|\$\(STEP\) \"[^\"]*\" |[A-Z]+=\S+ "
    pattern = re.compile(rf"(?:{before})(?:\S*\.venv/bin/)?adelie ([^`|>;#\n]+)")
    found = {(where, match.strip()) for where, line in written() for match in pattern.findall(line)}
    return sorted(found)


def words(call: str) -> list[str]:
    """The call's words, with make's and Python's variables as one word each."""
    plain = re.sub(r"\$\(if [^()]*(?:\([^()]*\)[^()]*)*\)|\$\(JOB\)", "", call)
    plain = re.sub(r"\{[^{}]*\}|\$\([^()]*\)|<[^<>]*>", "x", plain)
    return shlex.split(plain)


@pytest.mark.parametrize(("where", "call"), adelie_calls(), ids=lambda each: str(each)[:60])
def test_every_command_exists_and_takes_what_it_is_given(where: str, call: str) -> None:
    command, given = COMMANDS, words(call)
    while given and hasattr(command, "commands"):
        word = given.pop(0)
        if word.startswith("--"):
            assert word in {"--help", *(option for each in command.params for option in each.opts)}, where
            return
        assert word in command.commands, (where, word)
        command = command.commands[word]
    known = {option: each for each in command.params for option in each.opts}
    options = {word.partition("=")[0] for word in given if word.startswith("--") and word != "--help"}
    assert options <= known.keys(), where
    required = {each.opts[0] for each in command.params if each.required and each.param_type_name == "option"}
    # A sentence may name a command alone; a line that is run says it whole.
    assert required <= options or not given or "--help" in given, where


def test_nothing_calls_a_module_of_the_tools_but_the_command_line() -> None:
    modules = {match for _, line in written() for match in re.findall(r"python[^ ]* (?:-P )?-m (tools[\w.]*)", line)}
    assert modules == set()
    assert len(adelie_calls()) > 50


def test_every_action_is_pinned_to_a_commit() -> None:
    files = [*WORKFLOWS, *ACTIONS]
    used = [action for file in files for action in re.findall(r"uses:\s*(\S+)", file.read_text(encoding="utf-8"))]
    assert len(used) > 10
    for action in used:
        assert action.startswith("./") or re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action


def test_only_the_job_that_needs_it_may_write_or_take_an_identity() -> None:
    for file in WORKFLOWS:
        workflow = read(file)
        assert workflow["permissions"] == {}, file.name
        for name, job in workflow["jobs"].items():
            granted = {scope for scope, level in job["permissions"].items() if level == "write"}
            assert granted == WRITES.get(name, set()), (file.name, name)


def test_only_a_job_in_a_protected_environment_takes_the_apply_role() -> None:
    for file in WORKFLOWS:
        for name, job in read(file)["jobs"].items():
            takes = any(re.search(r"adelie account role \S+ apply", step.get("run", "")) for step in within(job))
            assert takes == ("environment" in job), (file.name, name)


def test_nothing_that_somebody_wrote_on_github_gets_into_a_shell() -> None:
    for where, step in steps():
        assert "${{" not in step.get("run", ""), (where, step)


def test_a_release_can_go_to_each_environment_of_the_repository() -> None:
    where = read(RELEASE)[True]["workflow_dispatch"]["inputs"]["environment"]
    assert (where["type"], where["required"]) == ("environment", True)


def test_no_service_is_named_in_a_workflow() -> None:
    names = {name for each in load_all() for name in (*each.services, *each.jobs)}
    for file in (*WORKFLOWS, *ACTIONS):
        assert not names & set(re.findall(r"[\w-]+", file.read_text(encoding="utf-8"))), file


ALWAYS = ("build", "deploy", "announce")
"""What is in the two halves, and in which order: tests/unit/test_release.py and test_tools_on_aws.py."""


def test_a_release_is_always_the_same_steps_in_the_same_order() -> None:
    """The first one too."""
    job = read(RELEASE)["jobs"]["deploy"]
    named = [step for step in job["steps"] if step.get("name") in ALWAYS]
    assert tuple(step["name"] for step in named) == ALWAYS
    assert [step["name"] for step in named if "if" in step or "continue-on-error" in step] == []


def test_a_step_that_is_late_fails_before_github_cancels_the_job() -> None:
    """What is cancelled doesn't go back by itself; what has failed does."""
    for name, job in read(RELEASE)["jobs"].items():
        given = [step["timeout-minutes"] for step in job["steps"] if "timeout-minutes" in step]
        assert sum(given) < job["timeout-minutes"], name
    job = read(RELEASE)["jobs"]["deploy"]
    unlimited = {step["name"] for step in job["steps"] if "name" in step and "timeout-minutes" not in step}
    assert unlimited == {"announce", "announce the failure"}


HALVES = {
    "build": ("build", "migrate"),
    "deploy": ("unlock", "apply", "wait", "health", "record", "previous"),
    "roll back": ("back", "running", "previous", "record"),
}
"""The steps of a release that each step of the workflow has, whose limits tools/release/release.py says."""


def test_a_step_of_a_release_that_is_late_fails_before_github_kills_its_process() -> None:
    """With the time in which what it has started may end. A process that is killed can't report how far it came."""
    for job in read(RELEASE)["jobs"].values():
        for step in job["steps"]:
            if step.get("name") in HALVES:
                most = sum(MINUTES[each] for each in HALVES[step["name"]]) + PATIENCE_SECONDS / 60
                assert most <= step.get("timeout-minutes", job["timeout-minutes"]), step["name"]


def test_what_github_interrupts_is_the_release_and_no_shell_around_it() -> None:
    """Bash passes nothing on: what it has started would go on, and record what was taken back."""
    long = [
        step["run"].strip()
        for _, step in steps()
        if re.search(r"adelie release (build|deploy|back)", step.get("run", ""))
    ]
    assert len(long) == 3
    for script in long:
        assert re.fullmatch(r"exec \.venv/bin/adelie [^\n]*", script), script
    assert (ROOT / "tools" / "adelie.sh").read_text().splitlines()[-1].startswith("exec ")


def test_credentials_outlive_the_steps_that_use_them() -> None:
    """Terraform that can't write its state any more loses what it made, and a check that can't ask is red."""
    for job in read(RELEASE)["jobs"].values():
        left = 0.0
        for step in within(job):
            if "configure-aws-credentials" in step.get("uses", ""):
                left = step["with"]["role-duration-seconds"] / 60
            elif not step.get("uses", "").startswith("./"):
                left -= step.get("timeout-minutes", 0)
                assert left >= 0 or "timeout-minutes" not in step, step["name"]


def test_what_cannot_go_back_by_itself_has_a_job_that_does() -> None:
    deploy, back = (read(RELEASE)["jobs"][name] for name in ("deploy", "roll-back"))
    assert back["needs"] == "deploy"
    assert "always()" in back["if"]
    used = [[step for step in job["steps"] if "roll-back" in step.get("uses", "")] for job in (deploy, back)]
    assert [len(each) for each in used] == [1, 1]
    assert "failure()" in used[0][0]["if"]
    for (step,) in used:
        assert step["with"].keys() == read(ROOT / step["uses"] / "action.yml")["inputs"].keys()


def test_no_deploy_meets_the_lock_of_a_run_that_was_killed() -> None:
    """After a first release that was cancelled nothing goes back, so the next one finds the lock.

    What deploys is `release deploy` and `release back`, which take it away first: tests/unit/test_release.py, and
    test_tools_on_aws.py for what `back` calls.
    """
    scripts = "\n".join(step.get("run", "") for _, step in steps())
    assert not re.search(r"cdktf deploy|terraform.* apply|release again", scripts)
    assert re.findall(r"adelie release (deploy|back)", scripts) == ["deploy", "back"]


@pytest.mark.parametrize(
    ("still", "signals"),
    [(0, ["-INT"]), (2, ["-INT"]), (1000, ["-INT", "-KILL"])],
    ids=["none runs", "it ends", "it does not end"],
)
def test_a_roll_back_begins_when_no_terraform_runs_any_more(tmp_path: Path, still: int, signals: list[str]) -> None:
    (action,) = [read(file) for file in ACTIONS if file.parent.name == "roll-back"]
    first, *_ = action["runs"]["steps"]
    said, asked = tmp_path / "signals", tmp_path / "asked"
    programs = {
        "pkill": f'echo "$1" >> {said}; test {still} -gt 0',
        "pgrep": f"echo >> {asked}; test $(wc -l < {asked}) -lt {still}",
        "sleep": "",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-eo", "pipefail", "-c", first["run"]], env=environment, check=True)
    assert said.read_text().split() == signals


def test_every_release_that_fails_is_told_of() -> None:
    """Also where the runner is lost, which leaves no outputs; not one that only couldn't announce its success."""
    jobs = read(RELEASE)["jobs"]
    messages = {
        name: [step for step in job["steps"] if "adelie release announce" in step.get("run", "")]
        for name, job in jobs.items()
    }
    assert {name: len(each) for name, each in messages.items()} == {"deploy": 2, "roll-back": 1, "lost": 1}
    assert "steps.deploy.outcome != 'success'" in messages["deploy"][1]["if"]
    assert jobs["lost"]["if"] == "failure() && needs.deploy.outputs.half-done == ''"


def test_only_what_is_whole_is_released_to_production() -> None:
    assert read(RELEASE)[True]["release"]["types"] == ["released"]


def test_what_is_recorded_is_not_taken_for_half_done() -> None:
    """The deploy's step ends with the record, and nothing that can fail comes after it in that step."""
    jobs = read(RELEASE)["jobs"]
    half_done = " ".join(jobs["deploy"]["outputs"]["half-done"].split())
    for outcome in ("''", "'skipped'", "'success'"):
        assert f"steps.deploy.outcome != {outcome}" in half_done
    assert "steps.before.outputs.tag != ''" in half_done
    assert "steps.rollback.outcome != 'success'" in half_done
    (back,) = [step for step in jobs["deploy"]["steps"] if step.get("id") == "rollback"]
    assert back["if"] == "failure() && steps.deploy.outcome == 'failure' && steps.before.outputs.tag != ''"


def test_drift_is_looked_for_after_a_release_only() -> None:
    job = read(ROOT / ".github" / "workflows" / "drift.yml")["jobs"]["drift"]
    looks = [step for step in job["steps"] if re.search(r"make plan|pull-request drift", step.get("run", ""))]
    assert [step["if"] for step in looks] == ["steps.release.outputs.tag != ''"] * 2
