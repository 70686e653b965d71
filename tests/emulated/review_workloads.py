"""What holds data, what runs and who is notified, as a security reviewer asks: with boto3, of what really exists.

Each check returns what it finds wrong, one sentence each. What an emulator can't answer is left out; the check says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest

from adelie.compute.job_settings import ScheduledJobSettings
from adelie.compute.schedules import cron_expression
from stacks.environment import Environment
from tests.emulated.deployment import IMAGE_TAG, Deployment
from tests.emulated.review_network import services
from tests.users import users
from tools.emulated.kinds import Kind

CACHING_DISABLED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's managed cache policy (CloudFront developer guide, "Use managed cache policies")."""
REQUIRED_TAGS: Final = {"Project", "Environment", "ManagedBy"}


def buckets(deployment: Deployment) -> list[str]:
    """No bucket is public, each is encrypted, and what people put there keeps its versions."""
    s3, findings = deployment.client("s3"), list[str]()
    for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        findings += [f"{bucket}: {switch} is off" for switch, on in block.items() if not on]
        for statement in json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]:
            if statement["Effect"] == "Allow" and statement["Principal"] in ("*", {"AWS": "*"}):
                findings.append(f"{bucket}: its policy allows everybody {statement['Action']}")
        rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        algorithm = rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        if algorithm not in ({"aws:kms"} if "-objects-" in bucket else {"aws:kms", "AES256"}):
            findings.append(f"{bucket}: encrypted by {algorithm}")
        if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
            findings.append(f"{bucket}: no versions")
    return findings


def encryption(deployment: Deployment) -> list[str]:
    """Databases, caches, logs, queues, topics, images and secrets are encrypted with the environment's key."""
    keys = deployment.client("kms").list_aliases()["Aliases"]
    alias = f"alias/{deployment.environment.project}-{deployment.environment.name}"
    key = next(each["TargetKeyId"] for each in keys if each["AliasName"] == alias)
    secrets = deployment.client("secretsmanager")
    used = {
        "database": [each.get("KmsKeyId") for each in deployment.client("rds").describe_db_instances()["DBInstances"]],
        "topics": [
            deployment.client("sns")
            .get_topic_attributes(TopicArn=deployment.outputs["alarm_topic_arn"])["Attributes"]
            .get("KmsMasterKeyId")
        ],
        "repositories": [
            each["encryptionConfiguration"].get("kmsKey")
            for each in deployment.client("ecr").describe_repositories()["repositories"]
        ],
        "secrets": [
            secrets.describe_secret(SecretId=each["ARN"]).get("KmsKeyId")
            for each in secrets.list_secrets()["SecretList"]
        ],
        "log groups": [each.get("kmsKeyId") for each in deployment.client("logs").describe_log_groups()["logGroups"]],
        "queues": [
            deployment.client("sqs")
            .get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            .get("KmsMasterKeyId")
            for url in deployment.client("sqs").list_queues()["QueueUrls"]
        ],
    }
    findings = [f"{what}: none found" for what, found in used.items() if not found]
    findings += [f"{what}: {each}" for what, found in used.items() for each in found if key not in str(each)]
    cache = deployment.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    findings += [
        f"cache: {switch} is off"
        for switch in ("AtRestEncryptionEnabled", "TransitEncryptionEnabled")
        if not cache[switch]
    ]
    return findings


def running_services(deployment: Deployment) -> list[str]:
    """Each service runs the build that was asked for, behind the load balancer only; a bad one is rolled back."""
    ecs, findings = deployment.client("ecs"), list[str]()
    found = services(deployment)
    if len(found) != len(deployment.environment.services):
        findings.append(f"{len(found)} services")
    for service in found:
        name = service["serviceName"]
        task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        images = {container["image"].rpartition(":")[2] for container in task["containerDefinitions"]}
        placed = service["networkConfiguration"]["awsvpcConfiguration"]
        if images != {IMAGE_TAG}:
            findings.append(f"{name} runs {images}")
        if placed.get("assignPublicIp", "DISABLED") != "DISABLED":
            findings.append(f"{name} has public addresses")
        if len(service["loadBalancers"]) != 1:
            findings.append(f"{name} has {len(service['loadBalancers'])} target groups")
        if deployment.emulator.kind is Kind.MINISTACK:  # moto doesn't show a deployment configuration
            breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker")
            if breaker != {"enable": True, "rollback": True}:
                findings.append(f"{name} has the circuit breaker {breaker}")
    return findings


def autoscaling(deployment: Deployment) -> list[str]:
    """Each service scales between its bounds, on CPU and memory at least."""
    if deployment.lacks("aws_appautoscaling_target"):
        pytest.skip(f"{deployment.emulator.kind.label} has no Application Auto Scaling")
    scaling, findings = deployment.client("application-autoscaling"), list[str]()
    targets = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    bounds = {
        target["ResourceId"].rpartition("/")[2]: (target["MinCapacity"], target["MaxCapacity"]) for target in targets
    }
    for name, settings in deployment.environment.services.items():
        full = f"{deployment.environment.project}-{deployment.environment.name}-{name}"
        if bounds.get(full) != (settings.min_capacity, settings.max_capacity):
            findings.append(f"{name} scales within {bounds.get(full)}")
        metrics = {
            policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]["PredefinedMetricType"]
            for policy in policies
            if policy["ResourceId"].endswith(f"/{full}")
        }
        if not metrics >= {"ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"}:
            findings.append(f"{name} scales on {metrics}")
    return findings


def schedule(deployment: Deployment) -> list[str]:
    """Each job starts at the hour of its own zone, is tried again, and what fails for good waits in a queue."""
    jobs = deployment.environment.jobs
    listed = deployment.client("scheduler").list_schedules()["Schedules"]
    names = {deployment.environment.names.name("aws_scheduler_schedule", name): name for name in jobs}
    findings = [f"{each['Name']} is no job's" for each in listed if each["Name"] not in names]
    findings += [f"{name} has no schedule" for name in names.keys() - {each["Name"] for each in listed}]
    return findings + [
        f"{each['Name']}: {finding}"
        for each in (one for one in listed if one["Name"] in names)
        for finding in _start(deployment, each, jobs[names[each["Name"]]])
    ]


def _start(deployment: Deployment, listed: Mapping[str, Any], settings: ScheduledJobSettings) -> list[str]:
    findings = list[str]()
    found = deployment.client("scheduler").get_schedule(GroupName=listed["GroupName"], Name=listed["Name"])
    target = found["Target"]
    machines = {
        each["stateMachineArn"] for each in deployment.client("stepfunctions").list_state_machines()["stateMachines"]
    }
    queues = deployment.client("sqs").list_queues()["QueueUrls"]
    queue = target["DeadLetterConfig"]["Arn"].rpartition(":")[2]
    if (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) != (
        cron_expression(settings.schedule),
        settings.time_zone,
    ):
        findings.append(f"it starts at {found['ScheduleExpression']} {found['ScheduleExpressionTimezone']}")
    if target["Arn"] not in machines:
        findings.append(f"it starts {target['Arn']}")
    if not any(url.endswith(f"/{queue}") for url in queues):
        findings.append(f"its failures go to {queue}")
    if target["RetryPolicy"]["MaximumRetryAttempts"] < 1:
        findings.append("it is not tried again")
    if found["State"] != "ENABLED":
        findings.append(f"it is {found['State']}")
    return findings


def secret_readers(deployment: Deployment) -> list[str]:
    """Each secret is read by the roles meant to, through exact ARNs, and by no other."""
    findings = list[str]()
    secrets = {
        secret["ARN"]: secret["Name"] for secret in deployment.client("secretsmanager").list_secrets()["SecretList"]
    }
    readers: dict[str, set[str]] = {}
    for role, statement in _statements(deployment):
        for resource in _listed(statement["Resource"]):
            if not any(fnmatchcase("secretsmanager:GetSecretValue", action) for action in _listed(statement["Action"])):
                continue
            if resource not in secrets:
                findings.append(f"{role} reads {resource}, which is no secret's ARN")
                continue
            name = secrets[resource]
            readers.setdefault("rds" if name.startswith("rds!") else name.rpartition("/")[2], set()).add(role)
    meant = _readers(deployment.environment)
    return findings + [
        f"{name} is read by {sorted(readers.get(name, ()))}"
        for name in meant.keys() | readers.keys()
        if readers.get(name, set()) != meant.get(name)
    ]


def _readers(environment: Environment) -> dict[str, set[str]]:
    """Which roles are meant to read which secret. `rds` is the owner's, which RDS makes."""

    def execution(*uses: str) -> set[str]:
        return {f"{name}-execution" for name in users(environment, *uses)}

    return {
        "database-application": execution("database") | {"database-role"},
        "rds": execution("database-owner") | {"database-role"},
        **{
            name: execution(name) | ({"discord"} if name == environment.notifier.webhook else set[str]())
            for name in environment.secrets
        },
    }


def _statements(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each role, by its name without project and environment, with each statement that allows it something."""
    iam = deployment.client("iam")
    prefix = f"{deployment.environment.project}-{deployment.environment.name}-"
    for role in (each["RoleName"] for each in iam.list_roles()["Roles"] if each["RoleName"].startswith(prefix)):
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document: Any = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            for statement in document["Statement"]:
                if statement["Effect"] == "Allow":
                    yield role.removeprefix(prefix), statement


def _listed(value: Any) -> list[str]:
    """A policy's actions or resources, which may be one text."""
    return [value] if isinstance(value, str) else value


def front_door(deployment: Deployment) -> list[str]:
    """CloudFront speaks HTTPS, sends /api/* to the load balancer uncached, and signs its requests to the bucket."""
    cloudfront, findings = deployment.client("cloudfront"), list[str]()
    config = cloudfront.get_distribution(Id=deployment.outputs["cdn_distribution_id"])["Distribution"][
        "DistributionConfig"
    ]
    behaviors = [config["DefaultCacheBehavior"], *config["CacheBehaviors"].get("Items", [])]
    findings += [
        f"{each.get('PathPattern', 'default')} takes {each['ViewerProtocolPolicy']}"
        for each in behaviors
        if each["ViewerProtocolPolicy"] not in ("redirect-to-https", "https-only")
    ]
    api = next((each for each in behaviors if each.get("PathPattern") == "/api/*"), None)
    if api is None or "POST" not in api["AllowedMethods"]["Items"]:
        findings.append("/api/* takes no POST")
    elif api.get("CachePolicyId") != CACHING_DISABLED:
        findings.append(f"/api/* is cached by {api.get('CachePolicyId')}")
    version = config["ViewerCertificate"].get("MinimumProtocolVersion")
    if deployment.environment.domain and not str(version).startswith("TLSv1.2"):
        findings.append(f"viewers may speak {version}")
    if deployment.emulator.kind is Kind.MINISTACK:  # moto shows no access control, VPC origin or headers policy
        origins = config["Origins"]["Items"]
        if not any(each.get("OriginAccessControlId") for each in origins):
            findings.append("no origin is read with signed requests")
        if not any(each.get("VpcOriginConfig", {}).get("VpcOriginId") for each in origins):
            findings.append("no origin is private")
        for each in behaviors:
            policy = cloudfront.get_response_headers_policy(Id=each["ResponseHeadersPolicyId"])["ResponseHeadersPolicy"]
            headers = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
            remembered = headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"]
            if remembered != deployment.environment.cdn.hsts.max_age_seconds:
                findings.append(f"{each.get('PathPattern', 'default')} has viewers remember HTTPS for {remembered} s")
            findings += [
                f"{each.get('PathPattern', 'default')} sends no {header}"
                for header in ("ContentSecurityPolicy", "ContentTypeOptions", "FrameOptions", "ReferrerPolicy")
                if header not in headers
            ]
    if deployment.environment.cdn.web_acl and not config.get("WebACLId"):
        findings.append("it has no web ACL")
    return findings


PROMISED = {
    "CPUUtilization",
    "DatabaseConnections",
    "DatabaseMemoryUsagePercentage",
    "EngineCPUUtilization",
    "Evictions",
    "ExecutionsFailed",
    "ExecutionsTimedOut",
    "FreeStorageSpace",
    "FreeableMemory",
    "MemoryUtilization",
    "ApproximateNumberOfMessagesVisible",
    "TargetResponseTime",
    "UnHealthyHostCount",
}
EDGE_REGION = "us-east-1"


def _metrics(alarm: Mapping[str, Any]) -> set[str]:
    """The metric of an alarm, or those of its expression."""
    queries = (each["MetricStat"]["Metric"]["MetricName"] for each in alarm.get("Metrics", ()) if "MetricStat" in each)
    return {*queries, *({alarm["MetricName"]} if alarm.get("MetricName") else ())}


def alarms(deployment: Deployment) -> list[str]:
    """What can go wrong notifies the topic of its region, which calls a function."""
    findings = list[str]()
    for region, promised in ((deployment.environment.region, PROMISED), (EDGE_REGION, {"5xxErrorRate"})):
        topic = deployment.outputs["alarm_topic_arn"].replace(deployment.environment.region, region)
        found = deployment.client("cloudwatch", region).describe_alarms()["MetricAlarms"]
        telling = [each for each in found if topic in each["AlarmActions"] and each["ActionsEnabled"]]
        watched = {metric for each in telling for metric in _metrics(each)}
        if deployment.emulator.kind is Kind.MINISTACK and any(not _metrics(each) for each in telling):
            watched |= promised & {"5xxErrorRate"}  # of an expression, which MiniStack doesn't give back
        findings += [f"nobody is notified of {metric}" for metric in sorted(promised - watched)]
        sns = deployment.client("sns", region)
        if "cloudwatch.amazonaws.com" not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]:
            findings.append(f"CloudWatch may not publish to {topic}")
        listening = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        functions = {each["FunctionArn"] for each in deployment.client("lambda").list_functions()["Functions"]}
        endpoints = {each["Endpoint"] for each in listening}
        if not endpoints or not endpoints <= functions:
            findings.append(f"no function listens to {topic}")
        for function in endpoints & functions:
            policy = deployment.client("lambda").get_policy(FunctionName=function)["Policy"]
            if topic not in policy or "sns.amazonaws.com" not in policy:
                findings.append(f"{topic} may not start the function")
    return findings


def tags(deployment: Deployment) -> list[str]:
    """What costs money says whose it is."""
    rds, ec2, s3 = deployment.client("rds"), deployment.client("ec2"), deployment.client("s3")
    database = rds.describe_db_instances()["DBInstances"][0]
    found = {
        database["DBInstanceIdentifier"]: rds.list_tags_for_resource(ResourceName=database["DBInstanceArn"])["TagList"]
    }
    for gateway in ec2.describe_nat_gateways()["NatGateways"]:
        found[gateway["NatGatewayId"]] = gateway.get("Tags", [])
    for bucket in s3.list_buckets()["Buckets"]:
        found[bucket["Name"]] = s3.get_bucket_tagging(Bucket=bucket["Name"])["TagSet"]
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        if group["GroupName"].startswith(f"{deployment.environment.project}-"):
            found[group["GroupName"]] = group.get("Tags", [])
    return [
        f"{name} lacks {sorted(REQUIRED_TAGS - {tag['Key'] for tag in each})}"
        for name, each in found.items()
        if not {tag["Key"] for tag in each} >= REQUIRED_TAGS
    ]
