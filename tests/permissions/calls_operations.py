"""What watches the platform, and the way in: functions, alarms, logs, monitoring, the bastion."""

from __future__ import annotations

from collections.abc import Iterator

from tests.permissions.account import Account
from tests.permissions.call import OTHER_ACCOUNT, SOMEBODY, Call, Instead, another, elsewhere
from tests.permissions.calls_common import send_to, taken
from tests.permissions.calls_tasks import reads_secret


def functions(account: Account) -> Iterator[Call]:
    """Lambda, with the function's role; and the topics that call the function."""
    for arn, function in account.each("aws_lambda_function"):
        name, role = function["function_name"], function["role"]
        yield taken(account, role, by="lambda.amazonaws.com", source="Lambda developer guide, Execution role")
        stream = f"log-stream:2026/01/01/{name}[1]0123456789abcdef"
        group = account.arn("logs", f"log-group:{function['logging_config']['log_group']}")
        yield Call(
            what=f"{name} writes its log",
            who=role,
            does=["logs:CreateLogStream", "logs:PutLogEvents"],
            on=f"{group}:{stream}",
            source="Lambda developer guide, AWS managed policies: AWSLambdaBasicExecutionRole",
            near_misses={
                "another group": {"on": f"{group}-another:{stream}"},
                "it reads it": {"does": "logs:GetLogEvents"},
            },
        )
        for secret in account.secrets():
            if secret in function["environment"]["variables"].values():
                yield from reads_secret(
                    account,
                    role,
                    secret,
                    what=f"{name} reads {secret}",
                    source="Secrets Manager user guide, Use Secrets Manager secrets in Lambda functions",
                    in_vpc="vpc_config" in function,
                )
        if "vpc_config" in function:
            yield from _in_the_vpc(account, name, role, arn)
        if "dead_letter_config" in function:
            yield from send_to(
                account,
                function["dead_letter_config"]["target_arn"],
                what=f"{name} reports an event that it failed on",
                who=role,
                source="Lambda developer guide, Capturing records of asynchronous invocations: a dead-letter queue",
            )
        if function["tracing_config"]["mode"] == "Active":
            yield Call(
                what=f"{name} sends its traces",
                who=role,
                does=["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                on="*",
                source="Lambda developer guide, Visualize invocations using AWS X-Ray: execution role permissions",
                near_misses={"it reads traces": {"does": "xray:GetTraceSummaries"}},
            )
        for body in account.platform.resources("aws_sns_topic_subscription").values():
            if account.arns.resolved(body["endpoint"]) == arn:
                topic = account.arns.resolved(body["topic_arn"])
                yield Call(
                    what=f"{topic} calls {name}",
                    who="sns.amazonaws.com",
                    does="lambda:InvokeFunction",
                    on=arn,
                    context={"aws:SourceArn": topic},
                    source="SNS developer guide, Fanout to Lambda functions: prerequisites",
                    near_misses={
                        "another topic": {"context": {"aws:SourceArn": another(topic)}},
                        "another account's": {"context": {"aws:SourceArn": elsewhere(topic)}},
                        "another service": {"who": "s3.amazonaws.com"},
                    },
                )


def _in_the_vpc(account: Account, name: str, role: str, function: str) -> Iterator[Call]:
    """Lambda gives the function its place in the network, with the function's role; its own code can't."""
    source = "Lambda developer guide, Giving Lambda functions access to resources in an Amazon VPC: IAM permissions"
    own_code: Instead = {"context": {"lambda:SourceFunctionArn": function}}
    yield Call(
        what=f"Lambda looks for the place of {name} in the network",
        who=role,
        does=["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
        on="*",
        source=source,
        near_misses={"the function's own code does": own_code},
    )
    interface, subnet = account.arn("ec2", "network-interface/eni-0"), account.arn("ec2", "subnet/subnet-0")
    for on, does in (
        (subnet, ["ec2:CreateNetworkInterface"]),
        (
            interface,
            [
                f"ec2:{verb}"
                for verb in (
                    "CreateNetworkInterface",
                    "DeleteNetworkInterface",
                    "AssignPrivateIpAddresses",
                    "UnassignPrivateIpAddresses",
                )
            ],
        ),
    ):
        yield Call(
            what=f"Lambda places {name} in the network",
            who=role,
            does=does,
            on=on,
            source=source,
            near_misses={"the function's own code does": own_code, "another account's": {"on": elsewhere(on)}},
        )


def topics(account: Account) -> Iterator[Call]:
    """What publishes to a topic, with the key that it is encrypted with."""
    for topic, body in account.each("aws_sns_topic"):
        region, key = topic.split(":")[3], body["kms_master_key_id"]
        for publisher, source_arn, source in (
            (
                "cloudwatch.amazonaws.com",
                account.arn("cloudwatch", "alarm:any", region=region),
                "SNS developer guide, Managing encryption keys: event sources from AWS services and encrypted topics",
            ),
            (
                "budgets.amazonaws.com",
                account.arn("budgets", "budget/any", region=""),
                "AWS Cost Management user guide, Creating an Amazon SNS topic for budget notifications",
            ),
        ):
            context = {"aws:SourceAccount": account.id, "aws:SourceArn": source_arn}
            others: Instead = {"context": {"aws:SourceAccount": OTHER_ACCOUNT, "aws:SourceArn": elsewhere(source_arn)}}
            yield Call(
                what=f"{publisher} publishes to {topic}",
                who=publisher,
                does="sns:Publish",
                on=topic,
                context=context,
                source=source,
                near_misses={
                    "for another account": others,
                    "for nobody that it names": {"context": {"aws:SourceAccount": ""}},
                    "another service": {"who": "s3.amazonaws.com"},
                },
            )
            yield Call(
                what=f"{publisher} encrypts what it publishes to {topic}",
                who=publisher,
                does=["kms:GenerateDataKey", "kms:Decrypt"],
                on=key,
                context={**context, "kms:EncryptionContext:aws:sns:topicArn": topic},
                source=source,
                near_misses={"for another account": others, "another service": {"who": "s3.amazonaws.com"}},
            )


def encrypted_logs(account: Account) -> Iterator[Call]:
    """CloudWatch Logs, with the key of the log groups of its region."""
    for key, _ in account.each("aws_kms_key"):
        region = key.split(":")[3]
        group = account.arn("logs", "log-group:any", region=region)
        name = "kms:EncryptionContext:aws:logs:arn"
        yield Call(
            what=f"CloudWatch Logs encrypts the groups of {region}",
            who=f"logs.{region}.amazonaws.com",
            does=["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"],
            on=key,
            context={name: group},
            source="CloudWatch Logs user guide, Encrypt log data using AWS KMS",
            near_misses={
                "of another account": {"context": {name: elsewhere(group)}},
                "something that is no log": {"context": {name: ""}},
                "another region's service": {"who": "logs.eu-west-1.amazonaws.com"},
            },
        )


def monitoring(account: Account) -> Iterator[Call]:
    """Flow logs of the network, and what the database says of its operating system."""
    for body in account.platform.resources("aws_flow_log").values():
        role, group = account.arns.resolved(body["iam_role_arn"]), account.arns.resolved(body["log_destination"])
        source = "VPC user guide, IAM role for publishing flow logs to CloudWatch Logs"
        yield taken(
            account,
            role,
            by="vpc-flow-logs.amazonaws.com",
            source_arn=account.arn("ec2", "vpc-flow-log/fl-0123456789abcdef0"),
            source=source,
        )
        stream = "log-stream:eni-0123456789abcdef0-all"
        yield Call(
            what="flow logs are written",
            who=role,
            does=["logs:CreateLogStream", "logs:PutLogEvents"],
            on=f"{group}:{stream}",
            source=source,
            near_misses={"into another group": {"on": f"{group}-another:{stream}"}},
        )
        yield Call(
            what="flow logs look for their streams",
            who=role,
            does="logs:DescribeLogStreams",
            on=f"{group}:log-stream:",  # as CloudWatch Logs names it when it refuses
            source=source,
            near_misses={"in another group": {"on": f"{group}-another:log-stream:"}},
        )
        yield Call(
            what="flow logs look for their group",
            who=role,
            does="logs:DescribeLogGroups",
            on="*",
            source=source,
            near_misses={"and for its queries": {"does": "logs:DescribeQueries"}},
        )
    for arn, database in account.each("aws_db_instance"):
        if "monitoring_role_arn" not in database:
            continue
        source = "RDS user guide, Setting up and enabling Enhanced Monitoring"
        yield taken(
            account, database["monitoring_role_arn"], by="monitoring.rds.amazonaws.com", source_arn=arn, source=source
        )
        group = account.arn("logs", "log-group:RDSOSMetrics")
        yield Call(
            what="the database's monitoring is written",
            who=database["monitoring_role_arn"],
            does=["logs:CreateLogStream", "logs:PutLogEvents", "logs:GetLogEvents"],
            on=f"{group}:log-stream:db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            source=f"{source}: AmazonRDSEnhancedMonitoringRole",
            near_misses={"into another group": {"on": account.arn("logs", "log-group:any:log-stream:any")}},
        )


def bastion(account: Account) -> Iterator[Call]:
    """The agent of Session Manager on the bastion."""
    profiles = {body["name"]: body["role"] for body in account.bodies("aws_iam_instance_profile")}
    for instance, body in account.each("aws_instance"):
        role = account.arn("iam", f"role/{profiles[body['iam_instance_profile']]}", region="")
        source = "Systems Manager user guide, Additional sample IAM policies for Session Manager"
        yield taken(account, role, by="ec2.amazonaws.com", source="EC2 user guide, IAM roles for Amazon EC2")
        yield Call(
            what="the bastion says that it is there",
            who=role,
            does="ssm:UpdateInstanceInformation",
            on=instance,
            through="ssm",
            source=source,
            near_misses={
                "another account's": {"on": elsewhere(instance)},
                "it runs a command": {"does": "ssm:SendCommand"},
                "with somebody's credentials": {"who": SOMEBODY},
            },
        )
        yield Call(
            what="the bastion opens a session's channels",
            who=role,
            does=[f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")],
            on="*",
            through="ssmmessages",
            source=source,
            near_misses={"with somebody's credentials": {"who": SOMEBODY}},
        )
