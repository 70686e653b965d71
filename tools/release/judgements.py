"""Whether an account is ready for an environment: judgements about what was read, without reading anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from adelie.cdn.settings import DomainSettings
from adelie.compute.service_settings import ROLL_OUT_PERCENT, ServiceSettings
from adelie.compute.settings import ClusterSettings
from stacks.environment import Environment
from tools.release.dns import Caa

AMAZON: Final = frozenset({"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"})
"""What a CAA record may call Amazon's certificate authorities (ACM user guide, "(Optional) Configure a CAA record")."""
UNITS_A_VCPU: Final = 1024


@dataclass(frozen=True)
class Finding:
    """What is in the way, or may be: one sentence with the fix."""

    text: str
    blocks: bool = True
    """Whether a release would fail; False if it is only not known that it wouldn't."""


@dataclass(frozen=True, kw_only=True)
class HostedZone:
    """A hosted zone of Route 53."""

    zone_id: str
    name: str
    """Its domain, without a final dot."""
    private: bool
    name_servers: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class FargateQuota:
    """A quota of Service Quotas on vCPUs that run at the same time, in an account and Region (service `fargate`)."""

    code: str
    name: str
    capacity_provider: str


QUOTAS: Final = (
    FargateQuota(code="L-3032A538", name="Fargate On-Demand vCPU resource count", capacity_provider="FARGATE"),
    FargateQuota(code="L-36FBB829", name="Fargate Spot vCPU resource count", capacity_provider="FARGATE_SPOT"),
)
"""AWS General Reference, "Amazon ECS endpoints and quotas": six by default, and less in some new accounts."""


def not_bootstrapped(environment: Environment) -> Finding:
    """The account has no permissions boundary for the environment's roles."""
    policy = environment.names.bootstrap_name("boundary")
    return Finding(
        f"account {environment.account_id} has no policy {policy}, without which no role of {environment.name} can be "
        f"made; run `make bootstrap ENV={environment.name}`."
    )


def no_hosted_zone(environment: Environment, domain: DomainSettings) -> Finding:
    """Route 53 doesn't know the zone."""
    return Finding(
        f"Route 53 has no hosted zone {domain.hosted_zone_id} in account {environment.account_id}; correct "
        f"domain.hosted_zone_id of {environment.name}, or make a zone: `aws route53 create-hosted-zone --name "
        f"{domain.name} --caller-reference first`."
    )


def wrong_zone(domain: DomainSettings, zone: HostedZone) -> Finding | None:
    """Whether the zone can't hold the domain's records, or hides them from the internet."""
    if zone.private:
        problem = "is private, so ACM and browsers don't see it"
    elif domain.name != zone.name and not domain.name.endswith(f".{zone.name}"):
        problem = f"is of {zone.name}, which {domain.name} is no part of"
    else:
        return None
    return Finding(
        f"hosted zone {zone.zone_id} {problem}; set domain.hosted_zone_id to a public zone of {domain.name}."
    )


def not_delegated(zone: HostedZone, public: frozenset[str] | None) -> Finding | None:
    """Whether the internet is sent to other name servers than the zone's, or (None) to some that don't answer.

    Then ACM never sees the record that proves the domain, and a release waits for the certificate until it fails (ACM
    user guide, "DNS validation"; Route 53 developer guide, "Creating a subdomain that uses Amazon Route 53").
    """
    if public == zone.name_servers:
        return None
    if public is None:
        says = "sends to servers that don't answer"
    else:
        says = f"has the name servers {_list(public)}" if public else "has no name servers"
    return Finding(
        f"the internet doesn't reach hosted zone {zone.zone_id}: public DNS {says} for {zone.name}; set the name "
        f"servers {_list(zone.name_servers)} at the registrar, or as NS records of {zone.name} in the zone above it, "
        "and wait until the old answer has expired."
    )


def names_above(name: str) -> list[str]:
    """The name and the domains it is in, nearest first: where a CAA record may be (RFC 8659, section 3)."""
    labels = name.split(".")
    return [".".join(labels[index:]) for index in range(len(labels))]


def not_amazons_to_issue(name: str, at: str, records: Sequence[Caa]) -> Finding | None:
    """Whether the CAA records at `at`, the nearest to `name` that has any, keep ACM from issuing its certificate."""
    issuers = {each.value.partition(";")[0].strip().lower() for each in records if each.tag == "issue"}
    if not issuers or issuers & AMAZON:
        return None
    named = _list(issuers - {""}) or "nobody"
    return Finding(
        f"ACM isn't allowed to issue a certificate for {name}: the CAA records of {at} name {named}; add the record "
        f'`{at} CAA 0 issue "amazon.com"`.'
    )


def fargate_units(environment: Environment) -> dict[str, int]:
    """CPU units that the environment may need at the same time, by capacity provider.

    For each service: cpu_units times its most tasks (`max_capacity`, or that of a schedule), twice, because a roll-out
    starts the new tasks before it stops the old ones (`ROLL_OUT_PERCENT`). Of each generation, `fargate_base` tasks are
    on FARGATE and the weights divide the others, each share rounded up. Then one run of the pipeline and one migration.
    """
    units = {quota.capacity_provider: 0 for quota in QUOTAS}
    for service in environment.services.values():
        for provider, tasks in _shares(most_tasks(service), environment.cluster).items():
            units[provider] += tasks * service.cpu_units * ROLL_OUT_PERCENT // 100
    for task in (*environment.jobs.values(), *environment.tasks.values()):
        units[task.capacity_provider] += task.cpu_units
    return units


def most_tasks(service: ServiceSettings) -> int:
    """The most tasks that a service ever has outside a roll-out."""
    scheduled = service.autoscaling.scheduled.values() if service.autoscaling else ()
    return max(service.max_capacity, *(each.max_capacity for each in scheduled), 0)


def _shares(tasks: int, cluster: ClusterSettings) -> dict[str, int]:
    base = min(tasks, cluster.fargate_base)
    weights = cluster.fargate_weight + cluster.fargate_spot_weight
    return {
        "FARGATE": base + _rounded_up((tasks - base) * cluster.fargate_weight, weights),
        "FARGATE_SPOT": _rounded_up((tasks - base) * cluster.fargate_spot_weight, weights),
    }


def sharing(environment: Environment, every: Iterable[Environment]) -> list[Environment]:
    """The environment, and those of `every` that share its account and Region, and so its quotas."""
    others = (each for each in every if each.name != environment.name and each.emulator is None)
    place = (environment.account_id, environment.region)
    return [environment, *(each for each in others if (each.account_id, each.region) == place)]


def too_few_vcpus(environments: Sequence[Environment], quota: FargateQuota, allowed: float) -> Finding | None:
    """Whether the quota is less than the environments of its account and Region need together."""
    units = sum(fargate_units(each)[quota.capacity_provider] for each in environments)
    vcpus = _rounded_up(units, UNITS_A_VCPU)
    if vcpus <= allowed:
        return None
    names, first = _list(each.name for each in environments), environments[0]
    return Finding(
        f"account {first.account_id} may run {allowed:g} vCPUs in {first.region} ({quota.name}), and {names} may need "
        f"{vcpus}, with every service at its max_capacity in a roll-out; lower that, or ask for more: `aws "
        f"service-quotas request-service-quota-increase --service-code fargate --quota-code {quota.code} "
        f"--desired-value {vcpus} --region {first.region}`."
    )


def no_billing(environment: Environment) -> Finding:
    """Roles can't use AWS Budgets: in an account of its own they can't until its root user allows it.

    Source: Billing user guide, "Overview of managing access permissions" ("Activate IAM Access as the AWS account root
    user"); accounts that AWS Organizations creates have it.
    """
    return Finding(
        f"AWS Budgets refuses your role in account {environment.account_id}, so the budget of {environment.name} can't "
        'be made; sign in as the root user and activate "IAM user and role access to Billing information" under '
        "Account (or give your role budgets:ViewBudget), or set budget to null."
    )


def _rounded_up(number: int, divisor: int) -> int:
    return -(-number // divisor)


def _list(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))
