"""A release to AWS: what each step is made of, and the way back by the code of another commit."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from stacks.environment import Environment
from tests.sample_environment import sample
from tools.command import ToolError
from tools.release import on_aws, release
from tools.release.on_aws import OnAws
from tools.release.release import Platform, Release, ReleaseError
from tools.terraform.runner import Terraform

COMMIT = "4f2c1e9" + "0" * 33
CALLS = {
    "records": ["previous", "record", "running_tags"],
    "images": ["build", "publish_assets"],
    "steps": ["wake", "unlock", "wait", "invalidate", "login"],
    "migrate": ["migrate"],
    "health": ["check_environment"],
    "announce": ["announce"],
    "plan": ["of"],
    "pull_request_comment": ["keep_data"],
    "plan_file": ["read"],
}
"""The functions of the room, each of which has tests of its own."""


class NoTerraform:
    """In place of Terraform: notes what it is asked for."""

    def __init__(self, called: list[str], tag: str) -> None:
        self._called = called
        self._tag = tag

    def init(self) -> None:
        self._called.append("terraform init")

    def apply(self, _progress: Callable[[int, int, str], None]) -> int:
        self._called.append(f"terraform apply {self._tag}")
        return 1


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the platform calls, in its order, instead of AWS and Terraform."""
    names: list[str] = []

    def noting(name: str) -> Callable[..., Any]:
        def note(*_: object, **_more: object) -> Any:
            names.append(name)
            return ("", Path("plan.json")) if name == "of" else {}

        return note

    for module, functions in CALLS.items():
        for function in functions:
            monkeypatch.setattr(getattr(on_aws, module), function, noting(function))

    def terraform(_executable: str, _folder: Path, environment: Mapping[str, str]) -> NoTerraform:
        return NoTerraform(names, environment["TF_VAR_image_tag"])

    monkeypatch.setattr(on_aws, "Terraform", terraform)
    monkeypatch.setattr(on_aws, "executable", str)
    monkeypatch.setattr(on_aws, "synthesize", noting("synthesize"))
    return names


@pytest.fixture
def platform(environments: Mapping[str, Environment]) -> Platform:
    return OnAws(sample(environments), print, application=Path("application"))


def test_a_release_calls_the_same_functions_in_the_same_order(platform: Platform, called: list[str]) -> None:
    """Assets before the pages that ask for them; awake before what needs tasks, and again before the wait, because a
    schedule may have come since; no page of the release before when its health is asked for."""
    release.release(platform, Release("new", COMMIT), list[str]().append)
    assert called == [
        *("previous", "build", "publish_assets", "wake", "migrate", "unlock"),
        *("synthesize", "terraform init", "terraform apply new"),
        *("wake", "wait", "invalidate", "check_environment", "record", "announce"),
    ]


def test_going_back_plans_first_and_makes_the_login_before_it_starts_containers(
    environments: Mapping[str, Environment], called: list[str]
) -> None:
    """Or they start with a password that the database doesn't know, where the generation goes back too."""
    OnAws(sample(environments), print).again("good")
    assert called == [
        *("unlock", "synthesize", "of", "read", "keep_data", "login", "terraform init", "terraform apply good"),
        *("wake", "wait", "invalidate", "check_environment"),
    ]


def test_going_back_changes_nothing_that_holds_data(
    environments: Mapping[str, Environment], called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise ToolError("The plan would destroy what holds data.")

    monkeypatch.setattr(on_aws.pull_request_comment, "keep_data", refuse)
    with pytest.raises(ToolError, match="holds data"):
        OnAws(sample(environments), print).again("good")
    assert not [each for each in called if each.startswith("terraform")]


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working copy at the good commit, whose programs only note how they are called, and where."""
    code = tmp_path / "good"
    programs = code / ".venv" / "bin"
    programs.mkdir(parents=True)
    note = f'#!/bin/sh\necho "$(basename "$PWD"): $(basename "$0") $*" >> {tmp_path}/calls\n'
    for name in ("python", "cdktf", "make"):
        (programs / name).write_text(note)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return code


def calls(below: Path) -> list[str]:
    return (below / "calls").read_text().splitlines()


def back(environments: Mapping[str, Environment], code: Path) -> None:
    OnAws(sample(environments), print, code=code).back(Release("good", COMMIT))


def test_the_code_of_the_good_commit_deploys_it(
    environments: Mapping[str, Environment], good: Path, tmp_path: Path
) -> None:
    (good / ".venv" / "bin" / "adelie").write_bytes((good / ".venv" / "bin" / "make").read_bytes())
    (good / ".venv" / "bin" / "adelie").chmod(0o755)
    back(environments, good)
    assert calls(tmp_path) == ["good: make setup", "good: adelie release again prod --tag good"]


def test_a_commit_from_before_this_command_has_the_commands_of_its_time(
    environments: Mapping[str, Environment], good: Path, tmp_path: Path
) -> None:
    back(environments, good)
    assert calls(tmp_path) == [
        "good: make setup",
        "good: python -m tools.release unlock prod",
        "good: make plan ENV=prod TAG=good",
        "good: python -m tools.plan_summary keeps-data build/plans/prod.json",
        "good: python -m tools.release login prod",
        "good: cdktf deploy prod --auto-approve --var image_tag=good",
        "good: python -m tools.release wake prod",
        "good: python -m tools.release wait prod --tag good",
        "good: python -m tools.release invalidate prod",
        "good: python -m tools.health prod",
    ]


def test_the_first_command_that_fails_ends_it(
    environments: Mapping[str, Environment], good: Path, tmp_path: Path
) -> None:
    """A plan that destroys data, a lock of somebody else."""
    (good / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(ToolError) as error:
        back(environments, good)
    assert str(error.value) == (
        f"`.venv/bin/python -m tools.release unlock prod` failed in {good} (exit code 3); its own words are above."
    )
    assert calls(tmp_path) == ["good: make setup"]


def git(*arguments: str, where: Path) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *arguments], cwd=where, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    code.mkdir()
    git("init", "--quiet", where=code)
    (code / "file").write_text("first")
    git("add", ".", where=code)
    git("commit", "--quiet", "-m", "first", where=code)
    return code


def test_the_good_commit_is_checked_out_beside_this_one_once(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environments: Mapping[str, Environment]
) -> None:
    commit = on_aws.head(repository)
    (repository / "file").write_text("second")
    git("commit", "--quiet", "-am", "second", where=repository)
    ran: list[tuple[str, Path]] = []

    def run(command: list[str], where: Path) -> None:
        ran.append((" ".join(command), where))

    monkeypatch.setattr(on_aws, "ROOT", repository)
    monkeypatch.setattr(on_aws, "GOOD", tmp_path / "good")
    monkeypatch.setattr(on_aws, "_run", run)
    for _ in range(2):
        OnAws(sample(environments), print).back(Release("good", commit))
    assert {where for _, where in ran} == {tmp_path / "good" / commit}
    assert (tmp_path / "good" / commit / "file").read_text() == "first"


def test_a_commit_that_is_not_here_is_one_sentence(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environments: Mapping[str, Environment]
) -> None:
    monkeypatch.setattr(on_aws, "ROOT", repository)
    monkeypatch.setattr(on_aws, "GOOD", tmp_path / "good")
    with pytest.raises(
        ReleaseError, match=r"^back failed: git worktree failed \(.*\); `git fetch`, then run this again\.$"
    ):
        release.go_back(OnAws(sample(environments), print), Release("good", COMMIT), print)


def test_what_is_not_committed_is_not_released(repository: Path) -> None:
    assert on_aws.head(repository) == git("rev-parse", "HEAD", where=repository)
    (repository / "application").mkdir()  # another repository's working copy, as in the workflow
    (repository / "application" / "file").write_text("")
    assert on_aws.head(repository)
    (repository / "file").write_text("changed")
    with pytest.raises(ToolError, match=r"^file is not committed, so nobody could go back to this; commit it first\.$"):
        on_aws.head(repository)


def test_an_interruption_lets_a_process_finish_what_it_has_begun(tmp_path: Path) -> None:
    """As Terraform does, which notes what it has made."""
    script = f"trap 'echo interrupted >> {tmp_path}/said; exit 0' INT; echo begun; while :; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as process:

        def wait() -> None:
            with on_aws.ended_with_us(process):
                assert process.stdout is not None
                process.stdout.readline()
                raise KeyError

        with pytest.raises(KeyError):
            wait()
    assert (process.returncode, (tmp_path / "said").read_text()) == (0, "interrupted\n")


@pytest.mark.parametrize("where", ["while it reads", "while it tells"])
def test_terraform_that_is_interrupted_may_note_what_it_has_made(tmp_path: Path, where: str) -> None:
    program = tmp_path / "terraform"
    program.write_text(
        f"#!/bin/sh\ntrap 'echo interrupted >> {tmp_path}/said; exit 1' INT\n"
        """echo '{"type": "apply_complete", "hook": {"resource": {"addr": "a"}}}'\nwhile :; do sleep 0.05; done\n"""
    )
    program.chmod(0o755)
    messages: list[str] = []

    def late(*_: object) -> None:
        raise release.LateStep

    def progress(_done: int, _total: int, address: str) -> None:
        messages.append(address)
        if where == "while it tells":
            late()
        signal.setitimer(signal.ITIMER_REAL, 0.1)

    before = signal.signal(signal.SIGALRM, late)
    try:
        with pytest.raises(release.LateStep):
            Terraform(str(program), tmp_path, {}).apply(progress)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (messages, (tmp_path / "said").read_text()) == (["a"], "interrupted\n")
