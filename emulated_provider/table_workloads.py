"""The table's entries for what runs and what watches it: ECR, ECS, ELB, autoscaling, schedules, queues, logs, alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulated_provider.entry import Entry, call, if_set
from emulated_provider.shapes import LOCAL
from emulated_provider.values import Json


def _attributes(**arguments: str) -> list[dict[str, Json]]:
    """ELB's way to set what isn't a parameter of its own: a list of keys and values, where the argument is set."""
    return [{"Key": key.replace("__", "."), "Value": f"${argument}"} for key, argument in arguments.items()]


def _flat_attributes(found: str, **arguments: str) -> str:
    """The JMESPath that turns the answered list into members named as the arguments."""
    picked = ", ".join(
        f"{argument}: {found}[?Key=='{key.replace('__', '.')}'].Value|[0]" for key, argument in arguments.items()
    )
    return f"{{{picked}}}"


_LB_ATTRIBUTES: Final = {
    "idle_timeout__timeout_seconds": "idle_timeout",
    "routing__http__drop_invalid_header_fields__enabled": "drop_invalid_header_fields",
    "routing__http__desync_mitigation_mode": "desync_mitigation_mode",
    "routing__http__xff_header_processing__mode": "xff_header_processing_mode",
    "deletion_protection__enabled": "enable_deletion_protection",
    "access_logs__s3__enabled": "access_logs__enabled",
    "access_logs__s3__bucket": "access_logs__bucket",
    "access_logs__s3__prefix": "access_logs__prefix",
}
_LB_ANSWERED: Final = {key: name for key, name in _LB_ATTRIBUTES.items() if not name.startswith("access_logs")}
_TARGET_GROUP_ATTRIBUTES: Final = {
    "deregistration_delay__timeout_seconds": "deregistration_delay",
    "load_balancing__algorithm__type": "load_balancing_algorithm_type",
}


def _suffix(values: Mapping[str, Json]) -> Mapping[str, Json]:
    """What CloudWatch calls a load balancer or a target group: the end of its ARN."""
    return {"suffix": str(values.get("id")).rpartition(":")[2].removeprefix("loadbalancer/")}


_SCALABLE: Final = {
    "ServiceNamespace": "$service_namespace",
    "ResourceId": "$resource_id",
    "ScalableDimension": "$scalable_dimension",
}

WORKLOADS: Final[Mapping[str, Entry]] = {
    "aws_ecr_repository": Entry(
        service="ecr",
        create=call("create_repository"),
        id="repository.repositoryName",
        read=(call("describe_repositories", repositoryNames=["$id"]), "repositories[0]"),
        delete=(call("delete_repository", repositoryName="$id", force="$force_delete"),),
        names={
            "name": "repositoryName",
            "arn": "repositoryArn",
            "repository_url": "repositoryUri",
            "force_delete": LOCAL,
        },
    ),
    "aws_ecr_lifecycle_policy": Entry(
        service="ecr",
        create=call("put_lifecycle_policy"),
        id="$repository",
        read=(call("get_lifecycle_policy", repositoryName="$id"), "@"),
        delete=(call("delete_lifecycle_policy", repositoryName="$id"),),
        names={"repository": "repositoryName", "policy": "lifecyclePolicyText"},
    ),
    "aws_ecs_cluster": Entry(
        service="ecs",
        create=call("create_cluster"),
        id="cluster.clusterArn",
        read=(
            call("describe_clusters", clusters=["$id"], include=["SETTINGS", "CONFIGURATIONS"]),
            "clusters[?status!='INACTIVE']|[0]",
        ),
        delete=(call("delete_cluster", cluster="$id"),),
        names={
            "name": "clusterName",
            "arn": "clusterArn",
            "configuration.execute_command_configuration.log_configuration.cloud_watch_log_group_name": "cloudWatchLogGroupName",
        },
    ),
    "aws_ecs_cluster_capacity_providers": Entry(
        service="ecs",
        create=call("put_cluster_capacity_providers"),
        id="$cluster_name",
        read=(call("describe_clusters", clusters=["$id"]), "clusters[?status!='INACTIVE']|[0]"),
        names={"cluster_name": "cluster"},
        answers={"cluster_name": "clusterName"},
    ),
    "aws_ecs_task_definition": Entry(
        service="ecs",
        create=call("register_task_definition"),
        id="taskDefinition.family",
        read=(call("describe_task_definition", taskDefinition="$family"), "[taskDefinition][?status=='ACTIVE']|[0]"),
        delete=(call("deregister_task_definition", taskDefinition="$arn"),),
        names={"arn": "taskDefinitionArn", "skip_destroy": LOCAL, "track_latest": LOCAL},
        normalized=("container_definitions",),
    ),
    "aws_ecs_service": Entry(
        service="ecs",
        create=call(
            "create_service",
            deploymentConfiguration={
                "deploymentCircuitBreaker": "$deployment_circuit_breaker",
                "maximumPercent": "$deployment_maximum_percent",
                "minimumHealthyPercent": "$deployment_minimum_healthy_percent",
            },
            networkConfiguration={"awsvpcConfiguration": "$network_configuration"},
        ),
        id="service.serviceArn",
        read=(
            call("describe_services", cluster="$cluster", services=["$name"]),
            "services[?status=='ACTIVE'].merge(@, deploymentConfiguration || `{}`, networkConfiguration || `{}`)|[0]",
        ),
        delete=(call("delete_service", cluster="$cluster", service="$name", force=True),),
        names={
            "name": "serviceName",
            "wait_for_steady_state": LOCAL,
            "force_new_deployment": LOCAL,
            "enable_ecs_managed_tags": "enableECSManagedTags",
            "network_configuration.assign_public_ip": "assignPublicIp",
        },
        answers={
            "cluster": "clusterArn",
            "deployment_maximum_percent": "maximumPercent",
            "deployment_minimum_healthy_percent": "minimumHealthyPercent",
            "network_configuration": "awsvpcConfiguration",
        },
    ),
    "aws_lb": Entry(
        service="elbv2",
        create=call("create_load_balancer", Scheme="$scheme"),
        derive=lambda values: {
            "scheme": "internal" if values.get("internal") else "internet-facing",
            **_suffix(values),
        },
        computed={"arn_suffix": "$suffix"},
        id="LoadBalancers[0].LoadBalancerArn",
        then=(
            call("modify_load_balancer_attributes", LoadBalancerArn="$id", Attributes=_attributes(**_LB_ATTRIBUTES)),
        ),
        read=(
            call("describe_load_balancers", LoadBalancerArns=["$id"]),
            "LoadBalancers[0].merge(@, {Internal: Scheme=='internal', Subnets: AvailabilityZones[].SubnetId})",
        ),
        more=(
            (
                call("describe_load_balancer_attributes", LoadBalancerArn="$id"),
                _flat_attributes("Attributes", **_LB_ANSWERED),
            ),
        ),
        delete=(call("delete_load_balancer", LoadBalancerArn="$id"),),
        names={
            "arn": "LoadBalancerArn",
            "load_balancer_type": "Type",
            "zone_id": "CanonicalHostedZoneId",
            "dns_name": "DNSName",
            "internal": LOCAL,
        },
        answers={
            "internal": "Internal",
            **{name: name for name in _LB_ANSWERED.values()},
            "name": "LoadBalancerName",
        },
    ),
    "aws_lb_target_group": Entry(
        service="elbv2",
        create=call("create_target_group"),
        derive=_suffix,
        computed={"arn_suffix": "$suffix"},
        id="TargetGroups[0].TargetGroupArn",
        then=(
            call(
                "modify_target_group_attributes",
                TargetGroupArn="$id",
                Attributes=_attributes(**_TARGET_GROUP_ATTRIBUTES),
            ),
        ),
        read=(call("describe_target_groups", TargetGroupArns=["$id"]), "TargetGroups[0]"),
        more=(
            (
                call("describe_target_group_attributes", TargetGroupArn="$id"),
                _flat_attributes("Attributes", **_TARGET_GROUP_ATTRIBUTES),
            ),
        ),
        delete=(call("delete_target_group", TargetGroupArn="$id"),),
        names={
            "arn": "TargetGroupArn",
            "health_check": ".",
            "health_check.enabled": "HealthCheckEnabled",
            "health_check.healthy_threshold": "HealthyThresholdCount",
            "health_check.interval": "HealthCheckIntervalSeconds",
            "health_check.matcher": "Matcher.HttpCode",
            "health_check.path": "HealthCheckPath",
            "health_check.protocol": "HealthCheckProtocol",
            "health_check.timeout": "HealthCheckTimeoutSeconds",
            "health_check.unhealthy_threshold": "UnhealthyThresholdCount",
        },
        answers={"name": "TargetGroupName", **{name: name for name in _TARGET_GROUP_ATTRIBUTES.values()}},
    ),
    "aws_lb_listener": Entry(
        service="elbv2",
        create=call("create_listener", Certificates=[{"CertificateArn": "$certificate_arn"}]),
        id="Listeners[0].ListenerArn",
        read=(call("describe_listeners", ListenerArns=["$id"]), "Listeners[0]"),
        delete=(call("delete_listener", ListenerArn="$id"),),
        names={
            "arn": "ListenerArn",
            "default_action.fixed_response": "FixedResponseConfig",
            "default_action.redirect": "RedirectConfig",
        },
        answers={"certificate_arn": "Certificates[0].CertificateArn"},
    ),
    "aws_lb_listener_rule": Entry(
        service="elbv2",
        create=call(
            "create_rule",
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": "$condition__path_pattern__values"}}],
        ),
        id="Rules[0].RuleArn",
        read=(call("describe_rules", RuleArns=["$id"]), "Rules[0]"),
        delete=(call("delete_rule", RuleArn="$id"),),
        names={"arn": "RuleArn", "condition.path_pattern": "PathPatternConfig"},
        answers={"listener_arn": LOCAL},
    ),
    "aws_appautoscaling_target": Entry(
        service="application-autoscaling",
        create=call("register_scalable_target"),
        id="$resource_id",
        read=(
            call(
                "describe_scalable_targets",
                ServiceNamespace="$service_namespace",
                ResourceIds=["$resource_id"],
                ScalableDimension="$scalable_dimension",
            ),
            "ScalableTargets[0]",
        ),
        delete=(call("deregister_scalable_target", **_SCALABLE),),
        names={"arn": "ScalableTargetARN"},
    ),
    "aws_appautoscaling_policy": Entry(
        service="application-autoscaling",
        create=call("put_scaling_policy"),
        id="$resource_id/$name",
        read=(
            call("describe_scaling_policies", PolicyNames=["$name"], **_SCALABLE),
            "ScalingPolicies[?PolicyName=='$name']|[0]",
        ),
        delete=(call("delete_scaling_policy", PolicyName="$name", **_SCALABLE),),
        names={"name": "PolicyName", "arn": "PolicyARN"},
    ),
    "aws_appautoscaling_scheduled_action": Entry(
        service="application-autoscaling",
        create=call("put_scheduled_action"),
        id="$resource_id/$name",
        read=(
            call("describe_scheduled_actions", ScheduledActionNames=["$name"], **_SCALABLE),
            "ScheduledActions[?ScheduledActionName=='$name']|[0]",
        ),
        delete=(call("delete_scheduled_action", ScheduledActionName="$name", **_SCALABLE),),
        names={"name": "ScheduledActionName", "arn": "ScheduledActionARN"},
    ),
    "aws_sfn_state_machine": Entry(
        service="stepfunctions",
        create=call("create_state_machine"),
        id="stateMachineArn",
        read=(call("describe_state_machine", stateMachineArn="$id"), "[@][?status!='DELETING']|[0]"),
        delete=(call("delete_state_machine", stateMachineArn="$id"),),
        names={
            "arn": "stateMachineArn",
            "logging_configuration.log_destination": "destinations",
        },
        answers={"logging_configuration": "loggingConfiguration"},
    ),
    "aws_scheduler_schedule_group": Entry(
        service="scheduler",
        create=call("create_schedule_group"),
        id="$name",
        read=(call("get_schedule_group", Name="$id"), "[@][?State!='DELETING']|[0]"),
        delete=(call("delete_schedule_group", Name="$id"),),
    ),
    "aws_scheduler_schedule": Entry(
        service="scheduler",
        create=call("create_schedule"),
        id="$group_name/$name",
        read=(call("get_schedule", GroupName="$group_name", Name="$name"), "@"),
        delete=(call("delete_schedule", GroupName="$group_name", Name="$name"),),
    ),
    "aws_sqs_queue": Entry(
        service="sqs",
        create=call(
            "create_queue",
            QueueName="$name",
            Attributes={
                "KmsMasterKeyId": "$kms_master_key_id",
                "MessageRetentionPeriod": "$message_retention_seconds",
            },
        ),
        id="QueueUrl",
        read=(call("get_queue_attributes", QueueUrl="$id", AttributeNames=["All"]), "Attributes"),
        delete=(call("delete_queue", QueueUrl="$id"),),
        names={"arn": "QueueArn"},
        answers={"message_retention_seconds": "MessageRetentionPeriod", "name": LOCAL},
        computed={"url": "$id"},
    ),
    "aws_sqs_queue_policy": Entry(
        service="sqs",
        create=call("set_queue_attributes", Attributes={"Policy": "$policy"}),
        id="$queue_url",
        read=(call("get_queue_attributes", QueueUrl="$id", AttributeNames=["Policy"]), "Attributes"),
        answers={"queue_url": LOCAL},
    ),
    "aws_sns_topic": Entry(
        service="sns",
        create=call("create_topic", Attributes={"KmsMasterKeyId": "$kms_master_key_id"}),
        id="TopicArn",
        read=(call("get_topic_attributes", TopicArn="$id"), "Attributes"),
        delete=(call("delete_topic", TopicArn="$id"),),
        names={"arn": "TopicArn"},
        answers={"name": LOCAL},
    ),
    "aws_sns_topic_policy": Entry(
        service="sns",
        create=call("set_topic_attributes", TopicArn="$arn", AttributeName="Policy", AttributeValue="$policy"),
        id="$arn",
        read=(call("get_topic_attributes", TopicArn="$id"), "Attributes"),
        names={"arn": "TopicArn"},
    ),
    "aws_cloudwatch_log_group": Entry(
        service="logs",
        create=call("create_log_group"),
        id="$name",
        then=(if_set("put_retention_policy", logGroupName="$id", retentionInDays="$retention_in_days"),),
        read=(call("describe_log_groups", logGroupNamePrefix="$id"), "logGroups[?logGroupName=='$id']|[0]"),
        delete=(call("delete_log_group", logGroupName="$id"),),
        names={"name": "logGroupName", "skip_destroy": LOCAL},
        computed={"arn": "arn:aws:logs:$region:$account:log-group:$id"},
    ),
    "aws_cloudwatch_log_delivery_source": Entry(
        service="logs",
        create=call("put_delivery_source"),
        id="$name",
        read=(call("get_delivery_source", name="$name"), "deliverySource"),
        delete=(call("delete_delivery_source", name="$name"),),
        answers={"resource_arn": "resourceArns[0]"},
    ),
    "aws_cloudwatch_log_delivery_destination": Entry(
        service="logs",
        create=call("put_delivery_destination"),
        id="$name",
        read=(call("get_delivery_destination", name="$name"), "deliveryDestination"),
        delete=(call("delete_delivery_destination", name="$name"),),
    ),
    "aws_cloudwatch_log_delivery": Entry(
        service="logs",
        create=call("create_delivery"),
        id="delivery.id",
        read=(call("get_delivery", id="$id"), "delivery"),
        delete=(call("delete_delivery", id="$id"),),
    ),
    "aws_cloudwatch_metric_alarm": Entry(
        service="cloudwatch",
        create=call("put_metric_alarm"),
        id="$alarm_name",
        read=(call("describe_alarms", AlarmNames=["$id"]), "MetricAlarms[0]"),
        delete=(call("delete_alarms", AlarmNames=["$id"]),),
        names={"arn": "AlarmArn"},
    ),
}
