"""A release is the same whatever it goes to: its order, and its way back from a failure at any step."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from tools.command import ToolError
from tools.release import release
from tools.release.outcome import Outcome
from tools.release.release import MINUTES, NONE, Ended, Platform, Release, ReleaseError

GOOD = Release("good", "a" * 40)
NEW = Release("new", "b" * 40)
STEPS = [name for name in vars(Platform) if not name.startswith("_")]
"""Whatever the Protocol has: a step that is added to it is in these tests."""
FIRST_HALF = ["previous", "build", "migrate", "unlock"]
"""Until here nothing that runs has changed."""
SECOND_HALF = ["apply", "wait", "health", "record"]
WHOLE = [*FIRST_HALF, *SECOND_HALF, "announce"]


class Recorder:
    """A `Platform` that notes what it is asked for; one step may do something else."""

    def __init__(self, good: Release = GOOD, step: str = "", instead: Callable[[], object] | None = None) -> None:
        self.called: list[str] = []
        self.messages: list[tuple[Outcome, str]] = []
        self.good = good
        self.runs = good.tag
        self._step = step
        self._instead = instead

    def __getattribute__(self, name: str) -> Any:
        if name not in STEPS:
            return super().__getattribute__(name)

        def call(*arguments: Any) -> Any:
            self.called.append(name)
            if name == self._step and self._instead:
                self._instead()
            does: Callable[..., object] | None = getattr(self, f"do_{name}", None)
            return does(*arguments) if does else None

        return call

    def do_previous(self) -> Release:
        return self.good

    def do_apply(self, tag: str) -> None:
        self.runs = tag

    def do_record(self, new: Release) -> None:
        self.good = new

    def do_back(self, good: Release) -> None:
        self.runs = good.tag

    def do_running(self) -> Mapping[str, str]:
        return {"web": self.runs}

    def do_announce(self, outcome: Outcome, tag: str) -> None:
        self.messages.append((outcome, tag))


def released(platform: Any, minutes: Mapping[str, float] = MINUTES) -> Ended:
    return release.release(platform, NEW, list[str]().append, minutes)


def fails() -> None:
    raise ToolError("It can't be done; do something else.")


def signalled(number: int) -> Callable[[], None]:
    """The process is asked to end in the middle of a step, which goes on if it isn't interrupted."""

    def send() -> None:
        os.kill(os.getpid(), number)
        time.sleep(0.01)

    return send


def test_the_order_is_always_the_same() -> None:
    platform: Any = Recorder()
    assert released(platform) == Ended(Outcome.SUCCESS, "new is released.")
    assert platform.called == WHOLE
    assert (platform.good, platform.messages) == (NEW, [(Outcome.SUCCESS, "new")])


def test_each_step_of_a_platform_is_called_and_has_a_limit() -> None:
    assert set(STEPS) == {*WHOLE, "back", "running"} == MINUTES.keys()


@pytest.mark.parametrize("step", FIRST_HALF)
def test_a_failure_before_the_deploy_ends_it(step: str) -> None:
    platform: Any = Recorder(step=step, instead=fails)
    assert released(platform) == Ended(
        Outcome.FAILURE, f"{step} failed: It can't be done; do something else; nothing has changed."
    )
    assert platform.called == [*FIRST_HALF[: FIRST_HALF.index(step) + 1], "announce"]
    assert platform.messages == [(Outcome.FAILURE, "new")]


@pytest.mark.parametrize("step", SECOND_HALF)
def test_a_failure_from_the_deploy_on_goes_back(step: str) -> None:
    platform: Any = Recorder(step=step, instead=fails)
    assert released(platform) == Ended(
        Outcome.ROLLED_BACK, f"{step} failed: It can't be done; do something else; it is back at good."
    )
    assert platform.called[-3:] == ["back", "running", "announce"]
    assert (platform.runs, platform.good, platform.messages) == ("good", GOOD, [(Outcome.ROLLED_BACK, "new")])


def test_a_step_that_ends_the_process_goes_back_too() -> None:
    """As a library does that calls sys.exit."""
    platform: Any = Recorder(step="wait", instead=lambda: sys.exit("no more"))
    assert released(platform) == Ended(Outcome.ROLLED_BACK, "wait failed: no more; it is back at good.")


@pytest.mark.parametrize("step", STEPS)
def test_a_failure_at_any_step_leaves_what_ran_or_what_is_recorded(step: str) -> None:
    """Also a mistake in the code of a step: it mustn't leave a release that nobody has seen to be healthy."""

    def breaks() -> None:
        raise KeyError(step)

    platform: Any = Recorder(step=step, instead=breaks)
    assert released(platform).outcome in Outcome
    assert platform.runs == platform.good.tag


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
@pytest.mark.parametrize("step", ["apply", "wait", "health"])
def test_an_interruption_from_the_deploy_on_goes_back(step: str, number: int) -> None:
    platform: Any = Recorder(step=step, instead=signalled(number))
    before = signal.getsignal(number)
    ended = released(platform)
    assert ended == Ended(Outcome.ROLLED_BACK, f"{step} failed: it was interrupted; it is back at good.")
    assert (platform.runs, signal.getsignal(number)) == ("good", before)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As SIGHUP under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        ended = released(Recorder(step="wait", instead=signalled(signal.SIGHUP)))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert ended.outcome is Outcome.SUCCESS


@pytest.mark.parametrize("step", FIRST_HALF)
def test_an_interruption_before_the_deploy_ends_it(step: str) -> None:
    platform: Any = Recorder(step=step, instead=signalled(signal.SIGTERM))
    assert released(platform).sentence == f"{step} failed: it was interrupted; nothing has changed."
    assert "back" not in platform.called


@pytest.mark.parametrize("step", ["record", "announce"])
def test_what_is_recorded_is_never_rolled_back(step: str) -> None:
    platform: Any = Recorder(step=step, instead=signalled(signal.SIGTERM))
    assert released(platform).outcome is Outcome.SUCCESS
    assert (platform.called, platform.runs, platform.good) == (WHOLE, "new", NEW)


def test_a_record_whose_answer_was_lost_is_a_record() -> None:
    platform: Any = Recorder()

    def lost() -> None:
        platform.do_record(NEW)
        raise TimeoutError

    platform._step, platform._instead = "record", lost
    assert released(platform).outcome is Outcome.SUCCESS
    assert (platform.runs, platform.good) == ("new", NEW)


def test_an_announcement_that_fails_fails_no_release() -> None:
    assert released(Recorder(step="announce", instead=fails)).outcome is Outcome.SUCCESS


@pytest.mark.parametrize("step", SECOND_HALF)
def test_the_first_release_has_nothing_to_go_back_to(step: str) -> None:
    platform: Any = Recorder(NONE, step, fails)
    ended = released(platform)
    assert ended.outcome is Outcome.FAILURE
    assert ended.sentence.endswith("; there is no release before it to go back to.")
    assert "back" not in platform.called


def test_a_way_back_that_fails_is_told() -> None:
    platform: Any = Recorder(step="wait", instead=fails)

    def back(_: Release) -> None:
        raise ToolError("Somebody deploys by hand.")

    platform.do_back = back
    ended = released(platform)
    assert ended.outcome is Outcome.FAILURE
    assert ended.sentence == (
        "wait failed: It can't be done; do something else, and back failed: Somebody deploys by hand; "
        "it is half done: docs/runbook.md, Roll back a release."
    )


def test_going_back_proves_what_runs_then() -> None:
    platform: Any = Recorder(step="health", instead=fails)
    platform.do_back = list[Release]().append  # it says that it has, and hasn't
    ended = released(platform)
    assert ended.outcome is Outcome.FAILURE
    assert "running failed: web runs new, not good" in ended.sentence


def test_a_step_that_hangs_has_failed_and_goes_back() -> None:
    platform: Any = Recorder(step="wait", instead=lambda: time.sleep(30))
    ended = released(platform, {**MINUTES, "wait": 0.05 / 60})
    assert ended.outcome is Outcome.ROLLED_BACK
    assert ended.sentence.startswith("wait failed: it has not ended after ")


def test_what_a_step_catches_is_not_its_limit() -> None:
    """boto3 takes any Exception for a failed try, and tries again."""

    def tries_again() -> None:
        for _ in range(2):
            with suppress(Exception):
                time.sleep(10)

    began = time.monotonic()
    released(Recorder(step="wait", instead=tries_again), {**MINUTES, "wait": 0.05 / 60})
    assert time.monotonic() - began < 5


def test_the_halves_are_the_whole() -> None:
    platform: Any = Recorder()
    release.build(platform, NEW.tag, print)
    release.deploy(platform, NEW, print)
    assert ["previous", *platform.called, "announce"] == WHOLE


@pytest.mark.parametrize("step", SECOND_HALF)
def test_the_second_half_alone_leaves_going_back_to_others(step: str) -> None:
    platform: Any = Recorder(step=step, instead=fails)
    with pytest.raises(ReleaseError, match=rf"^{step} failed: It can't be done; do something else\.$"):
        release.deploy(platform, NEW, print)
    assert "back" not in platform.called


def test_going_back_by_hand_notes_another_release_as_the_last_good_one() -> None:
    platform: Any = Recorder()
    release.go_back(platform, GOOD, print)
    assert platform.called == ["back", "running", "previous"]
    older = Release("older", "c" * 40)
    release.go_back(platform, older, print)
    assert (platform.runs, platform.good) == ("older", older)


def test_going_back_by_hand_notes_nothing_that_it_has_not_seen() -> None:
    platform: Any = Recorder(step="running", instead=fails)
    with pytest.raises(ReleaseError, match=r"^running failed"):
        release.go_back(platform, Release("older", "c" * 40), print)
    assert platform.good == GOOD


def test_where_there_are_no_signals_a_release_is_made_all_the_same() -> None:
    """In another thread than the main one, as a dashboard's."""
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(released(Recorder())))
    thread.start()
    thread.join()
    assert [each.outcome for each in ended] == [Outcome.SUCCESS]
