"""The way for people to the database and the cache: a host with no open port, reached through Session Manager."""

from __future__ import annotations

from typing import Final

from adelie.network.settings import BastionSettings
from adelie.network.vpc import Network
from adelie.seam import aws
from adelie.seam.terraform import Construct, TerraformResourceLifecycle
from adelie.shared.bounded_role import bounded_role
from adelie.shared.security_group import SecurityGroup
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, assume_role_policy, policy_document

_AMAZON_LINUX: Final = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"


class Bastion(Construct):
    """One small arm64 host in the first private subnet that forwards ports for people whom IAM lets start a session.

    It has no key pair, no public address and no ingress rule: the SSM agent calls out, over HTTPS, and sessions come
    back on that connection (each one is in CloudTrail as StartSession). Its role can do that and nothing else. IMDSv2
    is required and the disk is encrypted. Beyond HTTPS it reaches only what lets it in: `database.allow_from(bastion)`.

    With `nat: none` the network needs the endpoints ssm and ssmmessages (`NetworkSettings.reaches_session_manager`).

    To reach a database on the laptop's port 5432 (Session Manager plugin installed, ids from the stack's outputs):

        aws ssm start-session --target <instance id> \
          --document-name AWS-StartPortForwardingSessionToRemoteHost \
          --parameters '{"host":["<database endpoint>"],"portNumber":["5432"],"localPortNumber":["5432"]}'
        psql "host=<database endpoint> hostaddr=127.0.0.1 port=5432 sslmode=verify-full ..."

    The image is not renewed by a deploy; to get the current one, replace the host (it holds nothing):
    `terraform apply -replace=<address of the instance>`.
    """

    peer_id = "bastion"

    def __init__(
        self, scope: Construct, id: str, *, settings: BastionSettings, names: AwsNames, network: Network
    ) -> None:
        super().__init__(scope, id)
        self._names = names
        self.security_group = self._security_group(network)
        profile = self._instance_profile()
        self.instance_id = self._instance(settings, network, profile).id

    def _security_group(self, network: Network) -> SecurityGroup:
        group = SecurityGroup(
            self,
            "access",
            names=self._names,
            name="bastion",
            description="Bastion: nothing in, HTTPS out to Session Manager",
            vpc_id=network.vpc_id,
        )
        group.allow_https_to_internet()
        return group

    def _instance_profile(self) -> aws.IamInstanceProfile:
        name = self._names.name("aws_iam_role", "bastion")
        role = bounded_role(
            self,
            "role",
            names=self._names,
            name=name,
            description="The bastion's SSM agent",
            trust=assume_role_policy("ec2.amazonaws.com"),
        )
        # What Session Manager needs (Systems Manager user guide: Add Session Manager permissions to an existing IAM
        # role), in place of AmazonSSMManagedInstanceCore, which also reads every SSM parameter of the account.
        register = Statement(
            sid="RegisterAsManagedNode",
            actions=["ssm:UpdateInstanceInformation"],
            # The agent calls this at its first start, before a policy could name the instance's own ARN.
            resources=[self._names.arn("ec2", "instance/*")],
        )
        sessions = Statement(
            sid="SessionChannels",
            actions=[
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            resources=["*"],  # ssmmessages has no resource types
        )
        aws.IamRolePolicy(
            self, "sessions", name="session-manager", role=role.name, policy=policy_document(register, sessions)
        )
        return aws.IamInstanceProfile(self, "profile", name=name, role=role.name)

    def _instance(self, settings: BastionSettings, network: Network, profile: aws.IamInstanceProfile) -> aws.Instance:
        return aws.Instance(
            self,
            "host",
            ami=settings.ami_id or self._current_image(),
            # A newer image must not replace the host in an unrelated deploy; a fixed one is changed on purpose.
            # (`resolve:ssm:` instead of the lookup would be a change in every plan: the provider reads back an id.)
            lifecycle=None if settings.ami_id else TerraformResourceLifecycle(ignore_changes=["ami"]),
            instance_type=settings.instance_type,
            subnet_id=network.private_subnet_ids[0],
            vpc_security_group_ids=[self.security_group.security_group_id],
            associate_public_ip_address=False,
            iam_instance_profile=profile.name,
            metadata_options=aws.InstanceMetadataOptions(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            root_block_device=aws.InstanceRootBlockDevice(
                volume_type="gp3", volume_size=settings.root_volume_gib, encrypted=True, delete_on_termination=True
            ),
            ebs_optimized=True,
            monitoring=settings.detailed_monitoring,
            tags={"Name": self._names.name("aws_instance", "bastion")},
        )

    def _current_image(self) -> str:
        # `insecure_value`: the parameter is public, and a plan should show the image id.
        return aws.DataAwsSsmParameter(self, "image", name=_AMAZON_LINUX).insecure_value
