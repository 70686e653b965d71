"""The record of every connection in the VPC."""

from __future__ import annotations

from adelie.network.settings import FlowLogSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.bounded_role import bounded_role
from adelie.shared.data import holds_data
from adelie.shared.encryption import CustomerKey
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, policy_document


class FlowLogs(Construct):
    """Flow logs of a VPC into an encrypted log group, through a role that can write to that group and nothing else."""

    def __init__(
        self, scope: Construct, id: str, *, settings: FlowLogSettings, names: AwsNames, key: CustomerKey, vpc_id: str
    ) -> None:
        super().__init__(scope, id)
        self._names = names
        group = aws.CloudwatchLogGroup(
            self,
            "group",
            name=names.name("aws_cloudwatch_log_group", "vpc-flow-logs"),
            retention_in_days=settings.retention_days,
            kms_key_id=key.arn,
        )
        holds_data(group)
        role = self._role()
        policy = self._write_policy(role, group)
        aws.FlowLog(
            self,
            "log",
            vpc_id=vpc_id,
            traffic_type=settings.traffic,
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            depends_on=[policy],
        )

    def _role(self) -> aws.IamRole:
        # The trust of the VPC user guide ("IAM role for publishing flow logs"), with both of its confused-deputy keys.
        trust = Statement(
            sid="AssumeRole",
            actions=["sts:AssumeRole"],
            principals={"Service": ["vpc-flow-logs.amazonaws.com"]},
            conditions={
                "StringEquals": {"aws:SourceAccount": self._names.account_id},
                "ArnLike": {"aws:SourceArn": self._names.arn("ec2", "vpc-flow-log/*")},
            },
        )
        return bounded_role(
            self,
            "role",
            names=self._names,
            name=self._names.name("aws_iam_role", "vpc-flow-logs"),
            description="Writes the VPC's flow logs to CloudWatch Logs",
            trust=policy_document(trust),
        )

    def _write_policy(self, role: aws.IamRole, group: aws.CloudwatchLogGroup) -> aws.IamRolePolicy:
        # Without the guide's CreateLogGroup: the group exists, and one made by the service would be neither encrypted
        # nor ever emptied.
        write = Statement(
            sid="WriteFlowLogs",
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[group.arn, f"{group.arn}:*"],
        )
        # No resource level (CloudWatch Logs, service authorization reference).
        find = Statement(sid="FindLogGroup", actions=["logs:DescribeLogGroups"], resources=["*"])
        return aws.IamRolePolicy(
            self, "writes", name="write-flow-logs", role=role.name, policy=policy_document(write, find)
        )
