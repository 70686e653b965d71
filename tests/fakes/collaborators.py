"""One fake for each protocol of `adelie.shared.collaborators`, and what its tests ask of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adelie.seam import aws
from adelie.seam.terraform import TerraformOutput, TerraformStack
from adelie.shared.security_group import SecurityGroup
from adelie.values.metric import Metric
from adelie.values.policy import Statement, policy_document
from tests.support import NAMES, Synthesized, policy


@dataclass(frozen=True)
class FakeNetwork:
    """A network whose ids are plain strings that name the tier."""

    vpc_id: str = "vpc-fake"
    private_subnet_ids: Sequence[str] = ("subnet-private-a", "subnet-private-c")
    isolated_subnet_ids: Sequence[str] = ("subnet-isolated-a", "subnet-isolated-c")


@dataclass(frozen=True)
class FakeLogs:
    """The bucket for access logs."""

    name: str = "adelie-test-logs-111111111111"
    arn: str = "arn:aws:s3:::adelie-test-logs-111111111111"


@dataclass
class FakeBucket:
    """The assets bucket: `readers` are the distributions that it lets read."""

    regional_domain_name: str = "adelie-test-assets.s3.ap-northeast-2.amazonaws.com"
    readers: list[str] = field(default_factory=list[str])

    def allow_cloudfront(self, distribution_arn: str) -> None:
        self.readers.append(distribution_arn)


@dataclass(frozen=True)
class FakeLoadBalancer:
    """The load balancer as the CDN sees it."""

    port: int
    arn: str = "arn:aws:elasticloadbalancing:ap-northeast-2:111111111111:loadbalancer/app/adelie-test/1"
    dns_name: str = "internal-adelie-test.ap-northeast-2.elb.amazonaws.com"
    zone_id: str = "ZWKZPGTI48KDX"


class FakeWorkload:
    """A workload that turns what it is given into resources and outputs, for tests to read in the JSON."""

    def __init__(self, stack: TerraformStack, peer_id: str) -> None:
        self._stack = stack
        self.peer_id = peer_id
        self.security_group = SecurityGroup(
            stack, f"{peer_id}-group", names=NAMES, name=peer_id, description="A peer", vpc_id=FakeNetwork().vpc_id
        )

    def add_environment(self, variables: Mapping[str, str]) -> None:
        self._put("environment", variables)

    def add_secrets(self, secrets: Mapping[str, str]) -> None:
        self._put("secret", secrets)

    def grant_task(self, grant_id: str, *statements: Statement) -> None:
        self._grant("task", grant_id, statements)

    def grant_execution(self, grant_id: str, *statements: Statement) -> None:
        self._grant("execution", grant_id, statements)

    def _put(self, kind: str, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            TerraformOutput(self._stack, f"{self.peer_id}/{kind}/{name}".replace("/", "--"), value=value)

    def _grant(self, role: str, grant_id: str, statements: tuple[Statement, ...]) -> None:
        aws.IamRolePolicy(
            self._stack, f"{self.peer_id}--{role}--{grant_id}", role=role, policy=policy_document(*statements)
        )


def given(synthesized: Synthesized, peer_id: str, kind: str) -> dict[str, str]:
    """The variables of a kind ("environment", "secret") that a fake workload was given."""
    prefix = f"{peer_id}--{kind}--"
    outputs: Mapping[str, Any] = synthesized.document.get("output", {})
    return {name.removeprefix(prefix): body["value"] for name, body in outputs.items() if name.startswith(prefix)}


def granted(synthesized: Synthesized, peer_id: str, role: str) -> dict[str, list[dict[str, Any]]]:
    """The statements that a role ("task", "execution") of a fake workload was given, by grant."""
    prefix = f"{peer_id}--{role}--"
    return {
        name.removeprefix(prefix): policy(body["policy"])
        for name, body in synthesized.resources("aws_iam_role_policy").items()
        if name.startswith(prefix)
    }


@dataclass
class FakeCertificate:
    """An `IssuedCertificate` that nothing measures."""

    arn: str

    def metric(self, name: str, statistic: str) -> Metric:
        raise AssertionError(f"nothing measures it here: {name} {statistic}")
