"""An environment on AWS, as what a release goes to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from stacks.environment import Environment
from tools.command import ROOT, ToolError, ended_with_us, one_line, shown, warn
from tools.release import announce, health, images, migrate, records, steps
from tools.release.outcome import Outcome
from tools.release.release import Release
from tools.synthesized import stack_file
from tools.terraform import plan, plan_file, pull_request_comment
from tools.terraform.plan import UNBUILT
from tools.terraform.runner import Terraform, executable

Tell = Callable[[str], None]

GOOD: Final = ROOT / "build" / "good"
"""Where the code of the commits is that somebody goes back to by hand, a folder each."""
_COMMAND: Final = ".venv/bin/adelie"
_PYTHON: Final = (".venv/bin/python", "-m")


class OnAws:
    """An environment on AWS: a `tools.release.release.Platform`."""

    def __init__(
        self,
        environment: Environment,
        tell: Tell,
        *,
        application: Path | None = None,
        code: Path | None = None,
        author: str = "",
        link: str = "",
    ) -> None:
        """`application` is the application's working copy; `build` needs it.

        `code` is a working copy of this repository at the commit to go back to, where somebody has checked one out.
        """
        self._environment = environment
        self._tell = tell
        self._application = application
        self._code = code
        self._author = author
        self._link = link

    def previous(self) -> Release:
        """What is recorded, else what most services run."""
        return records.previous(self._environment, warn)

    def build(self, tag: str) -> None:
        """Build and push the images that ECR lacks, then upload the assets that are in them."""
        if self._application is None:
            raise ToolError("Nothing says where the application is; give --application.")
        images.build(self._environment, tag, self._application, self._tell)
        # Before the pages that ask for them; those of the release before stay.
        images.publish_assets(self._environment, tag, self._tell)

    def migrate(self, tag: str) -> None:
        """Start what a schedule has stopped, then migrate with the new image."""
        steps.wake(self._environment, self._tell)
        migrate.migrate(self._environment, tag, self._tell)

    def unlock(self) -> None:
        """Remove the lock of Terraform's state that a killed run of the workflow has left."""
        steps.unlock(self._environment, self._tell)

    def apply(self, tag: str) -> None:
        """Synthesize this code, and have Terraform deploy it."""
        synthesize()
        self._terraform_apply(tag)

    def wait(self, tag: str) -> None:
        """Start again what a schedule may have stopped since, then wait for healthy tasks of the tag."""
        steps.wake(self._environment, self._tell)
        steps.wait(self._environment, tag, self._tell)

    def health(self) -> None:
        """Have the CDN forget its pages, so that none of the release before answers, then ask through it."""
        steps.invalidate(self._environment, self._tell)
        health.check_environment(self._environment, self._tell)

    def record(self, release: Release) -> None:
        """Note the release in SSM."""
        records.record(self._environment, release)
        self._tell(f"{records.parameter(self._environment)} has {release.tag}, deployed by {release.commit}.")

    def announce(self, outcome: Outcome, tag: str) -> None:
        """Notify Discord."""
        message = announce.embed(
            self._environment.name, outcome, tag=tag, author=self._author, link=self._link, details=""
        )
        if warning := announce.announce(message):
            warn(warning)

    def back(self, good: Release) -> None:
        """Have the code of the good commit deploy the good images, in a working copy of its own."""
        code = self._code or (_checked_out(good.commit) if good.commit else ROOT)
        _run(["make", "setup"], code)
        for command in going_back(self._environment.name, good.tag, adelie=(code / _COMMAND).exists()):
            _run(command, code)

    def running(self) -> Mapping[str, str]:
        """The tag that each service runs."""
        return records.running_tags(self._environment)

    def login(self) -> None:
        """Have the application's secret and the database agree on the login of this code."""
        steps.login(self._environment, self._terraform(UNBUILT), self._tell)

    def again(self, tag: str) -> None:
        """Deploy this code, which was good once, over a newer release: what `back` calls in the good working copy.

        Nothing changes if that would destroy what holds data, or if somebody else is deploying. Raises ToolError.
        """
        self.unlock()
        synthesize()
        _, file = plan.of(self._environment, tag)
        pull_request_comment.keep_data(plan_file.read(file))
        self.login()
        self._terraform_apply(tag)
        self.wait(tag)
        self.health()

    def _terraform(self, tag: str) -> Terraform:
        return Terraform(executable(), stack_file(self._environment.name).parent, {"TF_VAR_image_tag": tag})

    def _terraform_apply(self, tag: str) -> None:
        terraform = self._terraform(tag)
        terraform.init()
        changed = terraform.apply(lambda done, total, address: self._tell(f"{done} of {total}: {address}"))
        self._tell(f"{changed} resources changed.")


def synthesize() -> None:
    """Write the stacks of this code. Raises ToolError."""
    _run([sys.executable, "-O", "main.py"], ROOT)


def going_back(environment: str, tag: str, *, adelie: bool) -> list[Sequence[str]]:
    """What deploys a good release in a working copy of its commit; `adelie`: whether that commit has this command.

    The others' commands go once `adelie release list` shows no release any more that somebody would go back to and
    whose commit has no tools/command_line.py.
    """
    if adelie:
        return [(_COMMAND, "release", "again", environment, "--tag", tag)]
    return [
        (*_PYTHON, "tools.release", "unlock", environment),
        ("make", "plan", f"ENV={environment}", f"TAG={tag}"),
        (*_PYTHON, "tools.plan_summary", "keeps-data", f"build/plans/{environment}.json"),
        (*_PYTHON, "tools.release", "login", environment),
        (".venv/bin/cdktf", "deploy", environment, "--auto-approve", "--var", f"image_tag={tag}"),
        (*_PYTHON, "tools.release", "wake", environment),
        (*_PYTHON, "tools.release", "wait", environment, "--tag", tag),
        (*_PYTHON, "tools.release", "invalidate", environment),
        (*_PYTHON, "tools.health", environment),
    ]


def head(code: Path = ROOT) -> str:
    """The commit of a working copy. Raises ToolError if something in it isn't committed: nobody could go back to it."""
    if changed := _git("-C", str(code), "status", "--porcelain", "--untracked-files=no"):
        raise ToolError(
            f"{changed.splitlines()[0].split()[-1]} is not committed, so nobody could go back to this; commit it first."
        )
    return _git("-C", str(code), "rev-parse", "HEAD")


def _checked_out(commit: str) -> Path:
    """A working copy of the commit, next to this one."""
    code = GOOD / commit
    if not code.exists():
        _git("-C", str(ROOT), "worktree", "prune")
        _git("-C", str(ROOT), "worktree", "add", "--detach", str(code), commit)
    return code


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"git {arguments[2]} failed ({one_line(done.stderr)}); `git fetch`, then run this again.")
    return done.stdout.strip()


def _run(command: Sequence[str], where: Path) -> None:
    """Run a command and show its own output. Raises ToolError if it fails."""
    with subprocess.Popen(command, cwd=where, start_new_session=True) as process, ended_with_us(process):
        failed = process.wait()
    if failed:
        line = " ".join(command)
        raise ToolError(f"`{line}` failed in {shown(where)} (exit code {failed}); its own words are above.")
