"""The internal load balancer that CloudFront reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from adelie.compute.settings import LoadBalancerSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.collaborators import AccessLogBucket, IssuedCertificate, PrivateNetwork
from adelie.shared.security_group import SecurityGroup
from adelie.values.metric import Metric
from adelie.values.naming import AwsNames

TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.3, and 1.2 with forward secrecy and AEAD ciphers; AWS recommends it (ELB user guide, "Security policies")."""

CLOUDFRONT_PREFIX_LIST: Final = "com.amazonaws.global.cloudfront.origin-facing"
"""The managed prefix list of the addresses from which CloudFront reaches origins."""


class LoadBalancer(Construct):
    """An application load balancer in private subnets that only CloudFront reaches, through a VPC origin.

    With a certificate it speaks TLS on 443, and HTTP on 80 redirects there (no rule admits 80: CloudFront speaks TLS to
    it, and the redirect is for clients that are let in later). Without, it speaks HTTP on 80. A path that no service
    claims with `forward` gets a 404.
    """

    peer_id: Final = "load-balancer"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: LoadBalancerSettings,
        names: AwsNames,
        network: PrivateNetwork,
        logs: AccessLogBucket,
        certificate: IssuedCertificate | None,
    ) -> None:
        super().__init__(scope, id)
        self.port = 443 if certificate else 80
        self.protocol: Literal["HTTP", "HTTPS"] = "HTTPS" if certificate else "HTTP"
        self.security_group = self._security_group(settings, names, network)
        self._balancer = self._load_balancer(settings, names, network, logs)
        self._listener = self._listen(certificate)
        self._priorities: dict[int, str] = {}
        self.certificate = certificate
        self.arn = self._balancer.arn
        self.arn_suffix = self._balancer.arn_suffix
        self.dns_name = self._balancer.dns_name
        self.zone_id = self._balancer.zone_id

    def metric(self, name: str, statistic: str) -> Metric:
        """What is measured of all its requests (Elastic Load Balancing user guide, "CloudWatch metrics")."""
        dimensions = {"LoadBalancer": self.arn_suffix}
        return Metric(namespace="AWS/ApplicationELB", name=name, dimensions=dimensions, statistic=statistic)

    def forward(
        self, service: str, *, path_patterns: Sequence[str], priority: int, target_group_arn: str
    ) -> aws.LbListenerRule:
        """Send requests for the paths to a service's target group; lower priorities are tried first.

        Raises ValueError where another service has the priority already.
        """
        owner = self._priorities.setdefault(priority, service)
        if owner != service:
            raise ValueError(
                f"listener_priority of {service} must be its own, but {priority} is that of {owner}; choose another"
            )
        return aws.LbListenerRule(
            self,
            f"to-{service}",
            listener_arn=self._listener.arn,
            priority=priority,
            condition=[
                aws.LbListenerRuleCondition(
                    path_pattern=aws.LbListenerRuleConditionPathPattern(values=list(path_patterns))
                )
            ],
            action=[aws.LbListenerRuleAction(type="forward", target_group_arn=target_group_arn)],
        )

    def _security_group(
        self, settings: LoadBalancerSettings, names: AwsNames, network: PrivateNetwork
    ) -> SecurityGroup:
        group = SecurityGroup(
            self,
            "security-group",
            names=names,
            name=self.peer_id,
            description="Load balancer: from CloudFront only",
            vpc_id=network.vpc_id,
        )
        prefix_list_id = settings.cloudfront_prefix_list_id or (
            aws.DataAwsEc2ManagedPrefixList(self, "cloudfront", name=CLOUDFRONT_PREFIX_LIST).id
        )
        group.allow_tcp_from_prefix_list(prefix_list_id, peer_id="cloudfront", port=self.port)
        return group

    def _load_balancer(
        self,
        settings: LoadBalancerSettings,
        names: AwsNames,
        network: PrivateNetwork,
        logs: AccessLogBucket,
    ) -> aws.Lb:
        return aws.Lb(
            self,
            "balancer",
            name=names.name("aws_lb", "edge"),
            load_balancer_type="application",
            internal=True,
            subnets=list(network.private_subnet_ids),
            security_groups=[self.security_group.security_group_id],
            enable_deletion_protection=settings.deletion_protection,
            idle_timeout=settings.idle_timeout_seconds,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=settings.desync_mitigation_mode,
            xff_header_processing_mode="append",
            access_logs=aws.LbAccessLogs(bucket=logs.name, prefix="load-balancer", enabled=settings.access_logs),
            connection_logs=aws.LbConnectionLogs(bucket=logs.name, prefix="load-balancer-connections", enabled=True)
            if settings.connection_logs
            else None,
        )

    def _listen(self, certificate: IssuedCertificate | None) -> aws.LbListener:
        """The listener that services get their rules on; port 80 is one resource either way, so that it can change."""
        if certificate is None:
            return self._http_listener(_not_found())
        self._http_listener(_redirect_to_https())
        return aws.LbListener(
            self,
            "https",
            load_balancer_arn=self._balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=certificate.arn,
            default_action=[_not_found()],
        )

    def _http_listener(self, default_action: aws.LbListenerDefaultAction) -> aws.LbListener:
        return aws.LbListener(
            self,
            "http",
            load_balancer_arn=self._balancer.arn,
            port=80,
            protocol="HTTP",
            default_action=[default_action],
        )


def _redirect_to_https() -> aws.LbListenerDefaultAction:
    return aws.LbListenerDefaultAction(
        type="redirect",
        redirect=aws.LbListenerDefaultActionRedirect(port="443", protocol="HTTPS", status_code="HTTP_301"),
    )


def _not_found() -> aws.LbListenerDefaultAction:
    return aws.LbListenerDefaultAction(
        type="fixed-response",
        fixed_response=aws.LbListenerDefaultActionFixedResponse(
            content_type="text/plain", message_body="Not found", status_code="404"
        ),
    )
