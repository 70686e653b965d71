from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.command import ToolError
from tools.permissions.policies import POLICY_QUOTA, Statement, check_count, pack, size


def statement(sid: str, arns: int) -> Statement:
    return {
        "Sid": sid,
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::$prefix-{number}" for number in range(arns)],
    }


def test_a_statement_goes_into_the_first_policy_that_has_room() -> None:
    policies = pack("write", [statement("A", 70), statement("B", 70), statement("C", 10)])
    assert {name: [statement["Sid"] for statement in statements] for name, statements in policies.items()} == {
        "write-1": ["A", "C"],
        "write-2": ["B"],
    }


@given(st.lists(st.integers(min_value=1, max_value=100), max_size=40))
def test_every_statement_is_in_one_policy_that_fits(lengths: list[int]) -> None:
    given_statements = [statement(f"S{index}", arns) for index, arns in enumerate(lengths)]
    policies = pack("write", given_statements)
    packed = [statement for statements in policies.values() for statement in statements]
    assert sorted(packed, key=lambda each: int(each["Sid"][1:])) == given_statements
    assert all(size(statements) <= POLICY_QUOTA for statements in policies.values())


def test_names_count_as_long_as_they_may_be() -> None:
    one = {"Sid": "A", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::$prefix-x"]}
    assert size([one]) == len(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Sid":"A","Action":["s3:GetObject"],'
        f'"Resource":["arn:aws:s3:::{"p" * 27}-x"]}}]}}'
    )


def test_a_statement_longer_than_a_policy_is_refused() -> None:
    with pytest.raises(ToolError) as error:
        pack("write", [statement("Everything", 300)])
    assert str(error.value) == (
        f"stacks/iam.yaml: the statement Everything alone has {size([statement('Everything', 300)])} characters, and a "
        "managed policy takes 6144; give its actions fewer ARNs."
    )


def test_two_policies_of_the_quota_stay_free() -> None:
    plan = {f"read-{number}": "" for number in range(3)}
    check_count(plan, {f"write-{number}": "" for number in range(5)})
    with pytest.raises(ToolError) as error:
        check_count(plan, {f"write-{number}": "" for number in range(6)})
    assert str(error.value) == (
        "stacks/iam.yaml: the apply role would have 9 managed policies, and 8 is the most that leaves 2 of IAM's quota "
        "of 10; name resources by wildcard under `names`, or divide the role."
    )
