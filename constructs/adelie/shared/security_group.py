"""Security groups that start closed, and the one way to open a port between two of them."""

from __future__ import annotations

from collections.abc import Callable

from adelie.seam import aws
from adelie.seam.terraform import Construct, TerraformResource
from adelie.values.naming import AwsNames


class SecurityGroup(Construct):
    """A security group without rules; each rule is a resource of its own, made by one of the methods."""

    def __init__(self, scope: Construct, id: str, *, names: AwsNames, name: str, description: str, vpc_id: str) -> None:
        super().__init__(scope, id)
        self._name = name
        group = aws.SecurityGroup(
            self,
            "group",
            name=names.name("aws_security_group", name),
            description=description,
            vpc_id=vpc_id,
            revoke_rules_on_delete=True,
            tags={"Name": names.name("aws_security_group", name)},
        )
        self.security_group_id = group.id
        self.on_rule: Callable[[TerraformResource], None] | None = None
        """Called with each rule that is made for the group: a service waits for them before its first task starts."""

    def allow_tcp_from(self, peer: SecurityGroup, *, peer_id: str, port: int) -> None:
        """Open TCP `port` from `peer` to this group: an ingress rule here and the egress rule there that meets it."""
        ingress = aws.VpcSecurityGroupIngressRule(
            self,
            f"from-{peer_id}-{port}",
            security_group_id=self.security_group_id,
            referenced_security_group_id=peer.security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"TCP {port} from {peer_id}",
        )
        egress = aws.VpcSecurityGroupEgressRule(
            self,
            f"{peer_id}-out-{port}",
            security_group_id=peer.security_group_id,
            referenced_security_group_id=self.security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"TCP {port} to {self._name}",
        )
        for group, rule in ((self, ingress), (peer, egress)):
            group._announce(rule)

    def allow_tcp_from_prefix_list(self, prefix_list_id: str, *, peer_id: str, port: int) -> None:
        """Open TCP `port` from the addresses of a managed prefix list."""
        rule = aws.VpcSecurityGroupIngressRule(
            self,
            f"from-{peer_id}-{port}",
            security_group_id=self.security_group_id,
            prefix_list_id=prefix_list_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"TCP {port} from {peer_id}",
        )
        self._announce(rule)

    def allow_https_to_internet(self) -> None:
        """Let the group open TCP 443 to any IPv4 address: AWS APIs, image layers, third-party APIs."""
        rule = aws.VpcSecurityGroupEgressRule(
            self,
            "to-internet-443",
            security_group_id=self.security_group_id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description="HTTPS to the internet and to AWS APIs",
        )
        self._announce(rule)

    def _announce(self, rule: TerraformResource) -> None:
        if self.on_rule:
            self.on_rule(rule)
