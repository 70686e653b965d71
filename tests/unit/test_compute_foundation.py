"""Repository, cluster and load balancer."""

import json

import pytest

from adelie.compute.load_balancer import TLS_POLICY
from adelie.compute.repository import Repository
from adelie.compute.settings import RepositorySettings
from adelie.seam.terraform import TerraformStack
from tests.fakes.collaborators import FakeNetwork
from tests.fakes.compute import CLUSTER, ComputeStage
from tests.support import NAMES, Synthesized, policy, synthesize

CERTIFICATE = "arn:aws:acm:ap-northeast-2:111111111111:certificate/1"


@pytest.fixture(scope="module")
def plain() -> Synthesized:
    return synthesize(lambda stack: ComputeStage(stack).repository("frontend"))


@pytest.fixture(scope="module")
def tls() -> Synthesized:
    return synthesize(
        lambda stack: ComputeStage(
            stack,
            certificate_arn=CERTIFICATE,
            cluster={**CLUSTER, "fargate_spot_weight": 0},
            load_balancer={
                "deletion_protection": False,
                "cloudfront_prefix_list_id": "pl-22a6434b",
                "connection_logs": True,
                "access_logs": False,
                "idle_timeout_seconds": 120,
                "desync_mitigation_mode": "strictest",
            },
        )
    )


def test_a_repository_is_immutable_scanned_and_encrypted(plain: Synthesized) -> None:
    repository = plain.only("aws_ecr_repository")
    assert repository["name"] == "adelie-test-frontend"
    assert repository["image_tag_mutability"] == "IMMUTABLE"
    assert repository["image_scanning_configuration"] == {"scan_on_push": True}
    (encryption,) = repository["encryption_configuration"]
    assert encryption["encryption_type"] == "KMS"
    assert encryption["kms_key"].startswith("${aws_kms_key.")
    assert repository["force_delete"] is False


def test_no_lifecycle_rule_can_hit_a_tagged_image(plain: Synthesized) -> None:
    rules = json.loads(plain.only("aws_ecr_lifecycle_policy")["policy"])["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged"]
    assert rules[0]["selection"]["countNumber"] == 14


def test_force_delete_and_expiry_are_the_environments_choice() -> None:
    def build(stack: TerraformStack) -> None:
        stage = ComputeStage(stack)
        Repository(
            stack,
            "repository",
            settings=RepositorySettings(force_delete=True, untagged_expiry_days=1),
            names=NAMES,
            key=stage.key,
            name="frontend",
        )

    result = synthesize(build)
    assert result.only("aws_ecr_repository")["force_delete"] is True
    assert json.loads(result.only("aws_ecr_lifecycle_policy")["policy"])["rules"][0]["selection"]["countNumber"] == 1


def test_the_cluster_mixes_fargate_and_spot(plain: Synthesized) -> None:
    capacity = plain.only("aws_ecs_cluster_capacity_providers")
    assert capacity["default_capacity_provider_strategy"] == [
        {"base": 1, "capacity_provider": "FARGATE", "weight": 1},
        {"base": 0, "capacity_provider": "FARGATE_SPOT", "weight": 3},
    ]


def test_a_weight_of_zero_leaves_spot_out(tls: Synthesized) -> None:
    capacity = tls.only("aws_ecs_cluster_capacity_providers")
    assert [share["capacity_provider"] for share in capacity["default_capacity_provider_strategy"]] == ["FARGATE"]
    assert capacity["capacity_providers"] == ["FARGATE", "FARGATE_SPOT"]


def test_exec_sessions_are_encrypted_and_recorded(plain: Synthesized) -> None:
    cluster = plain.only("aws_ecs_cluster", "cluster")
    assert cluster["setting"] == [{"name": "containerInsights", "value": "enabled"}]
    exec_configuration = cluster["configuration"]["execute_command_configuration"]
    assert exec_configuration["logging"] == "OVERRIDE"
    assert exec_configuration["kms_key_id"].startswith("${aws_kms_key.")
    assert exec_configuration["log_configuration"]["cloud_watch_encryption_enabled"] is True
    log = plain.only("aws_cloudwatch_log_group", "exec-log")
    assert log["name"] == "/ecs/adelie-test/exec"
    assert log["kms_key_id"].startswith("${aws_kms_key.")


def test_the_load_balancer_is_private_strict_and_logged(plain: Synthesized) -> None:
    balancer = plain.only("aws_lb")
    assert balancer["internal"] is True
    assert balancer["subnets"] == list(FakeNetwork().private_subnet_ids)
    assert balancer["drop_invalid_header_fields"] is True
    assert balancer["desync_mitigation_mode"] == "defensive"
    assert balancer["enable_deletion_protection"] is True
    assert balancer["access_logs"] == {
        "bucket": "adelie-test-logs-111111111111",
        "enabled": True,
        "prefix": "load-balancer",
    }
    assert "connection_logs" not in balancer


def test_without_a_certificate_it_speaks_http_and_answers_404(plain: Synthesized) -> None:
    listener = plain.only("aws_lb_listener")
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")
    (action,) = listener["default_action"]
    assert (action["type"], action["fixed_response"]["status_code"]) == ("fixed-response", "404")


def test_only_cloudfront_reaches_it(plain: Synthesized) -> None:
    rule = plain.only("aws_vpc_security_group_ingress_rule", "load-balancer")
    assert (rule["from_port"], rule["to_port"]) == (80, 80)
    assert rule["prefix_list_id"].startswith("${data.aws_ec2_managed_prefix_list.")
    (lookup,) = plain.document["data"]["aws_ec2_managed_prefix_list"].values()
    assert lookup["name"] == "com.amazonaws.global.cloudfront.origin-facing"


def test_with_a_certificate_it_speaks_tls_and_redirects(tls: Synthesized) -> None:
    https = tls.only("aws_lb_listener", "https")
    assert (https["port"], https["protocol"]) == (443, "HTTPS")
    assert https["certificate_arn"] == CERTIFICATE
    assert https["ssl_policy"] == TLS_POLICY == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert https["default_action"][0]["type"] == "fixed-response"
    (http,) = [listener for listener in tls.resources("aws_lb_listener").values() if listener["port"] == 80]
    assert http["default_action"][0] == {
        "type": "redirect",
        "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"},
    }


def test_with_a_certificate_only_443_is_open(tls: Synthesized) -> None:
    rules = tls.resources("aws_vpc_security_group_ingress_rule")
    assert [(rule["from_port"], rule["prefix_list_id"]) for rule in rules.values()] == [(443, "pl-22a6434b")]


def test_a_stated_prefix_list_needs_no_lookup(tls: Synthesized) -> None:
    assert "data" not in tls.document


def test_the_load_balancers_settings_arrive(tls: Synthesized) -> None:
    balancer = tls.only("aws_lb")
    assert balancer["enable_deletion_protection"] is False
    assert balancer["idle_timeout"] == 120
    assert balancer["desync_mitigation_mode"] == "strictest"
    assert balancer["access_logs"]["enabled"] is False
    assert balancer["connection_logs"]["prefix"] == "load-balancer-connections"


def test_the_port_and_protocol_are_told() -> None:
    seen: list[tuple[int, str]] = []

    def build(stack: TerraformStack) -> None:
        stage = ComputeStage(stack, certificate_arn=CERTIFICATE)
        seen.append((stage.load_balancer.port, stage.load_balancer.protocol))

    synthesize(build)
    assert seen == [(443, "HTTPS")]


def test_two_services_of_one_priority_are_refused() -> None:
    def build(stack: TerraformStack) -> None:
        stage = ComputeStage(stack)
        stage.service("frontend")
        stage.service("backend-api")

    with pytest.raises(ValueError, match="must be its own") as refusal:
        synthesize(build)
    assert str(refusal.value) == (
        "listener_priority of backend-api must be its own, but 10 is that of frontend; choose another"
    )


def test_no_policy_of_the_foundation_allows_everything(plain: Synthesized) -> None:
    for statement in policy(plain.only("aws_kms_key")["policy"]):
        assert statement["Principal"] != "*"
