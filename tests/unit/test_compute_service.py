"""Services behind the load balancer, and what they share with every task."""

from typing import Any

import pytest

from adelie.values.naming import InvalidNameError
from tests.fakes.collaborators import FakeNetwork
from tests.fakes.compute import ComputeStage, container
from tests.support import Synthesized, policy, synthesize

MAXIMAL: dict[str, Any] = {
    "cpu_units": 1024,
    "memory_mib": 2048,
    "cpu_architecture": "X86_64",
    "command": ("nginx", "-g", "daemon off;"),
    "environment": {"LOG_LEVEL": "info", "A": "1"},
    "user": "101:101",
    "writable_paths": ("/tmp", "/var/cache/nginx", "/var/run"),  # noqa: S108 -- in the container
    "ephemeral_storage_gib": 50,
    "stop_timeout_seconds": 120,
    "linux_capabilities": "default",
    "port": 80,
    "paths": ("/", "/*"),
    "listener_priority": 1000,
    "health": {
        "path": "/",
        "success_codes": "200-299",
        "interval_seconds": 30,
        "timeout_seconds": 10,
        "healthy_threshold": 3,
        "unhealthy_threshold": 5,
    },
    "min_capacity": 1,
    "max_capacity": 9,
    "autoscaling": {
        "target_cpu_percent": 50,
        "target_memory_percent": 70,
        "target_requests_per_minute": 1200,
        "scale_in_cooldown_seconds": 600,
        "scale_out_cooldown_seconds": 30,
        "scheduled": {
            "night": {"schedule": "cron(0 23 * * ? *)", "min_capacity": 0, "max_capacity": 0},
            "morning": {"schedule": "cron(0 7 * * ? *)", "min_capacity": 1, "max_capacity": 9},
        },
    },
    "health_check_grace_period_seconds": 120,
    "deregistration_delay_seconds": 5,
    "execute_command": True,
    "wait_for_steady_state": False,
}


def statements(result: Synthesized, containing: str) -> dict[str, dict[str, Any]]:
    return {found["Sid"]: found for found in policy(result.only("aws_iam_role_policy", containing)["policy"])}


@pytest.fixture(scope="module")
def minimal() -> Synthesized:
    return synthesize(lambda stack: ComputeStage(stack).service())


@pytest.fixture(scope="module")
def maximal() -> Synthesized:
    return synthesize(lambda stack: ComputeStage(stack).service("frontend", **MAXIMAL))


def test_the_container_is_read_only_and_without_privileges(minimal: Synthesized) -> None:
    only = container(minimal)
    assert only["readonlyRootFilesystem"] is True
    assert only["privileged"] is False
    assert only["linuxParameters"] == {"capabilities": {"add": [], "drop": ["ALL"]}, "initProcessEnabled": True}
    assert only["mountPoints"] == [{"containerPath": "/tmp", "readOnly": False, "sourceVolume": "tmp"}]  # noqa: S108
    assert only["essential"] is True
    assert only["stopTimeout"] == 30
    assert "user" not in only
    assert "command" not in only


def test_the_image_is_the_deploys_tag_of_the_services_own_repository(minimal: Synthesized) -> None:
    repository, tag = container(minimal)["image"].split(":")
    assert repository.startswith("${aws_ecr_repository.")
    assert tag == "${var.image_tag}"


def test_the_container_logs_without_being_held_up(minimal: Synthesized) -> None:
    log = container(minimal)["logConfiguration"]
    assert log["logDriver"] == "awslogs"
    assert log["options"]["mode"] == "non-blocking"
    assert log["options"]["max-buffer-size"] == "25m"
    assert log["options"]["awslogs-region"] == "ap-northeast-2"
    group = minimal.only("aws_cloudwatch_log_group", "service-backend-api")
    assert (group["name"], group["retention_in_days"]) == ("/ecs/adelie-test/backend-api", 30)
    assert group["kms_key_id"].startswith("${aws_kms_key.")


def test_the_task_is_small_arm_and_in_its_own_network(minimal: Synthesized) -> None:
    task = minimal.only("aws_ecs_task_definition")
    assert (task["cpu"], task["memory"], task["network_mode"]) == ("256", "512", "awsvpc")
    assert task["runtime_platform"] == {"cpu_architecture": "ARM64", "operating_system_family": "LINUX"}
    assert task["requires_compatibilities"] == ["FARGATE"]
    assert task["skip_destroy"] is True
    assert "ephemeral_storage" not in task


def test_the_two_roles_are_two(minimal: Synthesized) -> None:
    task = minimal.only("aws_ecs_task_definition")
    assert task["execution_role_arn"] != task["task_role_arn"]
    for role in minimal.resources("aws_iam_role").values():
        (trust,) = policy(role["assume_role_policy"])
        assert trust["Principal"] == {"Service": ["ecs-tasks.amazonaws.com"]}
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}


def test_the_execution_role_pulls_its_repository_and_writes_its_log(minimal: Synthesized) -> None:
    allowed = statements(minimal, "execution-start")
    assert set(allowed) == {"PullImage", "LogInToRegistry", "WriteLog"}
    assert allowed["PullImage"]["Resource"][0].startswith("${aws_ecr_repository.")
    assert allowed["WriteLog"]["Resource"][0].startswith("${aws_cloudwatch_log_group.service-backend-api")
    assert allowed["LogInToRegistry"] == {
        "Sid": "LogInToRegistry",
        "Effect": "Allow",
        "Action": ["ecr:GetAuthorizationToken"],
        "Resource": ["*"],
    }


def test_the_task_role_may_nothing_until_something_connects(minimal: Synthesized) -> None:
    assert not [body for body in minimal.resources("aws_iam_role_policy").values() if "task-role" in body["role"]]
    assert [role for role in minimal.resources("aws_iam_role") if "task-role" in role]


def test_it_is_reached_by_the_load_balancer_only(minimal: Synthesized) -> None:
    ingress = minimal.only("aws_vpc_security_group_ingress_rule", "service-backend-api")
    assert (ingress["from_port"], ingress["to_port"]) == (8000, 8000)
    assert ingress["referenced_security_group_id"].startswith("${aws_security_group.load-balancer")
    egress = {
        rule["from_port"]: rule
        for rule in minimal.resources("aws_vpc_security_group_egress_rule").values()
        if rule["security_group_id"].startswith("${aws_security_group.service-backend-api")
    }
    assert set(egress) == {443}


def test_the_load_balancer_sends_it_its_paths(minimal: Synthesized) -> None:
    rule = minimal.only("aws_lb_listener_rule")
    assert rule["priority"] == 10
    assert rule["condition"] == [{"path_pattern": {"values": ["/api/*"]}}]
    assert rule["action"][0]["type"] == "forward"
    group = minimal.only("aws_lb_target_group")
    assert (group["name"], group["port"], group["target_type"]) == ("test-backend-api-8000", 8000, "ip")
    assert group["health_check"] == {
        "enabled": True,
        "healthy_threshold": 2,
        "interval": 15,
        "matcher": "200",
        "path": "/api/v1/health",
        "protocol": "HTTP",
        "timeout": 5,
        "unhealthy_threshold": 3,
    }
    assert group["lifecycle"] == {"create_before_destroy": True}


def test_the_service_rolls_out_safely(minimal: Synthesized) -> None:
    service = minimal.only("aws_ecs_service")
    assert service["deployment_circuit_breaker"] == {"enable": True, "rollback": True}
    assert (service["deployment_minimum_healthy_percent"], service["deployment_maximum_percent"]) == (100, 200)
    assert service["wait_for_steady_state"] is True
    assert service["availability_zone_rebalancing"] == "ENABLED"
    assert service["desired_count"] == 2
    assert service["lifecycle"] == {"ignore_changes": ["desired_count"]}
    assert service["enable_execute_command"] is False
    assert (service["propagate_tags"], service["enable_ecs_managed_tags"]) == ("SERVICE", True)
    assert service["network_configuration"]["assign_public_ip"] is False
    assert service["network_configuration"]["subnets"] == list(FakeNetwork().private_subnet_ids)
    assert service["capacity_provider_strategy"] == [
        {"base": 1, "capacity_provider": "FARGATE", "weight": 1},
        {"base": 0, "capacity_provider": "FARGATE_SPOT", "weight": 3},
    ]


def test_it_scales_on_cpu_and_memory_unless_told_otherwise(minimal: Synthesized) -> None:
    target = minimal.only("aws_appautoscaling_target")
    assert (target["min_capacity"], target["max_capacity"]) == (2, 6)
    assert target["resource_id"].startswith("service/${")
    tracked = {
        found["predefined_metric_specification"]["predefined_metric_type"]: found["target_value"]
        for body in minimal.resources("aws_appautoscaling_policy").values()
        for found in [body["target_tracking_scaling_policy_configuration"]]
    }
    assert tracked == {"ECSServiceAverageCPUUtilization": 60, "ECSServiceAverageMemoryUtilization": 75}
    assert minimal.resources("aws_appautoscaling_scheduled_action") == {}


def test_every_setting_of_the_container_arrives(maximal: Synthesized) -> None:
    only = container(maximal)
    assert only["command"] == ["nginx", "-g", "daemon off;"]
    assert only["user"] == "101:101"
    assert only["environment"] == [{"name": "A", "value": "1"}, {"name": "LOG_LEVEL", "value": "info"}]
    assert only["linuxParameters"] == {"initProcessEnabled": True}
    assert only["stopTimeout"] == 120
    assert only["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert only["readonlyRootFilesystem"] is True
    task = maximal.only("aws_ecs_task_definition")
    assert (task["cpu"], task["memory"]) == ("1024", "2048")
    assert task["runtime_platform"]["cpu_architecture"] == "X86_64"
    assert task["ephemeral_storage"] == {"size_in_gib": 50}


def test_each_writable_path_is_a_volume(maximal: Synthesized) -> None:
    mounts = {mount["containerPath"]: mount["sourceVolume"] for mount in container(maximal)["mountPoints"]}
    assert mounts == {
        "/tmp": "tmp",  # noqa: S108 -- in the container
        "/var/cache/nginx": "var-cache-nginx",
        "/var/run": "var-run",
        "/managed-agents": "managed-agents",
        "/var/lib/amazon/ssm": "var-lib-amazon-ssm",
        "/var/log/amazon/ssm": "var-log-amazon-ssm",
    }
    volumes = [volume["name"] for volume in maximal.only("aws_ecs_task_definition")["volume"]]
    assert sorted(volumes) == sorted(mounts.values())


def test_every_setting_of_the_service_arrives(maximal: Synthesized) -> None:
    service = maximal.only("aws_ecs_service")
    assert service["enable_execute_command"] is True
    assert service["wait_for_steady_state"] is False
    assert service["health_check_grace_period_seconds"] == 120
    group = maximal.only("aws_lb_target_group")
    assert group["deregistration_delay"] == "5"
    assert group["health_check"] == {
        "enabled": True,
        "healthy_threshold": 3,
        "interval": 30,
        "matcher": "200-299",
        "path": "/",
        "protocol": "HTTP",
        "timeout": 10,
        "unhealthy_threshold": 5,
    }
    assert maximal.only("aws_lb_listener_rule")["condition"] == [{"path_pattern": {"values": ["/", "/*"]}}]


def test_exec_is_granted_to_the_task_exactly(maximal: Synthesized) -> None:
    allowed = statements(maximal, "task-exec")
    assert set(allowed) == {"OpenExecChannels", "FindExecLog", "RecordExecSession", "DecryptExecSession"}
    everywhere = {sid for sid, found in allowed.items() if found["Resource"] == ["*"]}
    assert everywhere == {"OpenExecChannels", "FindExecLog"}
    assert allowed["RecordExecSession"]["Resource"][0].startswith("${aws_cloudwatch_log_group.cluster")


def test_it_scales_on_requests_and_by_the_clock(maximal: Synthesized) -> None:
    requests = maximal.only("aws_appautoscaling_policy", "requests")["target_tracking_scaling_policy_configuration"]
    assert requests["target_value"] == 1200
    assert requests["predefined_metric_specification"]["predefined_metric_type"] == "ALBRequestCountPerTarget"
    balancer, group = requests["predefined_metric_specification"]["resource_label"].split("/")
    assert (balancer[:9], group[:22]) == ("${aws_lb.", "${aws_lb_target_group.")
    assert (requests["scale_in_cooldown"], requests["scale_out_cooldown"]) == (600, 30)
    night = maximal.only("aws_appautoscaling_scheduled_action", "night")
    assert (night["schedule"], night["timezone"]) == ("cron(0 23 * * ? *)", "Asia/Seoul")
    assert night["scalable_target_action"] == {"max_capacity": "0", "min_capacity": "0"}


def test_without_autoscaling_terraform_owns_the_count() -> None:
    result = synthesize(lambda stack: ComputeStage(stack).service(autoscaling=None, max_capacity=2))
    assert result.resources("aws_appautoscaling_target") == {}
    assert "lifecycle" not in result.only("aws_ecs_service")


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidNameError, match=r"an aws_lb_target_group may have 32; shorten it by"):
        synthesize(lambda stack: ComputeStage(stack).service("a-service-of-a-long-name"))
