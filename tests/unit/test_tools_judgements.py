"""Judgements about an account, without an account: zones, CAA records, and the vCPUs that an environment may need."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stacks.environment import Environment
from tools.release import judgements as judge
from tools.release.dns import Caa

ACCOUNT = "123456789012"


@pytest.fixture
def real(environments: Mapping[str, Environment]) -> Environment:
    (first, *_) = [each for each in environments.values() if each.emulator is None and each.domain]
    return first.model_copy(update={"account_id": ACCOUNT})


@pytest.mark.parametrize(
    ("private", "name", "problem"),
    [
        (True, "app.example.com", "is private, so ACM and browsers don't see it"),
        (False, "example.org", "is of example.com, which example.org is no part of"),
        (False, "notexample.com", "is of example.com, which notexample.com is no part of"),
    ],
)
def test_a_zone_that_cannot_hold_the_domain_is_refused(
    real: Environment, private: bool, name: str, problem: str
) -> None:
    assert real.domain is not None
    domain = real.domain.model_copy(update={"name": name})
    zone = judge.HostedZone(zone_id="Z1", name="example.com", private=private, name_servers=frozenset())
    finding = judge.wrong_zone(domain, zone)
    assert finding == judge.Finding(f"hosted zone Z1 {problem}; set domain.hosted_zone_id to a public zone of {name}.")


def test_the_sentence_about_caa_has_the_record_to_add() -> None:
    assert judge.not_amazons_to_issue(
        "app.example.com", "example.com", [Caa("issue", "letsencrypt.org")]
    ) == judge.Finding(
        "ACM isn't allowed to issue a certificate for app.example.com: the CAA records of example.com name "
        'letsencrypt.org; add the record `example.com CAA 0 issue "amazon.com"`.'
    )


def sized(environment: Environment, base: int, weights: tuple[int, int], *most: int) -> Environment:
    """The environment with a job, a task, and one service of half a vCPU, of at most so many tasks, here and by
    schedule."""
    (first, *_) = environment.services.values()
    (job, *_) = environment.jobs.values()
    (task, *_) = environment.tasks.values()
    schedules = [{"schedule": "cron(0 8 ? * * *)", "min_capacity": 0, "max_capacity": number} for number in most[1:]]
    service = type(first).model_validate(
        first.model_dump()
        | {"cpu_units": 512, "memory_mib": 1024, "min_capacity": 0, "max_capacity": most[0]}
        | {"autoscaling": {"scheduled": {f"s{number}": each for number, each in enumerate(schedules)}}}
    )
    cluster = {"fargate_base": base, "fargate_weight": weights[0], "fargate_spot_weight": weights[1]}
    on_spot = {"cpu_units": 2048, "capacity_provider": "FARGATE_SPOT"}
    on_demand = {"cpu_units": 256, "capacity_provider": "FARGATE"}
    return environment.model_copy(
        update={
            "services": {"one": service},
            "cluster": environment.cluster.model_copy(update=cluster),
            "jobs": {"one": job.model_copy(update=on_spot)},
            "tasks": {"one": task.model_copy(update=on_demand)},
        }
    )


@pytest.mark.parametrize(
    ("base", "weights", "most", "units"),
    [
        (0, (1, 0), (4,), (4 * 512 * 2, 0)),
        (0, (0, 1), (4,), (0, 4 * 512 * 2)),
        (2, (1, 1), (6,), ((2 + 2) * 512 * 2, 2 * 512 * 2)),
        (2, (0, 1), (1,), (1 * 512 * 2, 0)),
        (0, (1, 4), (2,), (1 * 512 * 2, 2 * 512 * 2)),
        (0, (1, 0), (2, 5, 3), (5 * 512 * 2, 0)),
        (3, (1, 1), (0,), (0, 0)),
    ],
    ids=["on demand", "spot", "base and weights", "fewer than the base", "rounded up", "a schedule's", "none"],
)
def test_vcpus_are_those_of_every_task_in_a_roll_out(
    real: Environment, base: int, weights: tuple[int, int], most: tuple[int, ...], units: tuple[int, int]
) -> None:
    environment = sized(real, base, weights, *most)
    assert judge.fargate_units(environment) == {"FARGATE": units[0] + 256, "FARGATE_SPOT": units[1] + 2048}


def test_a_quota_that_is_too_small_names_the_number_and_the_command(real: Environment) -> None:
    environment = sized(real, 0, (1, 0), 6)  # 6 vCPUs, and a quarter for the migration
    on_demand = judge.QUOTAS[0]
    name, region = environment.name, environment.region
    assert judge.too_few_vcpus([environment], on_demand, 7) is None
    assert judge.too_few_vcpus([environment], on_demand, 6) == judge.Finding(
        f"account {ACCOUNT} may run 6 vCPUs in {region} (Fargate On-Demand vCPU resource count), and {name} may need "
        "7, with every service at its max_capacity in a roll-out; lower that, or ask for more: `aws service-quotas "
        "request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 7 --region "
        f"{region}`."
    )


def test_environments_that_share_an_account_share_its_quota(real: Environment) -> None:
    one = sized(real, 0, (1, 0), 6)
    other = one.model_copy(update={"name": "other"})
    finding = judge.too_few_vcpus([one, other], judge.QUOTAS[0], 12)
    assert finding is not None
    assert "may need 13" in finding.text


def test_quotas_are_shared_within_an_account_and_region(
    real: Environment, environments: Mapping[str, Environment]
) -> None:
    beside = real.model_copy(update={"name": "beside"})
    elsewhere = real.model_copy(update={"name": "elsewhere", "region": "us-east-1"})
    apart = real.model_copy(update={"name": "apart", "account_id": "999999999999"})
    (emulated, *_) = [each for each in environments.values() if each.emulator is not None]
    emulated = emulated.model_copy(update={"account_id": real.account_id, "region": real.region})
    assert judge.sharing(real, [elsewhere, real, beside, apart, emulated]) == [real, beside]
