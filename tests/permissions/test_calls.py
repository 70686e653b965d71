"""IAM allows what the platform does, and not what comes near it: every call of the table, with the stacks' policies."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from stacks import loader
from stacks.bootstrap import accounts
from stacks.environment import Environment
from tests.permissions import calls_jobs
from tests.permissions.account import OPEN, Account
from tests.permissions.call import Call
from tests.permissions.calls import PARTS
from tests.permissions.evaluation import Verdict, evaluate
from tests.support import Synthesized

pytestmark = pytest.mark.xdist_group("permissions")
BOOTSTRAPS: Final = {
    environment.name: account.stack_name
    for account in accounts(loader.load_all())
    for environment in account.environments
}
"""The environments that live in an AWS account, each with the stack that prepares it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One action of a call, or of a near miss of it."""

    account: Account
    part: str
    call: Call
    action: str
    different: str
    """What is different in a near miss; "" for the call itself."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What IAM says to a question."""

    question: Question
    verdict: Verdict

    def __str__(self) -> str:
        call, near = self.question.call, self.question.different
        words = f"{call.what} ({near})" if near else call.what
        return f"{words}: {self.question.action} on {call.on} by {call.who}: {self.verdict.reason} [{call.source}]"


def questions(account: Account, part: str, calls: Iterable[Call]) -> Iterator[Question]:
    for call in calls:
        for different, asked in (("", call), *call.missed()):
            for action in asked.actions:
                yield Question(account=account, part=part, call=asked, action=action, different=different)


def answers(asked: Sequence[Question]) -> list[Answer]:
    verdicts = evaluate([each.account.request(each.call, each.action) for each in asked])
    return [Answer(question=each, verdict=verdict) for each, verdict in zip(asked, verdicts, strict=True)]


@pytest.fixture(scope="module")
def real(environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized]) -> Mapping[str, Account]:
    """The account of each environment that has one."""
    return {
        name: Account(environments[name], platforms[name], platforms[bootstrap])
        for name, bootstrap in BOOTSTRAPS.items()
    }


@pytest.fixture(scope="module")
def table(real: Mapping[str, Account]) -> list[Answer]:
    """Every call of every environment, answered; in one run of the simulator."""
    return answers(
        [
            question
            for account in real.values()
            for part, calls in PARTS.items()
            for question in questions(account, part, calls(account))
        ]
    )


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_every_call_is_allowed(name: str, part: str, table: list[Answer]) -> None:
    mine = [each for each in table if (each.question.account.environment.name, each.question.part) == (name, part)]
    refused = [str(each) for each in mine if not each.question.different and not each.verdict.allowed]
    assert not refused, "\n".join(refused)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_every_near_miss_is_denied(name: str, part: str, table: list[Answer]) -> None:
    mine = [each for each in table if (each.question.account.environment.name, each.question.part) == (name, part)]
    allowed = [str(each) for each in mine if each.question.different and each.verdict.allowed]
    assert not allowed, "\n".join(allowed)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_table_has_calls(part: str, table: list[Answer]) -> None:
    assert [each for each in table if each.question.part == part]


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_every_grant_is_needed_by_a_call(name: str, table: list[Answer], real: Mapping[str, Account]) -> None:
    """Of the platform's roles and resources: what no call of the table needs is too much, or the table lacks a call."""
    account = real[name]
    decided = set[tuple[str, str, str]]()
    for each in table:
        if each.question.account is account:
            # An Allow is needed by a call, a Deny by what it stops.
            by = each.verdict.denied_by if each.question.different else each.verdict.allowed_by
            decided |= {(account.named(policy, each.question.call), sid, each.question.action) for policy, sid in by}
    statements = {(policy, sid) for policy, sid, _ in decided}
    unneeded = [
        f"{policy}: {sid}: {action}; take it away, or add the call to tests/permissions/calls*.py"
        for policy, sid, action in account.grants()
        if ((policy, sid) not in statements if "*" in action else (policy, sid, action) not in decided)
    ]
    assert not unneeded, "\n".join(unneeded)


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_the_apply_role_reads_no_data_whatever_a_policy_on_it_says(name: str, real: Mapping[str, Account]) -> None:
    """It writes those policies: that it isn't allowed to read would be no protection, so it must be denied."""
    account = real[name]
    buckets = [arn for arn, _ in account.each("aws_s3_bucket") if arn not in account.served()]
    data = [("s3:GetObject", f"{bucket}/any") for bucket in buckets]
    data += [("secretsmanager:GetSecretValue", secret) for secret in account.secrets()]
    requests = [
        replace(account.request(_read(account, action, on), action), resource_policy=OPEN) for action, on in data
    ]
    read = [on for (_, on), verdict in zip(data, evaluate(requests), strict=True) if verdict.allowed]
    assert data
    assert read == []


def _read(account: Account, action: str, on: str) -> Call:
    return Call(
        what="the apply role reads",
        who=account.pipeline_role("apply"),
        does=action,
        on=on,
        source="",
        near_misses={"": {}},
    )


def test_a_call_without_a_near_miss_is_no_call() -> None:
    with pytest.raises(ValueError, match="needs a near miss"):
        Call(what="anything", who="x", does="s3:GetObject", on="*", source="nowhere", near_misses={})


def changed(account: Account, change: Any) -> Account:
    """The account with another platform: `change` gets the resources of the stack by type."""
    document: dict[str, Any] = copy.deepcopy(dict(account.platform.document))
    change(document["resource"])
    return Account(account.environment, Synthesized(document), account.bootstrap)


def encrypt_schedules(condition: Mapping[str, Any]) -> Any:
    """A change: the customer key on every schedule, and its role may decrypt on `condition`."""

    def change(resources: dict[str, dict[str, dict[str, Any]]]) -> None:
        key = f"${{aws_kms_key.{next(iter(resources['aws_kms_key']))}.arn}}"
        for schedule in resources["aws_scheduler_schedule"].values():
            schedule["kms_key_arn"] = key
            (policy,) = (
                each for each in resources["aws_iam_role_policy"].values() if each["role"] in _same_role(schedule)
            )
            document = json.loads(policy["policy"])
            decrypt = {"Sid": "ReadSchedule", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key]}
            document["Statement"].append({**decrypt, "Condition": condition})
            policy["policy"] = json.dumps(document)

    return change


def _same_role(schedule: Mapping[str, Any]) -> str:
    return str(schedule["target"]["role_arn"]).replace(".arn}", ".name}")


@pytest.mark.parametrize(
    ("condition", "refused"),
    [
        ({"StringEquals": {"kms:ViaService": "scheduler.ap-northeast-2.amazonaws.com"}}, ["kms:Decrypt"]),
        ({"ArnLike": {"kms:EncryptionContext:aws:scheduler:schedule:arn": "arn:aws:scheduler:*:*:schedule/*"}}, []),
    ],
    ids=["as if Scheduler called for the role", "by what AWS documents"],
)
def test_a_schedule_with_the_customer_key_needs_the_right_condition(
    condition: Mapping[str, Any], refused: list[str], real: Mapping[str, Account]
) -> None:
    """With the first, which this platform once had, no scheduled run ever started, and no emulator reported it."""
    for account in real.values():
        encrypted = changed(account, encrypt_schedules(condition))
        every = answers(list(questions(encrypted, "schedules", calls_jobs.schedules(encrypted))))
        calls = [each for each in every if not each.question.different]
        assert [each.question.action for each in calls if not each.verdict.allowed] == refused
