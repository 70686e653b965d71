"""The ways from inside the VPC to AWS services that do not cross the internet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adelie.network.settings import InterfaceEndpoint
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.security_group import SecurityGroup
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, policy_document

# An endpoint policy grants nothing: it is the upper bound of what IAM may grant through the endpoint. So its principal
# is everybody, and the conditions say whose data and whose credentials may pass.
_EVERYBODY: Mapping[str, Sequence[str]] = {"AWS": ["*"]}


class Endpoints(Construct):
    """The S3 gateway endpoint (free, always) and the interface endpoints that the environment lists.

    Through the S3 endpoint a workload reaches the buckets of this account and the few that AWS serves files from. It is
    the route to every bucket of the region, NAT or not, so what is not listed is refused: data cannot be copied to a
    bucket of another account. Interface endpoints answer under the services' public names, on port 443, to addresses of
    the VPC only, and serve credentials of this account only.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        services: tuple[InterfaceEndpoint, ...],
        names: AwsNames,
        vpc_id: str,
        vpc_cidr: str,
        subnet_ids: Sequence[str],
        route_table_ids: Sequence[str],
    ) -> None:
        super().__init__(scope, id)
        self._names = names
        self._vpc_id = vpc_id
        self._gateway(route_table_ids)
        if services:
            group = self._security_group(vpc_cidr)
            for service in services:
                self._interface(service, subnet_ids, group)

    def _gateway(self, route_table_ids: Sequence[str]) -> None:
        aws.VpcEndpoint(
            self,
            "s3",
            vpc_id=self._vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{self._names.region}.s3",
            route_table_ids=list(route_table_ids),
            policy=_s3_policy(self._names),
            tags={"Name": self._names.name("aws_vpc_endpoint", "s3")},
        )

    def _security_group(self, vpc_cidr: str) -> SecurityGroup:
        group = SecurityGroup(
            self,
            "access",
            names=self._names,
            name="endpoints",
            description="Interface endpoints: HTTPS from inside the VPC",
            vpc_id=self._vpc_id,
        )
        aws.VpcSecurityGroupIngressRule(
            self,
            "from-vpc-443",
            security_group_id=group.security_group_id,
            cidr_ipv4=vpc_cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description="HTTPS from inside the VPC",
        )
        return group

    def _interface(self, service: InterfaceEndpoint, subnet_ids: Sequence[str], group: SecurityGroup) -> None:
        kebab = service.replace(".", "-")
        aws.VpcEndpoint(
            self,
            kebab,
            vpc_id=self._vpc_id,
            vpc_endpoint_type="Interface",
            service_name=f"com.amazonaws.{self._names.region}.{service}",
            subnet_ids=list(subnet_ids),
            security_group_ids=[group.security_group_id],
            private_dns_enabled=True,
            policy=_own_credentials_policy(self._names),
            tags={"Name": self._names.name("aws_vpc_endpoint", kebab)},
        )


def _s3_policy(names: AwsNames) -> str:
    own_buckets = Statement(
        sid="BucketsOfThisAccount",
        actions=["s3:*"],
        resources=["*"],
        principals=_EVERYBODY,
        conditions={"StringEquals": {"aws:ResourceAccount": names.account_id}},
    )
    served_by_aws = Statement(
        sid="FilesThatAwsServes",
        actions=["s3:GetObject"],
        resources=[
            # Image layers of ECR (ECR user guide: minimum Amazon S3 bucket permissions).
            f"arn:aws:s3:::prod-{names.region}-starport-layer-bucket/*",
            # Packages of Amazon Linux 2023 (its user guide: managing repositories), for the bastion's updates.
            f"arn:aws:s3:::al2023-repos-{names.region}-de612dc2/*",
            # Updates of the SSM agent (Systems Manager user guide: SSM Agent communications with managed S3 buckets).
            f"arn:aws:s3:::amazon-ssm-{names.region}/*",
        ],
        principals=_EVERYBODY,
    )
    return policy_document(own_buckets, served_by_aws)


def _own_credentials_policy(names: AwsNames) -> str:
    return policy_document(
        Statement(
            sid="CredentialsOfThisAccount",
            actions=["*"],
            resources=["*"],
            principals=_EVERYBODY,
            conditions={"StringEquals": {"aws:PrincipalAccount": names.account_id}},
        )
    )
