"""What `make prepare` asks an account before it makes anything: what would fail a release hours later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from adelie.cdn.settings import DomainSettings
from stacks import loader
from stacks.environment import Environment
from tools.aws import client, sentence
from tools.command import ToolError
from tools.permissions.account import error_code
from tools.release import judgements as judge
from tools.release.dns import BrokenDnsError, Dns, NoDnsError, PublicDns
from tools.release.judgements import Finding, HostedZone

Clients = Callable[[Environment, str], Any]
"""Makes the boto3 client of a service, in an environment's account."""
Check = Callable[[Environment, Clients, Dns], Iterable[Finding]]


_SOMEBODY_ELSES: Final = "not authorized to access this resource"
"""Route 53's answer to an administrator about a zone of another account (terraform-provider-aws, issues 7877 and
12570); to somebody without the permission IAM says "not authorized to perform: route53:GetHostedZone"."""


def check(
    environment: Environment, tell: Callable[[str], object], *, clients: Clients = client, dns: Dns | None = None
) -> None:
    """Run every check and report all findings. Raises ToolError if something would fail a release.

    What can't be read (no network for DNS, a missing permission) is reported and doesn't end it.
    """
    if environment.emulator is not None:
        tell(f"Not checked, because {environment.name} is emulated: {', '.join(CHECKS)}.")
        return
    findings = [each for name in CHECKS for each in _findings(name, environment, clients, dns or PublicDns())]
    for finding in findings:
        tell(finding.text[0].upper() + finding.text[1:])
    blocking = sum(finding.blocks for finding in findings)
    if blocking:
        raise ToolError(
            f"{environment.name} is not ready: {blocking} of the lines above would fail a release; nothing was "
            f"created, so correct that and run `make prepare ENV={environment.name}` again."
        )


def _findings(name: str, environment: Environment, clients: Clients, dns: Dns) -> Iterator[Finding]:
    try:
        yield from CHECKS[name](environment, clients, dns)
    except (ClientError, BotoCoreError) as error:
        yield Finding(f"not checked: {name}. {sentence(error)}", blocks=False)
    except NoDnsError:
        text = (
            f"not checked: {name}. No public resolver can be reached from here; run this where DNS (port 53) is open."
        )
        yield Finding(text, blocks=False)


def bootstrapped(environment: Environment, clients: Clients, _dns: Dns) -> Iterator[Finding]:
    """Whether `make bootstrap` has run."""
    arn = environment.names.permissions_boundary_arn
    try:
        clients(environment, "iam").get_policy(PolicyArn=arn)
    except ClientError as error:
        if error_code(error) != "NoSuchEntity":
            raise
        yield judge.not_bootstrapped(environment)


def domain_is_delegated(environment: Environment, clients: Clients, dns: Dns) -> Iterator[Finding]:
    """Whether the domain's hosted zone is the one that the internet asks."""
    if environment.domain is None:
        return
    zone = _zone(environment, environment.domain, clients)
    if zone is None:
        yield judge.no_hosted_zone(environment, environment.domain)
    elif wrong := judge.wrong_zone(environment.domain, zone):
        yield wrong
    else:
        try:
            public = dns.name_servers(zone.name)
        except BrokenDnsError:
            public = None
        if finding := judge.not_delegated(zone, public):
            yield finding


def _zone(environment: Environment, domain: DomainSettings, clients: Clients) -> HostedZone | None:
    try:
        answer = clients(environment, "route53").get_hosted_zone(Id=domain.hosted_zone_id)
    except ClientError as error:
        if error_code(error) == "NoSuchHostedZone" or _SOMEBODY_ELSES in str(error):
            return None
        raise
    zone, servers = answer["HostedZone"], answer.get("DelegationSet", {}).get("NameServers", [])
    return HostedZone(
        zone_id=domain.hosted_zone_id,
        name=zone["Name"].rstrip("."),
        private=zone.get("Config", {}).get("PrivateZone", False),
        name_servers=frozenset(each.rstrip(".").lower() for each in servers),
    )


def certificates_are_allowed(environment: Environment, _clients: Clients, dns: Dns) -> Iterator[Finding]:
    """Whether CAA records let ACM issue the certificates of the domain and of the load balancer."""
    if environment.domain is None:
        return
    for name in (environment.domain.name, environment.domain.origin_name):
        try:
            nearest = next(((at, found) for at in judge.names_above(name) if (found := dns.caa(at))), None)
        except BrokenDnsError:
            text = f"not checked: CAA records of {name}. Its name servers don't answer; delegate it first."
            yield Finding(text, blocks=False)
            continue
        if nearest and (finding := judge.not_amazons_to_issue(name, *nearest)):
            yield finding


def fargate_is_enough(environment: Environment, clients: Clients, _dns: Dns) -> Iterator[Finding]:
    """Whether the quotas allow what the environments of this account and Region need together."""
    together = judge.sharing(environment, loader.load_all())
    quotas = clients(environment, "service-quotas")
    for quota in judge.QUOTAS:
        if finding := judge.too_few_vcpus(together, quota, _allowed(quotas, quota.code)):
            yield finding


def _allowed(quotas: Any, code: str) -> float:  # noqa: ANN401 -- a boto3 client
    """The account's own value, or AWS's default where it has none."""
    try:
        answer = quotas.get_service_quota(ServiceCode="fargate", QuotaCode=code)
    except ClientError as error:
        if error_code(error) != "NoSuchResourceException":
            raise
        answer = quotas.get_aws_default_service_quota(ServiceCode="fargate", QuotaCode=code)
    return answer["Quota"]["Value"]


def billing_is_open(environment: Environment, clients: Clients, _dns: Dns) -> Iterator[Finding]:
    """Whether a role may use AWS Budgets."""
    if environment.budget is None:
        return
    try:
        clients(environment, "budgets").describe_budgets(AccountId=environment.account_id, MaxResults=1)
    except ClientError as error:
        if not error_code(error).startswith("AccessDenied"):
            raise
        yield judge.no_billing(environment)


CHECKS: Final[Mapping[str, Check]] = {
    "bootstrap": bootstrapped,
    "delegation of the domain": domain_is_delegated,
    "CAA records": certificates_are_allowed,
    "Fargate quotas": fargate_is_enough,
    "access to billing": billing_is_open,
}
"""By name, in the order that they run. AWS Backup's opt-in is not among them: it counts for resources that are chosen
by tag, and ours are named (AWS Backup developer guide, "Assign resources to a backup plan"), which a contract holds."""
