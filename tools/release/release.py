"""A release, whatever it goes to: its order, its way back, and how long each step may take.

    previous, build, migrate,                          what fails here has changed nothing that runs
    unlock, apply, wait, health, record, announce      what fails before `record` has ended goes back

Nothing here knows where the platform is: a `Platform` does the steps.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final, Protocol

from tools.command import ToolError, one_line
from tools.release.outcome import Outcome

Tell = Callable[[str], None]

MINUTES: Final[Mapping[str, float]] = {
    "previous": 2,
    "build": 40,
    "migrate": 40,
    "unlock": 2,
    "apply": 55,
    "wait": 20,
    "health": 25,
    "record": 5,
    "back": 45,
    "running": 2,
    "announce": 2,
}
"""How long each step may take before it has failed. A deploy of everything, CloudFront and the database included, takes
half an hour. A role's credentials last two hours: each half of a release fits into that, and so does the way back, with
the five minutes in which Terraform may end (`tools.command.PATIENCE_SECONDS`)."""


@dataclass(frozen=True)
class Release:
    """A build of the application, and the infrastructure code that it was deployed with."""

    tag: str
    """The images' tag: the application's commit."""
    commit: str = ""
    """The commit of this repository; empty if nobody recorded it."""

    def outputs(self) -> str:
        """`tag=` and `commit=`, one per line, as GitHub takes outputs."""
        return f"tag={self.tag}\ncommit={self.commit}"


NONE: Final = Release("")
"""Before the first release."""


class Platform(Protocol):
    """What a release goes to. Any exception of a step is its failure."""

    def previous(self) -> Release:
        """The last good release, what a failed one goes back to; `NONE` before the first."""
        ...

    def build(self, tag: str) -> None:
        """Build what is released, and put it where the platform takes it from. Changes nothing that runs."""
        ...

    def migrate(self, tag: str) -> None:
        """Bring the database's schema up to date. What runs goes on, and must run on the schema after."""
        ...

    def unlock(self) -> None:
        """Remove the lock that a killed release has left; refuse that of anybody else."""
        ...

    def apply(self, tag: str) -> None:
        """Deploy this code with the images of the tag."""
        ...

    def wait(self, tag: str) -> None:
        """Wait until everything runs the tag and nothing else."""
        ...

    def health(self) -> None:
        """Ask everything for its health, as a user does."""
        ...

    def record(self, release: Release) -> None:
        """Note the release as the last good one."""
        ...

    def announce(self, outcome: Outcome, tag: str) -> None:
        """Notify people how it ended."""
        ...

    def back(self, good: Release) -> None:
        """Deploy an earlier release again, by the code of its commit, and wait until it is healthy."""
        ...

    def running(self) -> Mapping[str, str]:
        """The tag that each service runs."""
        ...


class ReleaseError(ToolError):
    """Why a release failed, and what runs now."""


class InterruptedRelease(BaseException):
    """Somebody, or the machine, wants this process to end."""

    def __str__(self) -> str:
        return "it was interrupted"


class LateStep(BaseException):
    """A step has used up its time."""


@dataclass(frozen=True)
class Ended:
    """How a release ended."""

    outcome: Outcome
    sentence: str
    """What happened and what runs now."""


class _Failed(Exception):  # noqa: N818 -- carries the step and its reason from where it failed to where it is reported
    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step} failed: {why}")


class Steps:
    """The steps of a platform, each reported, each with a limit, each failure with the name of its step."""

    def __init__(self, platform: Platform, tell: Tell, minutes: Mapping[str, float] = MINUTES) -> None:
        self.platform = platform
        self.tell = tell
        self._minutes = minutes

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """Around a step. Raises _Failed for whatever ends it early: an error, an interruption, its limit."""
        try:
            self.tell(f"{name} ...")
            with _limited(self._minutes[name]):
                yield
        except _Failed:
            raise
        except LateStep:
            raise _Failed(name, f"it has not ended after {self._minutes[name]:g} minutes") from None
        except InterruptedRelease as error:
            raise _Failed(name, str(error)) from error
        except (Exception, SystemExit) as error:
            raise _Failed(name, one_line(error) or type(error).__name__) from error


def release(platform: Platform, new: Release, tell: Tell, minutes: Mapping[str, float] = MINUTES) -> Ended:
    """Release, and go back to the last good release if that fails once something may have changed.

    Before `apply` a failure just ends it. From `apply` on until the release is recorded, a failure or an interruption
    goes back, if there is anything to go back to. What is recorded stays, whatever comes after. Nothing is raised: the
    answer says how it ended, and people are notified, as far as that was possible.
    """
    steps = Steps(platform, tell, minutes)
    with _interruptible():
        ended = _release(steps, new)
        _announce(steps, ended.outcome, new.tag)
    return ended


def build(platform: Platform, tag: str, tell: Tell, minutes: Mapping[str, float] = MINUTES) -> None:
    """The first half: nothing that runs changes. Raises ReleaseError."""
    with _interruptible(), _as_release_error():
        _build(Steps(platform, tell, minutes), tag)


def deploy(platform: Platform, new: Release, tell: Tell, minutes: Mapping[str, float] = MINUTES) -> None:
    """The second half, up to the record. Raises ReleaseError, and leaves going back to who has the time for it."""
    steps = Steps(platform, tell, minutes)
    with _interruptible(), _as_release_error():
        _unlock(steps)
        _deploy(steps, new)


def go_back(platform: Platform, good: Release, tell: Tell, minutes: Mapping[str, float] = MINUTES) -> None:
    """Deploy an earlier release again, see that it runs, and note it as the last good one. Raises ReleaseError."""
    steps = Steps(platform, tell, minutes)
    with _interruptible(), _as_release_error():
        _back(steps, good)
        if good.commit and platform.previous() != good:
            with steps.step("record"):
                platform.record(good)


def _release(steps: Steps, new: Release) -> Ended:
    try:
        with steps.step("previous"):
            good = steps.platform.previous()
        _build(steps, new.tag)
        _unlock(steps)
    except (_Failed, InterruptedRelease) as failed:
        return Ended(Outcome.FAILURE, f"{failed}; nothing has changed.")
    try:
        _deploy(steps, new)
    except (_Failed, InterruptedRelease) as failed:
        if good == NONE:
            return Ended(Outcome.FAILURE, f"{failed}; there is no release before it to go back to.")
        steps.tell(f"{failed}; going back to {good.tag}.")
        try:
            _back(steps, good)
        except (_Failed, InterruptedRelease) as again:
            return Ended(
                Outcome.FAILURE, f"{failed}, and {again}; it is half done: docs/runbook.md, Roll back a release."
            )
        return Ended(Outcome.ROLLED_BACK, f"{failed}; it is back at {good.tag}.")
    return Ended(Outcome.SUCCESS, f"{new.tag} is released.")


def _build(steps: Steps, tag: str) -> None:
    with steps.step("build"):
        steps.platform.build(tag)
    with steps.step("migrate"):
        steps.platform.migrate(tag)


def _unlock(steps: Steps) -> None:
    with steps.step("unlock"):
        steps.platform.unlock()


def _deploy(steps: Steps, new: Release) -> None:
    platform = steps.platform
    with steps.step("apply"):
        platform.apply(new.tag)
    with steps.step("wait"):
        platform.wait(new.tag)
    with steps.step("health"):
        platform.health()
    _heed(_ignore)  # from here on nobody could say whether the release is recorded, and then it is
    try:
        with steps.step("record"):
            platform.record(new)
    except _Failed:
        if not _is_recorded(steps, new):
            _heed(_interrupt)
            raise


def _is_recorded(steps: Steps, new: Release) -> bool:
    """Whether the platform has the release all the same: its answer may have been lost."""
    try:
        with steps.step("previous"):
            return steps.platform.previous() == new
    except _Failed:
        return False


def _back(steps: Steps, good: Release) -> None:
    with steps.step("back"):
        steps.platform.back(good)
    with steps.step("running"):
        others = sorted(f"{name} runs {tag}" for name, tag in steps.platform.running().items() if tag != good.tag)
        if others:
            raise ToolError(f"{', '.join(others)}, not {good.tag}")


def _announce(steps: Steps, outcome: Outcome, tag: str) -> None:
    try:
        with steps.step("announce"):
            steps.platform.announce(outcome, tag)
    except _Failed as failed:
        steps.tell(f"Warning: {failed}.")


@contextmanager
def _as_release_error() -> Generator[None]:
    try:
        yield
    except (_Failed, InterruptedRelease) as failed:
        raise ReleaseError(f"{failed}.") from failed


def _in_main_thread() -> bool:
    """Whether signals can be dealt with here: Python has them in the main thread only."""
    return threading.current_thread() is threading.main_thread()


_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a process: by hand, by GitHub, by a terminal that is closed."""


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise InterruptedRelease


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Nothing: an interruption now has no effect."""


def _heed(handler: Callable[[int, FrameType | None], None]) -> None:
    """What the signals that end a process do from here on, but for those that are ignored, as SIGHUP under `nohup`.

    Python has signals in its main thread only.
    """
    if _in_main_thread():
        for each in _ENDING:
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, handler)


@contextmanager
def _interruptible() -> Generator[None]:
    """Signals that end a process interrupt the step, so that what they stop goes back."""
    before = {each: signal.getsignal(each) for each in _ENDING}
    _heed(_interrupt)
    try:
        yield
    finally:
        if _in_main_thread():
            for each, handler in before.items():
                signal.signal(each, handler)


@contextmanager
def _limited(minutes: float) -> Generator[None]:
    """Raise LateStep in the middle of what takes longer than that."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise LateStep

    if not _in_main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, minutes * 60)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
