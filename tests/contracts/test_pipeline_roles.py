"""What AWS's documentation asks of who deploys, and the quotas that the pipeline's roles must leave room in.

Each row of `NEEDED` is what a page of AWS (or the provider's own code) says; emulators evaluate none of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from adelie.seam import terraform
from stacks.bootstrap import Bootstrap, accounts
from stacks.environment import Environment
from tests.environments import REAL
from tests.support import Synthesized, policy
from tools.permissions.account import SPECIFICATION, services_with_a_role
from tools.permissions.policies import LONGEST, POLICY_QUOTA, ROLE_QUOTA, SPARE

NEEDED = {
    # ElastiCache user guide, "Logging destinations"
    "logs of ElastiCache": ("apply", {
        "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
    }),
    # terraform-provider-aws 39229 (in CustomizeDiff, so in plan) and 39472
    "plan of a changed state machine": ("plan", {"states:ValidateStateMachineDefinition"}),
    # AmazonRDSFullAccess, AWS's own policy for who creates databases
    "zones and quotas for RDS": ("apply", {"ec2:DescribeAvailabilityZones", "ec2:DescribeAccountAttributes"}),
}  # fmt: skip


def attached(stack: Synthesized, role: str) -> list[str]:
    """The names of the managed policies on a role, by the last part of their address."""
    return [
        body["policy_arn"].split(".")[1]
        for body in stack.resources("aws_iam_role_policy_attachment").values()
        if stack.resources("aws_iam_role")[body["role"].split(".")[1]]["name"].endswith(f"-{role}")
    ]


def allowed(stack: Synthesized, role: str) -> Iterator[dict[str, Any]]:
    """Every statement that allows something to a role by managed policy."""
    policies = stack.resources("aws_iam_policy")
    for name in attached(stack, role):
        yield from (each for each in policy(policies[name]["policy"]) if each["Effect"] == "Allow")


@pytest.fixture(params=REAL)
def stack(
    request: pytest.FixtureRequest, environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized]
) -> Synthesized:
    """The bootstrap stack of each real environment's account, with that environment's roles and policies alone."""
    name: str = request.param
    (account,) = [each for each in accounts(list(environments.values())) if environments[name] in each.environments]
    whole = platforms[account.stack_name]
    kept = {
        kind: {key: body for key, body in whole.resources(kind).items() if key.startswith(f"{name}_")}
        for kind in ("aws_iam_policy", "aws_iam_role", "aws_iam_role_policy_attachment")
    }
    return Synthesized({"resource": kept})


@pytest.mark.parametrize(("role", "actions"), NEEDED.values(), ids=NEEDED)
def test_a_role_may_do_what_aws_asks_for(stack: Synthesized, role: str, actions: set[str]) -> None:
    assert actions - {action for each in allowed(stack, role) for action in each["Action"]} == set()


def test_no_role_of_the_pipeline_makes_service_linked_roles(stack: Synthesized) -> None:
    for each in allowed(stack, "apply"):
        assert "iam:CreateServiceLinkedRole" not in each["Action"]
        assert not [resource for resource in each["Resource"] if "aws-service-role" in resource]


def test_service_linked_roles_are_for_services_that_the_stacks_use() -> None:
    used = {service for service, *_ in yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))["types"].values()}
    assert [each for each in services_with_a_role() if not used & set(each.split("."))] == []


def test_a_role_leaves_two_of_the_policies_that_iam_allows(stack: Synthesized) -> None:
    assert len(attached(stack, "plan")) < len(attached(stack, "apply")) <= ROLE_QUOTA - SPARE


def test_a_managed_policy_fits_with_the_longest_names(environments: Mapping[str, Environment]) -> None:
    real = environments[REAL[0]]
    domain = real.domain and real.domain.model_copy(update={"hosted_zone_id": LONGEST["hosted_zone_id"]})
    longest = real.model_copy(
        update={"name": LONGEST["environment"], "project": LONGEST["project"], "region": LONGEST["region"]}
        | {"account_id": LONGEST["account"], "domain": domain}
    )
    built = Bootstrap(terraform.App(), accounts([longest])[0])
    policies: dict[str, Any] = json.loads(terraform.Testing.synth(built))["resource"]["aws_iam_policy"]
    sizes = {
        name: len(json.dumps(json.loads(body["policy"]), separators=(",", ":"))) for name, body in policies.items()
    }
    assert len(sizes) > 5
    assert {name: size for name, size in sizes.items() if size > POLICY_QUOTA} == {}


@pytest.mark.parametrize("key", ["name", "project"])
def test_no_name_is_longer_than_the_longest(key: str) -> None:
    limits = [getattr(each, "max_length", None) for each in Environment.model_fields[key].metadata]
    assert max(filter(None, limits)) == len(LONGEST["environment" if key == "name" else key])
